{{/* Made by tools/chart_docs.py from runtime/setting_table.py: what holds without a flag, as JSON. */}}
{{- define "leader-sidecar.defaults" -}}
{
  "election": "",
  "leaseDuration": "15s",
  "renewDeadline": "10s",
  "renewInterval": "5s",
  "retryPeriod": "1s",
  "stopMargin": "2s",
  "maxDrift": 0.05,
  "listen": "localhost:8080",
  "probeListen": ":8081",
  "tokenFloor": 0,
  "createLease": false,
  "readyWhenLeader": false,
  "events": true,
  "plainContainer": false,
  "logFormat": "",
  "logLevel": "info"
}
{{- end }}

{{/* What a Prometheus operator scrapes: the probe port of every pod of the release that has one. */}}
{{- define "leader-sidecar.podMonitor" -}}
{{- $root := .root | default . -}}
{{- $values := include "leader-sidecar.values" . | fromYaml -}}
{{- if $values.podMonitor.enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ include "leader-sidecar.monitoringName" . }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "leader-sidecar.labels" . | nindent 4 }}
    {{- with $values.podMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- $values.podMonitor.selector | default (dict "app.kubernetes.io/instance" $root.Release.Name) | toYaml | nindent 6 }}
  podMetricsEndpoints:
    - port: leader-probes
      path: /metrics
      interval: {{ $values.podMonitor.interval }}
{{- end }}
{{- end }}

{{/* Alerts on each election. Scrapes of several pods are not simultaneous, so a change of leader may look like two. */}}
{{- define "leader-sidecar.prometheusRule" -}}
{{- $root := .root | default . -}}
{{- $values := include "leader-sidecar.values" . | fromYaml -}}
{{- if $values.prometheusRule.enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ include "leader-sidecar.monitoringName" . }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "leader-sidecar.labels" . | nindent 4 }}
    {{- with $values.prometheusRule.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  groups:
    {{- range (include "leader-sidecar.elections" . | fromJson).items }}
    {{- $election := printf "%s/%s" .namespace .name }}
    {{- $leading := printf "sum(leader_election_master_status{name=%q})" $election }}
    - name: leader-sidecar {{ $election }}
      rules:
        - alert: NoLeader
          expr: {{ $leading }} == 0 or absent(leader_election_master_status{name={{ $election | quote }}})
          for: 2m
          labels: {severity: warning}
          annotations: {summary: {{ printf "Nobody leads %s" $election | quote }}}
        - alert: TwoLeaders
          expr: {{ $leading }} > 1
          for: 2m
          labels: {severity: critical}
          annotations: {summary: {{ printf "More than one pod says that it leads %s" $election | quote }}}
        - alert: LeaderChangesOften
          expr: max(increase(leader_sidecar_transitions_total{election={{ $election | quote }}}[15m])) > 6
          labels: {severity: warning}
          annotations: {summary: {{ printf "The leader of %s changed more than 6 times in 15 minutes" $election | quote }}}
        - alert: LeaseRequestsRefused
          expr: sum by (verb) (rate(leader_sidecar_requests_total{election={{ $election | quote }}, outcome="rejected"}[5m])) > 0
          for: 5m
          labels: {severity: warning}
          annotations: {summary: {{ printf "The API server refuses requests on the Lease of %s: see RBAC" $election | quote }}}
    {{- end }}
{{- end }}
{{- end }}

{{- define "leader-sidecar.monitoringName" -}}
{{- (first (include "leader-sidecar.elections" . | fromJson).items).name }}-leader-sidecar
{{- end }}

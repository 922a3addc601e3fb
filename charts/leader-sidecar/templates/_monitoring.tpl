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

{{/* Alerts on each election: the rules of alerts.yaml, once for each. */}}
{{- define "leader-sidecar.prometheusRule" -}}
{{- $root := .root | default . -}}
{{- $values := include "leader-sidecar.values" . | fromYaml -}}
{{- if $values.prometheusRule.enabled }}
{{- $rules := (index $root.Subcharts "leader-sidecar").Files.Get "alerts.yaml" }}
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
    {{- ($rules | replace "ELECTION" (printf "%s/%s" .namespace .name) | fromYaml).groups | toYaml | nindent 4 }}
    {{- end }}
{{- end }}
{{- end }}

{{/* The dashboard of all elections, as a ConfigMap that Grafana's sidecar takes by its label. */}}
{{- define "leader-sidecar.dashboard" -}}
{{- $root := .root | default . -}}
{{- $values := include "leader-sidecar.values" . | fromYaml -}}
{{- if $values.dashboard.enabled }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "leader-sidecar.monitoringName" . }}-dashboard
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "leader-sidecar.labels" . | nindent 4 }}
    {{- toYaml $values.dashboard.labels | nindent 4 }}
data:
  leader-sidecar.json: |
    {{- (index $root.Subcharts "leader-sidecar").Files.Get "dashboard.json" | nindent 4 }}
{{- end }}
{{- end }}

{{- define "leader-sidecar.monitoringName" -}}
{{- (first (include "leader-sidecar.elections" . | fromJson).items).name }}-leader-sidecar
{{- end }}

{{- define "housekeeping-demo.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "housekeeping-demo.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "housekeeping-demo.selectorLabels" -}}
app.kubernetes.io/name: {{ include "housekeeping-demo.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "housekeeping-demo.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "housekeeping-demo.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "housekeeping-demo.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "housekeeping-demo.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "housekeeping-demo.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/*
A pod's spec: the app, and the sidecar in the place that `plainContainer` asks for. The context is a dict: root; values,
what differs from the sidecar's values; env, what the app is told besides.
*/}}
{{- define "housekeeping-demo.podSpec" -}}
{{- $root := .root -}}
{{- $plain := (include "leader-sidecar.values" . | fromYaml).plainContainer -}}
serviceAccountName: {{ include "housekeeping-demo.serviceAccountName" $root }}
automountServiceAccountToken: false
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
{{- if not $plain }}
initContainers:
  {{- include "leader-sidecar.container" . | nindent 2 }}
{{- end }}
containers:
  - name: app
    image: {{ include "housekeeping-demo.image" $root }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    command: [python3, -m, housekeeping.app]
    env:
      {{- include "leader-sidecar.env" . | nindent 6 }}
      {{- if $root.Values.ledger.enabled }}
      - name: LEDGER_URL
        value: http://{{ include "housekeeping-demo.ledgerName" $root }}:8090
      {{- end }}
      {{- with .env }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    resources:
      {{- toYaml $root.Values.resources | nindent 6 }}
    securityContext:
      {{- toYaml $root.Values.securityContext | nindent 6 }}
{{- if $plain }}
  {{- include "leader-sidecar.container" . | nindent 2 }}
{{- end }}
volumes:
  {{- include "leader-sidecar.volume" . | nindent 2 }}
{{- with $root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "housekeeping-demo.ledgerName" -}}
{{ include "housekeeping-demo.fullname" . | trunc 56 }}-ledger
{{- end }}

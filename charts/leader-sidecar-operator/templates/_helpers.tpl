{{- define "leader-sidecar-operator.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "leader-sidecar-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Its ClusterRole is of the whole cluster, where another namespace may have a release of the same name. */}}
{{- define "leader-sidecar-operator.clusterName" -}}
{{ include "leader-sidecar-operator.fullname" . }}-{{ .Release.Namespace }}
{{- end }}

{{- define "leader-sidecar-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "leader-sidecar-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "leader-sidecar-operator.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "leader-sidecar-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "leader-sidecar-operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "leader-sidecar-operator.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "leader-sidecar-operator.election" -}}
{{- .Values.election | default (include "leader-sidecar-operator.fullname" .) }}
{{- end }}

{{- define "leader-sidecar-operator.image" -}}
{{- $image := .Values.image -}}
{{- $image.repository -}}{{- if $image.digest -}}@{{ $image.digest }}{{- else -}}:{{ $image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end }}

{{/*
What is put into pods: the library's own container, volume and variable, from the values under `leader-sidecar`. The
webhook's ConfigMap and the policy both begin with this, so that neither can drift from what a chart's user gets.
*/}}
{{- define "leader-sidecar-operator.injected" -}}
{{- if (index .Values "leader-sidecar").plainContainer -}}
{{- fail "leader-sidecar.plainContainer is each pod's own choice here: set the annotation leader-sidecar.io/plain-container" -}}
{{- end -}}
{{- /* The election is each pod's own, and takes this one's place. */ -}}
{{- $context := dict "root" . "values" (dict "election" "set-by-the-operator") -}}
container: {{ include "leader-sidecar.container" $context | fromYamlArray | first | toJson }}
volume: {{ include "leader-sidecar.volume" $context | fromYamlArray | first | toJson }}
env: {{ include "leader-sidecar.env" $context | fromYamlArray | first | toJson }}
{{- end }}

{{/* Name of everything that belongs to the webhook. */}}
{{- define "leader-sidecar-operator.webhookName" -}}
{{- include "leader-sidecar-operator.fullname" . | trunc 55 | trimSuffix "-" -}}-webhook
{{- end }}

{{/* Which namespaces may have it. */}}
{{- define "leader-sidecar-operator.namespaceSelector" -}}
{{- $selector := deepCopy .Values.injection.namespaceSelector -}}
{{- $never := dict "key" "kubernetes.io/metadata.name" "operator" "NotIn" "values" (list "kube-system" .Release.Namespace) -}}
{{- $_ := set $selector "matchExpressions" (append ($selector.matchExpressions | default list) $never) -}}
{{- toYaml $selector -}}
{{- end }}

{{/* Which pods ask for it; a workload's label counts as its pods'. */}}
{{- define "leader-sidecar-operator.objectSelector" -}}
matchExpressions:
  - {key: leader-sidecar.io/inject, operator: Exists}
{{- end }}

{{/* What the operator's process reads of injection, as JSON: operator/injection/configuration.py. */}}
{{- define "leader-sidecar-operator.injection" -}}
{{- $injection := include "leader-sidecar-operator.injected" . | fromYaml -}}
{{- $_ := set $injection "by" .Values.injection.by -}}
{{- $_ := set $injection "failurePolicy" .Values.injection.failurePolicy -}}
{{- if eq .Values.injection.by "webhook" -}}
{{- $name := include "leader-sidecar-operator.webhookName" . -}}
{{- $host := printf "%s.%s.svc" $name .Release.Namespace -}}
{{- $webhook := dict "configuration" (include "leader-sidecar-operator.clusterName" .) "port" 9443 "dnsNames" (list $host) -}}
{{- if eq .Values.injection.certificate.by "operator" -}}
{{- $webhook = merge $webhook (dict "secret" $name "certificateLifetime" .Values.injection.certificate.lifetime) -}}
{{- else -}}
{{- $_ := set $webhook "certificateFolder" "/etc/leader-sidecar/certificate" -}}
{{- end -}}
{{- $_ := set $injection "webhook" $webhook -}}
{{- end -}}
{{- toPrettyJson $injection -}}
{{- end }}

{{- define "leader-sidecar-operator.podsRules" -}}
- {apiGroups: [""], apiVersions: [v1], resources: [pods], operations: [CREATE], scope: Namespaced}
{{- end }}

{{- define "leader-sidecar-operator.workloadsRules" -}}
- apiGroups: [apps]
  apiVersions: [v1]
  resources: [deployments, statefulsets, daemonsets]
  operations: [CREATE, UPDATE]
  scope: Namespaced
{{- end }}

{{/* CEL: whether a workload's own label is another than its pods'. `kubectl label` reaches the one alone. */}}
{{- define "leader-sidecar-operator.labelDiffers" -}}
object.metadata.?labels[?'leader-sidecar.io/inject'].orValue('')
  != object.spec.template.?metadata.?labels[?'leader-sidecar.io/inject'].orValue('')
{{- end }}

{{/* Which pods the policies look at. */}}
{{- define "leader-sidecar-operator.podConstraints" -}}
namespaceSelector:
  {{- include "leader-sidecar-operator.namespaceSelector" . | nindent 2 }}
objectSelector:
  {{- include "leader-sidecar-operator.objectSelector" . | nindent 2 }}
resourceRules:
  {{- include "leader-sidecar-operator.podsRules" . | nindent 2 }}
{{- end }}

{{/* CEL: a label `false` asks for nothing. */}}
{{- define "leader-sidecar-operator.asking" -}}
- {name: asking, expression: "object.metadata.labels['leader-sidecar.io/inject'] != 'false'"}
{{- end }}

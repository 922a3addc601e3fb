{{/* Everything that the sidecar needs beside the pod: the Leases, the rights on them, and monitoring where enabled. */}}
{{- define "leader-sidecar.objects" -}}
{{- include "leader-sidecar.lease" . }}
{{- include "leader-sidecar.rbac" . }}
{{- include "leader-sidecar.podMonitor" . }}
{{- include "leader-sidecar.prometheusRule" . }}
{{- include "leader-sidecar.dashboard" . }}
{{- end }}

{{/*
A Lease for each election: metadata alone, because spec and two annotations are the sidecars' own, and an upgrade must
not touch them. It stays at `helm uninstall`, because the fencing token lives in it.
*/}}
{{- define "leader-sidecar.lease" -}}
{{- $context := . -}}
{{- if (include "leader-sidecar.values" . | fromYaml).lease.create }}
{{- range (include "leader-sidecar.elections" . | fromJson).items }}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels:
    {{- include "leader-sidecar.labels" $context | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
{{- end }}
{{- end }}
{{- end }}

{{/* A Role and a RoleBinding for each election, in the namespace of its Lease. */}}
{{- define "leader-sidecar.rbac" -}}
{{- $context := . -}}
{{- $root := .root | default . -}}
{{- $values := include "leader-sidecar.values" . | fromYaml -}}
{{- if $values.rbac.create }}
{{- range (include "leader-sidecar.elections" . | fromJson).items }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .name }}-leader-sidecar
  namespace: {{ .namespace }}
  labels:
    {{- include "leader-sidecar.labels" $context | nindent 4 }}
rules:
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    resourceNames: [{{ .name | quote }}]
    verbs: [get, update, watch]
  {{- if $values.createLease }}
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    verbs: [create]
  {{- end }}
  {{- if $values.events }}
  - apiGroups: [events.k8s.io]
    resources: [events]
    verbs: [create]
  {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name }}-leader-sidecar
  namespace: {{ .namespace }}
  labels:
    {{- include "leader-sidecar.labels" $context | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ .name }}-leader-sidecar
subjects:
  - kind: ServiceAccount
    name: {{ include "leader-sidecar.serviceAccountName" $context }}
    namespace: {{ $root.Release.Namespace }}
{{- end }}
{{- end }}
{{- end }}

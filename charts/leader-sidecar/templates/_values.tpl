{{/*
What every template here begins with. The context is the root of the chart that uses this one, or, for a second sidecar
with values of its own,  dict "root" $ "values" (dict "election" "purge").
*/}}

{{/* The sidecar's values as YAML, checked: those of the key `leader-sidecar`, and `values` of the context over them. */}}
{{- define "leader-sidecar.values" -}}
{{- $root := .root | default . -}}
{{- $values := deepCopy (index $root.Values "leader-sidecar") -}}
{{- range $name, $value := .values | default dict -}}
{{- if not (hasKey $values $name) -}}
{{- fail (printf "leader-sidecar: no value is named %s: see the README of the chart leader-sidecar" $name) -}}
{{- end -}}
{{- $values = mustMergeOverwrite $values (dict $name $value) -}}
{{- end -}}
{{- include "leader-sidecar.check" $values -}}
{{- toYaml $values -}}
{{- end }}

{{/* `ghcr.io/…:0.1.0`; the tag is the version of this library, not of the chart that uses it. */}}
{{- define "leader-sidecar.image" -}}
{{- $root := .root | default . -}}
{{- $image := (include "leader-sidecar.values" . | fromYaml).image -}}
{{- $tag := $image.tag | default (index $root.Subcharts "leader-sidecar").Chart.AppVersion -}}
{{- $image.repository -}}{{- if $image.digest -}}@{{ $image.digest }}{{- else -}}:{{ $tag }}{{- end -}}
{{- end }}

{{/* The elections as JSON: {"items": [{"namespace": "default", "name": "payouts"}]}. */}}
{{- define "leader-sidecar.elections" -}}
{{- $root := .root | default . -}}
{{- $items := list -}}
{{- range splitList "," (include "leader-sidecar.election" .) -}}
{{- if not (regexMatch "^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" (trim .)) -}}
{{- fail (printf "leader-sidecar: election %q is not [NAMESPACE/]NAME: write it as payouts or default/payouts" (trim .)) -}}
{{- end -}}
{{- $parts := splitList "/" (trim .) -}}
{{- $namespace := ternary (first $parts) $root.Release.Namespace (gt (len $parts) 1) -}}
{{- $item := dict "namespace" $namespace "name" (last $parts) -}}
{{- /* 15 less than a name may have: its Role is named NAME-leader-sidecar. */ -}}
{{- if gt (len $item.name) 238 -}}
{{- fail (printf "leader-sidecar: election %s has a name of over 238 characters: shorten it" (trim .)) -}}
{{- end -}}
{{- if has $item $items -}}
{{- fail (printf "leader-sidecar: election %s is given twice: leave one out" (trim .)) -}}
{{- end -}}
{{- $items = append $items $item -}}
{{- end -}}
{{- dict "items" $items | toJson -}}
{{- end }}

{{/* The setting `election`. */}}
{{- define "leader-sidecar.election" -}}
{{- $root := .root | default . -}}
{{- (include "leader-sidecar.values" . | fromYaml).election | default $root.Release.Name -}}
{{- end }}

{{/* The account that the pod runs as, by the rules of a chart made by `helm create`. */}}
{{- define "leader-sidecar.serviceAccountName" -}}
{{- $root := .root | default . -}}
{{- $own := $root.Values.serviceAccount | default dict -}}
{{- $named := (include "leader-sidecar.values" . | fromYaml).serviceAccountName | default $own.name -}}
{{- if and (not $named) (hasKey $own "create") (not $own.create) -}}
{{- fail "leader-sidecar: set leader-sidecar.serviceAccountName: the account `default` is shared by every pod of the namespace" -}}
{{- end -}}
{{- if $named -}}
{{- $named -}}
{{- else if $root.Values.fullnameOverride -}}
{{- $root.Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := $root.Values.nameOverride | default $root.Chart.Name -}}
{{- $full := ternary $root.Release.Name (printf "%s-%s" $root.Release.Name $name) (contains $name $root.Release.Name) -}}
{{- $full | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Labels of the objects; none that changes with a version, because every change of a Lease costs its leader a read. */}}
{{- define "leader-sidecar.labels" -}}
{{- $root := .root | default . -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: leader-election
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- with (include "leader-sidecar.values" . | fromYaml).labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
A value as a CEL literal. `dyn` around each part, because CEL's lists and maps hold one type; a mapping with the only
key `cel` is an expression, and stands as it is.
*/}}
{{- define "leader-sidecar-operator.cel" -}}
{{- if and (kindIs "map" .) (hasKey . "cel") -}}
{{- .cel -}}
{{- else if kindIs "map" . -}}
{{- $parts := list -}}
{{- range $key := keys . | sortAlpha -}}
{{- $parts = append $parts (printf "%s: dyn(%s)" ($key | toJson) (include "leader-sidecar-operator.cel" (index $ $key))) -}}
{{- end -}}
{ {{- join ", " $parts -}} }
{{- else if kindIs "slice" . -}}
{{- $parts := list -}}
{{- range . -}}
{{- $parts = append $parts (printf "dyn(%s)" (include "leader-sidecar-operator.cel" .)) -}}
{{- end -}}
[{{- join ", " $parts -}}]
{{- else -}}
{{- toJson . -}}
{{- end -}}
{{- end }}

{{/*
Refuse timings that the sidecar's process would refuse, before a pod is touched: the rules of core/timing.py.
A schema cannot multiply, so this is a template. The context is the sidecar's values.
*/}}
{{- define "leader-sidecar.check" -}}
{{- $d := include "leader-sidecar.seconds" (list . "leaseDuration") | float64 -}}
{{- $r := include "leader-sidecar.seconds" (list . "renewDeadline") | float64 -}}
{{- $m := include "leader-sidecar.seconds" (list . "stopMargin") | float64 -}}
{{- $interval := include "leader-sidecar.seconds" (list . "renewInterval") | float64 -}}
{{- $retry := include "leader-sidecar.seconds" (list . "retryPeriod") | float64 -}}
{{- $used := mulf (addf $r $m) (addf 1 .maxDrift) -}}
{{- $faults := list -}}
{{- if or (lt $d 1.0) (ne $d (floor $d)) -}}
{{- $faults = append $faults (printf "leaseDuration %s must be whole seconds, 1s or more" .leaseDuration) -}}
{{- end -}}
{{- if gt $d 3600.0 -}}
{{- $faults = append $faults (printf "leaseDuration %s is over an hour: a crash would leave no leader that long" .leaseDuration) -}}
{{- end -}}
{{- if le $r 0.0 -}}
{{- $faults = append $faults "renewDeadline must be above 0s" -}}
{{- end -}}
{{- if lt $retry 0.05 -}}
{{- $faults = append $faults (printf "retryPeriod %s must be 50ms or more" .retryPeriod) -}}
{{- end -}}
{{- if lt $interval 0.05 -}}
{{- $faults = append $faults (printf "renewInterval %s must be 50ms or more" .renewInterval) -}}
{{- end -}}
{{- if gt (addf $interval (mulf 2 $retry)) $r -}}
{{- $faults = append $faults (printf "renewInterval %s leaves no room for two retries of %s within renewDeadline %s: lower renewInterval" .renewInterval .retryPeriod .renewDeadline) -}}
{{- end -}}
{{- if ge $used $d -}}
{{- $faults = append $faults (printf "(renewDeadline %s + stopMargin %s) x (1 + maxDrift %v) = %.3fs is not below leaseDuration %s: two leaders could overlap; raise leaseDuration to %ds or lower renewDeadline" .renewDeadline .stopMargin .maxDrift $used .leaseDuration (add 1 (int64 (floor $used)))) -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "leader-sidecar: %s" (join "\nleader-sidecar: " $faults)) -}}
{{- end -}}
{{- end }}

{{/* A duration in seconds. The context is a list: the sidecar's values, and the name of one. */}}
{{- define "leader-sidecar.seconds" -}}
{{- $name := last . -}}
{{- $text := index (first .) $name | toString -}}
{{- if not (regexMatch "^[0-9]{1,12}(\\.[0-9]{1,9})?(ms|s|m)$" $text) -}}
{{- fail (printf "leader-sidecar: %s %s is not a duration: write it as 15s, 500ms or 2m" $name $text) -}}
{{- end -}}
{{- $number := regexFind "^[0-9.]+" $text | float64 -}}
{{- $unit := dict "ms" 0.001 "s" 1.0 "m" 60.0 -}}
{{- mulf $number (index $unit (regexFind "[a-z]+$" $text)) -}}
{{- end }}

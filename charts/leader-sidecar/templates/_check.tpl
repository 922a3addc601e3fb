{{/*
Refuse what the sidecar's process would refuse, before a pod is touched: the rules of core/timing.py and of
runtime/settings.py. A schema cannot multiply or compare, so this is a template. The context is the sidecar's values.
*/}}
{{- define "leader-sidecar.check" -}}
{{- with include "leader-sidecar.faults" . -}}
{{- fail (printf "leader-sidecar: %s" (replace "\n" "\nleader-sidecar: " .)) -}}
{{- end -}}
{{- end }}

{{/* Every fault of the sidecar's values, one sentence a line; nothing where they are sound. */}}
{{- define "leader-sidecar.faults" -}}
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
{{- if or (lt (float64 .maxDrift) 0.0) (gt (float64 .maxDrift) 1.0) -}}
{{- $faults = append $faults (printf "maxDrift %v must be from 0 to 1" .maxDrift) -}}
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
{{- $faults = concat $faults (include "leader-sidecar.portFaults" . | fromJsonArray) -}}
{{- join "\n" $faults -}}
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

{{/* What is wrong with the two ports, as a JSON list of sentences. */}}
{{- define "leader-sidecar.portFaults" -}}
{{- $faults := list -}}
{{- range $name := list "listen" "probeListen" -}}
{{- $text := index $ $name | toString -}}
{{- $port := regexFind "[0-9]+$" $text | int -}}
{{- if or (lt $port 1) (gt $port 65535) -}}
{{- $faults = append $faults (printf "%s %s has no port from 1 to 65535" $name $text) -}}
{{- end -}}
{{- end -}}
{{- /* The probe port is on every address of the pod, loopback too. */ -}}
{{- if eq (regexFind "[0-9]+$" .listen | int) (regexFind "[0-9]+$" .probeListen | int) -}}
{{- $faults = append $faults (printf "listen %s and probeListen %s want the same port: change one of them" .listen .probeListen) -}}
{{- end -}}
{{- toJson $faults -}}
{{- end }}

{{/*
What operator/injection/asked.py does for the webhook, as CEL variables for the policies: the texts of a pod's settings
and what is wrong with them. A test asks both about the same pods. The context is a list: the root, and the CEL
expression of the LeaderElection's spec, `{}` for none. Later variables use earlier ones; each is computed when asked for.
*/}}
{{- define "leader-sidecar-operator.variables" -}}
{{- $root := first . -}}
{{- $values := include "leader-sidecar.values" $root | fromYaml -}}
{{- $settings := omit (include "leader-sidecar.defaults" $root | fromJson) "election" -}}
- {name: annotations, expression: "object.metadata.?annotations.orValue({})"}
- {name: label, expression: "object.metadata.labels['leader-sidecar.io/inject']"}
- {name: containers, expression: "object.spec.containers + object.spec.?initContainers.orValue([])"}
- {name: spec, expression: {{ last . | quote }}}
- name: workloads
  expression: >-
    object.metadata.?ownerReferences.orValue([])
      .filter(o, o.?controller.orValue(false) && o.apiVersion.startsWith('apps/'))
      .map(o, o.kind in ['StatefulSet', 'DaemonSet'] ? o.name
        : o.kind == 'ReplicaSet' && o.name.endsWith('-' + object.metadata.labels[?'pod-template-hash'].orValue('/'))
        ? o.name.substring(0, o.name.size() - object.metadata.labels['pod-template-hash'].size() - 1) : '')
- name: election
  expression: >-
    variables.label != 'true' ? variables.label
    : variables.annotations[?'leader-sidecar.io/election'].orValue(
        variables.workloads.size() > 0 ? variables.workloads[0] : '')
- name: elections
  expression: >-
    variables.election.split(',').map(e, e.trim()).map(e, e.contains('/') ? e : request.namespace + '/' + e)
{{- range $name, $_ := $settings }}
- name: {{ $name }}
  expression: {{ include "leader-sidecar-operator.text" (list $name (index $values $name)) | toJson }}
{{- end }}
{{- range $name := include "leader-sidecar-operator.durations" $root | fromJsonArray }}
- name: {{ $name }}Seconds
  expression: >-
    double(variables.{{ $name }}.find('^[0-9.]+'))
      / (variables.{{ $name }}.endsWith('ms') ? 1000.0 : 1.0) * (variables.{{ $name }}.endsWith('m') ? 60.0 : 1.0)
{{- end }}
- {name: listenPort, expression: "int(variables.listen.find('[0-9]+$'))"}
- {name: probePort, expression: "int(variables.probeListen.find('[0-9]+$'))"}
- name: malformed
  expression: >-
    variables.annotations.filter(name, name.startsWith('leader-sidecar.io/') && (variables.annotations[name] == ''
      || !(name.substring(18) in ['election'{{ range $name, $_ := $settings }}, '{{ kebabcase $name }}'{{ end }}])))
    {{- range $name, $syntax := include "leader-sidecar-operator.syntax" $root | fromYaml }}
    + (variables.{{ $name }}.matches({{ $syntax | squote }}) ? [] : ['leader-sidecar.io/{{ kebabcase $name }}'])
    {{- end }}
- name: faults
  expression: >-
    variables.malformed.size() > 0
    ? ['malformed or unknown: annotation ' + variables.malformed.join(', ') + ', see docs/reference.md']
    : [
    {{- range include "leader-sidecar-operator.faults" $root | fromYamlArray }}
      {{ .when | trim | replace "\n" "\n      " }} ? {{ .say | squote }} : '',
    {{- end }}
      ''].filter(fault, fault != '')
{{- end }}

{{/* What is wrong with texts that are well-formed: the rules of core/timing.py and of runtime/settings.py. */}}
{{- define "leader-sidecar-operator.faults" -}}
- say: "label leader-sidecar.io/inject is empty: write true, or the name of a LeaderElection"
  when: variables.label == ''
- say: "its owner does not say which election is meant: set the annotation leader-sidecar.io/election"
  when: variables.election == '' && variables.label != ''
- say: "annotation leader-sidecar.io/election and label leader-sidecar.io/inject name two elections: leave one of them out"
  when: >-
    variables.label != 'true'
    && variables.annotations[?'leader-sidecar.io/election'].orValue(variables.label) != variables.label
- say: "an election is given twice: leave one out"
  when: variables.elections.exists(e, variables.elections.filter(other, other == e).size() > 1)
- say: "lease-duration must be whole seconds, from 1s to an hour"
  when: >-
    variables.leaseDurationSeconds < 1.0 || variables.leaseDurationSeconds > 3600.0
    || variables.leaseDurationSeconds != double(int(variables.leaseDurationSeconds))
- say: "retry-period and renew-interval must be 50ms or more, and renew-interval and two retries fit into renew-deadline"
  when: >-
    variables.retryPeriodSeconds < 0.05 || variables.renewIntervalSeconds < 0.05
    || variables.renewIntervalSeconds + 2.0 * variables.retryPeriodSeconds > variables.renewDeadlineSeconds
- say: "max-drift must be from 0 to 1"
  when: double(variables.maxDrift) > 1.0
- say: "(renew-deadline + stop-margin) x (1 + max-drift) is not below lease-duration: two leaders could overlap"
  when: >-
    (variables.renewDeadlineSeconds + variables.stopMarginSeconds) * (1.0 + double(variables.maxDrift))
    >= variables.leaseDurationSeconds
- say: "token-floor is over 2^53-1"
  when: double(variables.tokenFloor) > 9007199254740991.0
- say: "ports end at 65535"
  when: variables.listenPort > 65535 || variables.probePort > 65535
- say: "listen and probe-listen want the same port: change one of them"
  when: variables.listenPort == variables.probePort
- say: >-
    a container has a port where the sidecar would listen: set the annotation leader-sidecar.io/listen or
    leader-sidecar.io/probe-listen to another
  when: >-
    variables.containers.exists(c, c.?ports.orValue([]).exists(p, p.?name.orValue('') != 'leader-probes'
      && p.containerPort in [variables.listenPort, variables.probePort]))
{{- end }}

{{/* The text of one setting: the annotation, else the LeaderElection's field, else what the chart says. */}}
{{- define "leader-sidecar-operator.text" -}}
{{- $name := first . -}}
{{- $text := last . | toString -}}
{{- $durations := include "leader-sidecar-operator.durations" $ | fromJsonArray -}}
{{- $elected := "" -}}
{{- if eq $name "maxDrift" -}}
{{- $text = regexReplaceAll "\\.?0+$" (printf "%.9f" (last . | float64)) "" -}}
{{- /* Without an exponent and needless zeros, as a flag takes it. */ -}}
{{- $billionths := "string(1000000000 + int(double(variables.spec.maxDrift) * 1000000000.0 + 0.5)).substring(1)" -}}
{{- $elected = printf "double(variables.spec.maxDrift) >= 1.0 ? '1' : ('0.' + %s).find('^0([.][0-9]*[1-9])?')" $billionths -}}
{{- else if has $name $durations -}}
{{- $elected = printf "variables.spec.%s" $name -}}
{{- else if eq $name "tokenFloor" -}}
{{- $text = last . | int64 | toString -}}
{{- end -}}
{{- with $elected -}}
{{- $elected = printf "has(variables.spec.%s) ? (%s) : " $name . -}}
{{- end -}}
{{- printf "'leader-sidecar.io/%s' in variables.annotations" (kebabcase $name) -}}
{{- printf " ? variables.annotations['leader-sidecar.io/%s'] : %s'%s'" (kebabcase $name) $elected $text -}}
{{- end }}

{{- define "leader-sidecar-operator.durations" -}}
["leaseDuration", "renewDeadline", "renewInterval", "retryPeriod", "stopMargin"]
{{- end }}

{{/* The syntax of each setting's text, in RE2; without a backslash, which CEL's quotes would take. */}}
{{- define "leader-sidecar-operator.syntax" -}}
{{- $byte := "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])" -}}
{{- $part := "[a-z0-9]([-a-z0-9]*[a-z0-9])?" -}}
{{- $election := printf " *([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/)?%s([.]%s)* *" $part $part -}}
{{- range $name := include "leader-sidecar-operator.durations" . | fromJsonArray }}
{{ $name }}: ^[0-9]{1,12}([.][0-9]{1,9})?(ms|s|m)$
{{- end }}
{{- range $name := list "createLease" "readyWhenLeader" "events" "plainContainer" }}
{{ $name }}: (?i)^(true|yes|on|1|false|no|off|0)$
{{- end }}
election: ^({{ $election }}(,{{ $election }})*)?$
maxDrift: ^[0-9]{1,3}([.][0-9]{1,9})?$
tokenFloor: ^[0-9]{1,16}$
logFormat: (?i)^(text|json)?$
logLevel: (?i)^(debug|info|warning|error)$
listen: ^(localhost|127([.]{{ $byte }}){3}|[[]::1[]]):[0-9]{1,5}$
probeListen: ^(localhost|{{ $byte }}([.]{{ $byte }}){3}|[[][0-9A-Fa-f:.]+[]])?:[0-9]{1,5}$
{{- end }}

{{/*
What operator/injection/template.py does for the webhook: the container of one pod, without `restartPolicy`, and the
variable for its app. The context is the root.
*/}}
{{- define "leader-sidecar-operator.container" -}}
{{- $injected := include "leader-sidecar-operator.injected" . | fromYaml -}}
{{- $container := omit $injected.container "restartPolicy" -}}
{{- $flags := list -}}
{{- range slice $container.args 2 -}}
{{- $flags = append $flags (regexReplaceAll "^--([^=]*)=.*$" . "${1}") -}}
{{- end -}}
{{- $arguments := list "['run', '--election=' + variables.election]" -}}
{{- $timings := append (include "leader-sidecar-operator.durations" . | fromJsonArray) "maxDrift" -}}
{{- range $name, $_ := omit (include "leader-sidecar.defaults" . | fromJson) "election" -}}
{{- $given := printf "'leader-sidecar.io/%s' in variables.annotations" (kebabcase $name) -}}
{{- if has (kebabcase $name) $flags -}}
{{- $given = "true" -}}
{{- else if has $name $timings -}}
{{- $given = printf "%s || has(variables.spec.%s)" $given $name -}}
{{- end -}}
{{- $arguments = append $arguments (printf "(%s ? ['--%s=' + variables.%s] : [])" $given (kebabcase $name) $name) -}}
{{- end -}}
{{- $environment := list -}}
{{- range $container.env -}}
{{- if ne .name $injected.env.name -}}
{{- $environment = append $environment . -}}
{{- end -}}
{{- end -}}
{{- $_ := set $container "args" (dict "cel" (join " + " $arguments)) -}}
{{- $environment = include "leader-sidecar-operator.cel" $environment -}}
{{- $_ := set $container "env" (dict "cel" (printf "%s + (variables.listen != 'localhost:8080' ? [dyn(variables.variable)] : [])" $environment)) -}}
{{- $_ := set (first $container.ports) "containerPort" (dict "cel" "variables.probePort") -}}
- name: variable
  expression: "{'name': '{{ $injected.env.name }}', 'value': 'http://' + variables.listen}"
- name: container
  expression: {{ include "leader-sidecar-operator.cel" $container | toJson }}
- name: volume
  expression: {{ include "leader-sidecar-operator.cel" $injected.volume | toJson }}
{{- end }}

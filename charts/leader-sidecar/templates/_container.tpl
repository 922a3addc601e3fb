{{/*
The sidecar's container, one item of a list: the first of `initContainers`, where the kubelet starts it before the app
and stops it after the app; with `plainContainer`, one of `containers`.
*/}}
{{- define "leader-sidecar.container" -}}
{{- $values := include "leader-sidecar.values" . | fromYaml -}}
- name: leader-sidecar
  image: {{ include "leader-sidecar.image" . }}
  imagePullPolicy: {{ $values.image.pullPolicy }}
  {{- if not $values.plainContainer }}
  restartPolicy: Always
  {{- end }}
  args:
    - run
    - --election={{ include "leader-sidecar.election" . | nospace }}
    {{- with include "leader-sidecar.flags" $values }}
    {{- . | nindent 4 }}
    {{- end }}
  env:
    - name: POD_NAME
      valueFrom: {fieldRef: {fieldPath: metadata.name}}
    - name: POD_NAMESPACE
      valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
    - name: POD_UID
      valueFrom: {fieldRef: {fieldPath: metadata.uid}}
    {{- if ne $values.listen "localhost:8080" }}
    {{- include "leader-sidecar.env" . | nindent 4 }}
    {{- end }}
  ports:
    - {name: leader-probes, containerPort: {{ include "leader-sidecar.probePort" . }}}
  {{- range $probe, $path := dict "startupProbe" "/livez" "livenessProbe" "/livez" "readinessProbe" "/readyz" }}
  {{ $probe }}:
    httpGet: {path: {{ $path }}, port: leader-probes}
    {{- with index $values $probe }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  resources:
    {{- toYaml $values.resources | nindent 4 }}
  securityContext:
    {{- toYaml $values.securityContext | nindent 4 }}
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    - {name: leader-sidecar-token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end }}

{{/* The flags of all settings that are not at their default, one item a line. The context is the sidecar's values. */}}
{{- define "leader-sidecar.flags" -}}
{{- $values := . -}}
{{- $flags := list -}}
{{- range $name, $default := include "leader-sidecar.defaults" . | fromJson -}}
{{- $value := index $values $name -}}
{{- if and (ne $name "election") (ne (toString $value) (toString $default)) -}}
{{- if eq $name "tokenFloor" -}}
{{- $value = int64 $value -}}
{{- else if eq $name "maxDrift" -}}
{{- $value = regexReplaceAll "\\.?0+$" (printf "%.9f" $value) "" -}}
{{- end -}}
{{- $flags = append $flags (printf "- --%s=%v" (kebabcase $name) $value) -}}
{{- end -}}
{{- end -}}
{{- join "\n" $flags -}}
{{- end }}

{{/* Environment of the app's container, an item of a list: where it asks. The commands of leader-sidecar read it too. */}}
{{- define "leader-sidecar.env" -}}
- name: LEADER_URL
  value: http://{{ (include "leader-sidecar.values" . | fromYaml).listen }}
{{- end }}

{{/*
The volume of the sidecar's own token, an item of a list. With `automountServiceAccountToken: false` in the pod's spec
no other container has one. The kubelet renews it. Not 3607, which the kubelet's own volume has: by that number the API
server knows clients that may not read it again, and lets the token live for a year.
*/}}
{{- define "leader-sidecar.volume" -}}
- name: leader-sidecar-token
  projected:
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3600}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
{{- end }}

{{/* The number of the probe port. */}}
{{- define "leader-sidecar.probePort" -}}
{{- regexFind "[0-9]+$" (include "leader-sidecar.values" . | fromYaml).probeListen -}}
{{- end }}

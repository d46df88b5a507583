{{/*
Everything of one service.
Context: root (the chart's own), name (of the service), service (its values over the defaults).
*/}}
{{- define "traffic-service.all" -}}
{{- include "traffic-service.check" . }}
{{ include "traffic-service.serviceaccount" . }}
---
{{ include "traffic-service.configmap" . }}
---
{{ include "traffic-service.services" . }}
---
{{ include "traffic-service.statefulset" . }}
---
{{ include "traffic-service.poddisruptionbudget" . }}
{{- if .service.networkPolicy.enabled }}
---
{{ include "traffic-service.networkpolicy" . }}
{{- end }}
{{- if .service.serviceMonitor.enabled }}
---
{{ include "traffic-service.servicemonitor" . }}
{{- end }}
{{- end }}

{{/* Rules over several values, which a schema cannot say. */}}
{{- define "traffic-service.check" -}}
{{- $least := add .service.shutdown.drain 25 | int }}
{{- if le (int .service.shutdown.grace) $least }}
{{- fail (printf "services.%s.shutdown.grace: must be more than %d (shutdown.drain + 25 s of graceful stop)" .name $least) }}
{{- end }}
{{- if eq (int .service.ports.grpc) (int .service.ports.http) }}
{{- fail (printf "services.%s.ports: grpc and http must differ" .name) }}
{{- end }}
{{- end }}

{{/*
A service's values over the defaults. Not mergeOverwrite: that lets neither false nor 0 nor an empty string win.
Context: base, over. Answers YAML. Maps merge, everything else replaces.
*/}}
{{- define "traffic-service.merge" -}}
{{- $merged := deepCopy .base }}
{{- range $key, $value := .over }}
{{- $old := get $merged $key }}
{{- if and (kindIs "map" $value) (kindIs "map" $old) }}
{{- $_ := set $merged $key (include "traffic-service.merge" (dict "base" $old "over" $value) | fromYaml) }}
{{- else }}
{{- $_ := set $merged $key $value }}
{{- end }}
{{- end }}
{{- toYaml $merged }}
{{- end }}

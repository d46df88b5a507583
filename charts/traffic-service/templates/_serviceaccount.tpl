{{/* A service never speaks to the cluster's API: no token. */}}
{{- define "traffic-service.serviceaccount" -}}
apiVersion: v1
kind: ServiceAccount
{{ include "traffic-service.metadata" . }}
automountServiceAccountToken: false
{{- end }}

{{/* Name of a service's objects: release and service, within the 52 characters that a StatefulSet's pods allow. */}}
{{- define "traffic-service.fullname" -}}
{{- printf "%s-%s" (.root.Release.Name | trunc 20 | trimSuffix "-") .name }}
{{- end }}

{{/* What selects a service's pods; never changes in a release's life. */}}
{{- define "traffic-service.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "traffic-service.labels" -}}
{{ include "traffic-service.selector" . }}
app.kubernetes.io/version: {{ .service.image.tag | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: traffic-suite
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "traffic-service.metadata" -}}
metadata:
  name: {{ include "traffic-service.fullname" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "traffic-service.labels" . | nindent 4 }}
{{- end }}

{{- define "traffic-service.image" -}}
{{- if .service.image.digest -}}
{{ .service.image.repository }}@{{ .service.image.digest }}
{{- else -}}
{{ .service.image.repository }}:{{ .service.image.tag | default .root.Chart.AppVersion }}
{{- end }}
{{- end }}

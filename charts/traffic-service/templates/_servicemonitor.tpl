{{- define "traffic-service.servicemonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "traffic-service.fullname" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "traffic-service.labels" . | nindent 4 }}
    {{- with .service.serviceMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  jobLabel: app.kubernetes.io/name
  selector:
    matchLabels:
      {{- include "traffic-service.selector" . | nindent 6 }}
      # One of the two Services, else every replica is scraped twice.
      traffic-suite/endpoint: replicas
  endpoints:
    - port: http
      path: /metrics
      interval: {{ .service.serviceMonitor.interval }}
      relabelings:
        # The operator would put the Service's name here; the alerts and the dashboard tell services apart by their own.
        - targetLabel: service
          replacement: {{ .name }}
{{- end }}

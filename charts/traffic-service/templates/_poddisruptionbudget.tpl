{{- define "traffic-service.poddisruptionbudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "traffic-service.metadata" . }}
spec:
  maxUnavailable: {{ .service.podDisruptionBudget.maxUnavailable }}
  # A replica that is not ready serves nobody: let a node be drained of it.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "traffic-service.selector" . | nindent 6 }}
{{- end }}

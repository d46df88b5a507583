{{/* A service hears its callers, operators and Prometheus, and speaks to DNS, the bus and the collector; nothing else. */}}
{{- define "traffic-service.networkpolicy" -}}
{{- $policy := .service.networkPolicy -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{{ include "traffic-service.metadata" . }}
spec:
  podSelector:
    matchLabels:
      {{- include "traffic-service.selector" . | nindent 6 }}
  policyTypes:
    - Ingress
    - Egress
  ingress:
    - from:
        {{- $policy.clients | default (list (dict "podSelector" dict)) | toYaml | nindent 8 }}
      ports:
        - port: grpc
        - port: http
    # The operators' trafficctl (deploy/trafficctl.yaml), in this namespace, whoever else may call.
    - from:
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: trafficctl
      ports:
        - port: grpc
    {{- with $policy.monitoring }}
    - from:
        {{- toYaml . | nindent 8 }}
      ports:
        - port: http
    {{- end }}
  egress:
    - ports:
        - port: 53
          protocol: UDP
        - port: 53
          protocol: TCP
    - ports:
        {{- range $port := include "traffic-service.natsports" . | fromYamlArray }}
        - port: {{ $port }}
        {{- end }}
      {{- with $policy.nats }}
      to:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- with .service.telemetry.otlpEndpoint }}
    - ports:
        - port: {{ regexFind ":[0-9]+" (urlParse .).host | trimPrefix ":" | default "4318" }}
      {{- with $policy.collector }}
      to:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
{{- end }}

{{/* Ports of the bus, from its addresses; 4222 where none is given. Answers a YAML list. */}}
{{- define "traffic-service.natsports" -}}
{{- $ports := list }}
{{- range .service.nats.urls }}
{{- $ports = append $ports (regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" | default "4222" | int) }}
{{- end }}
{{- $ports | uniq | toYaml }}
{{- end }}

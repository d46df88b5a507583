{{/*
Two Services: the cluster one balances connections (for HTTP and simple clients), the headless one names the replicas, so
that gRPC clients, which keep a connection for long, balance calls themselves (dns:///NAME-replicas:PORT, round_robin).
*/}}
{{- define "traffic-service.services" -}}
{{- $fullname := include "traffic-service.fullname" . -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ $fullname }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "traffic-service.labels" . | nindent 4 }}
    traffic-suite/endpoint: cluster
  {{- with .service.serviceAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: ClusterIP
  selector:
    {{- include "traffic-service.selector" . | nindent 4 }}
  ports:
    {{- include "traffic-service.serviceports" . | nindent 4 }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $fullname }}-replicas
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "traffic-service.labels" . | nindent 4 }}
    traffic-suite/endpoint: replicas
spec:
  type: ClusterIP
  clusterIP: None
  selector:
    {{- include "traffic-service.selector" . | nindent 4 }}
  ports:
    {{- include "traffic-service.serviceports" . | nindent 4 }}
{{- end }}

{{- define "traffic-service.serviceports" -}}
- name: grpc
  port: {{ .service.ports.grpc }}
  targetPort: grpc
  appProtocol: {{ ternary "grpcs" "kubernetes.io/h2c" (ne .service.secrets.tls "") }}
- name: http
  port: {{ .service.ports.http }}
  targetPort: http
  appProtocol: http
{{- end }}

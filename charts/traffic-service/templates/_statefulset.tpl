{{/*
The replicas, each with a volume of its own for its projection.
They start in parallel (they share nothing) and are updated one at a time, the next only when the last is ready again.
*/}}
{{- define "traffic-service.statefulset" -}}
apiVersion: apps/v1
kind: StatefulSet
{{ include "traffic-service.metadata" . }}
spec:
  serviceName: {{ include "traffic-service.fullname" . }}-replicas
  replicas: {{ .service.replicas }}
  podManagementPolicy: Parallel
  updateStrategy:
    type: RollingUpdate
  minReadySeconds: 5
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      {{- include "traffic-service.selector" . | nindent 6 }}
  persistentVolumeClaimRetentionPolicy:
    whenDeleted: {{ .service.storage.whenDeleted }}
    whenScaled: {{ .service.storage.whenScaled }}
  volumeClaimTemplates:
    - metadata:
        name: projection
        labels:
          {{- include "traffic-service.selector" . | nindent 10 }}
      spec:
        accessModes:
          - ReadWriteOnce
        {{- with .service.storage.className }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ .service.storage.size }}
  template:
    metadata:
      labels:
        # Neither version nor chart: a new chart alone restarts nothing.
        {{- include "traffic-service.selector" . | nindent 8 }}
        app.kubernetes.io/part-of: traffic-suite
        {{- with .service.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        # Another configuration is another pod.
        checksum/config: {{ include "traffic-service.toml" . | sha256sum }}
        {{- with .service.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "traffic-service.fullname" . }}
      automountServiceAccountToken: false
      # No variable but those below.
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .service.shutdown.grace }}
      {{- with .service.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with .service.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      {{- with .service.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .service.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - topologyKey: {{ . }}
          maxSkew: 1
          # Clusters without zones are common: only nodes may ever forbid.
          whenUnsatisfiable: {{ ternary $.service.topologySpread.whenUnsatisfiable "ScheduleAnyway" (eq . "kubernetes.io/hostname") }}
          labelSelector:
            matchLabels:
              {{- include "traffic-service.selector" $ | nindent 14 }}
        {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: {{ .name }}
          image: {{ include "traffic-service.image" . }}
          imagePullPolicy: {{ .service.image.pullPolicy }}
          command:
            - /usr/local/bin/{{ .service.binary | default .name }}
          args:
            - --config
            - /etc/traffic/config/config.toml
          env:
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
            # Which replica a trace comes from; the OpenTelemetry SDK reads it.
            - name: OTEL_RESOURCE_ATTRIBUTES
              value: k8s.pod.name=$(POD_NAME)
          {{- with .service.secrets.environment }}
          envFrom:
            - secretRef:
                name: {{ . }}
          {{- end }}
          ports:
            - name: grpc
              containerPort: {{ .service.ports.grpc }}
            - name: http
              containerPort: {{ .service.ports.http }}
          startupProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 2
            failureThreshold: {{ div (add (int .service.probes.startupSeconds) 1) 2 }}
          # Not ready while it rebuilds, lags at start, or drains.
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 2
          # Says that the process answers, not that the bus does: a restart mends no bus.
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          lifecycle:
            preStop:
              # The endpoints forget the pod before it stops taking calls.
              sleep:
                seconds: {{ .service.shutdown.drain }}
          resources:
            {{- toYaml .service.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop:
                - ALL
          volumeMounts:
            - name: projection
              mountPath: /var/lib/traffic
            - name: config
              mountPath: /etc/traffic/config
              readOnly: true
            {{- range include "traffic-service.secretmounts" . | fromYamlArray }}
            - name: {{ .volume }}
              mountPath: /etc/traffic/{{ .volume }}
              readOnly: true
            {{- end }}
      volumes:
        - name: config
          configMap:
            name: {{ include "traffic-service.fullname" . }}
        {{- range include "traffic-service.secretmounts" . | fromYamlArray }}
        - name: {{ .volume }}
          secret:
            secretName: {{ .secret }}
            # Read by the group that fsGroup names, by nobody else.
            defaultMode: 288
        {{- end }}
{{- end }}

{{/* The Secrets that are mounted, each with the folder under /etc/traffic that it is mounted in. Answers a YAML list. */}}
{{- define "traffic-service.secretmounts" -}}
{{- $mounts := list }}
{{- range $purpose, $secret := .service.secrets }}
{{- if and $secret (ne $purpose "environment") }}
{{- $mounts = append $mounts (dict "volume" (kebabcase $purpose) "secret" $secret) }}
{{- end }}
{{- end }}
{{- toYaml $mounts }}
{{- end }}

{{/*
The service's TOML file: what the chart itself decides, over the keys given in `config`. The only place that knows the
names of configuration keys (services/chassis/src/config/).
*/}}
{{- define "traffic-service.toml" -}}
{{- $secrets := .service.secrets }}
{{- $grpc := dict "listen" (printf "0.0.0.0:%d" (int .service.ports.grpc)) }}
{{- if $secrets.tls }}
{{- $_ := set $grpc "tls" (dict
      "certificate_file" "/etc/traffic/tls/tls.crt"
      "key_file" "/etc/traffic/tls/tls.key") }}
{{- end }}
{{- $nats := dict "urls" .service.nats.urls "stream_replicas" (int .service.nats.streamReplicas) }}
{{- if $secrets.natsCredentials }}
{{- $_ := set $nats "credentials_file" "/etc/traffic/nats-credentials/nats.creds" }}
{{- end }}
{{- if $secrets.natsCa }}
{{- $_ := set $nats "ca_file" "/etc/traffic/nats-ca/ca.crt" }}
{{- end }}
{{- $telemetry := dict "log" .service.telemetry.log "sampling" .service.telemetry.sampling }}
{{- with .service.telemetry.otlpEndpoint }}
{{- $_ := set $telemetry "otlp_endpoint" . }}
{{- end }}
{{- $decided := dict
      "data_dir" "/var/lib/traffic"
      "grpc" $grpc
      "http" (dict "listen" (printf "0.0.0.0:%d" (int .service.ports.http)))
      "nats" $nats
      "telemetry" $telemetry
      "auth" (dict "key_set_file" "/etc/traffic/auth/keys.json") }}
{{- if $secrets.sealing }}
{{- $_ := set $decided "sealing" (dict
      "master_key_file" "/etc/traffic/sealing/master-key"
      "person_key_file" "/etc/traffic/sealing/person-key") }}
{{- end }}
{{- if $secrets.signing }}
{{- $_ := set $decided "credentials" (dict "signing_key_file" "/etc/traffic/signing/key.pem") }}
{{- end }}
{{- $config := include "traffic-service.merge" (dict "base" .service.config "over" $decided) | fromYaml }}
{{- include "traffic-service.integers" $config }}
{{- toToml $config | trim }}
{{- end }}

{{/*
Turns whole numbers back into integers, in place: every number that went through YAML is a float, and TOML would say 3.0
where the service expects 3. Context: a map.
*/}}
{{- define "traffic-service.integers" -}}
{{- $map := . }}
{{- range $key, $value := $map }}
{{- if kindIs "map" $value }}
{{- include "traffic-service.integers" $value }}
{{- else if kindIs "slice" $value }}
{{- $list := list }}
{{- range $value }}
{{- $entry := dict "value" . }}
{{- include "traffic-service.integers" $entry }}
{{- $list = append $list $entry.value }}
{{- end }}
{{- $_ := set $map $key $list }}
{{- else if and (kindIs "float64" $value) (eq $value (floor $value)) }}
{{- $_ := set $map $key (int64 $value) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "traffic-service.configmap" -}}
apiVersion: v1
kind: ConfigMap
{{ include "traffic-service.metadata" . }}
data:
  config.toml: |
    {{- include "traffic-service.toml" . | nindent 4 }}
{{- end }}

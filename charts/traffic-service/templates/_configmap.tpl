{{/*
The service's TOML file: what the chart itself decides, over the keys given in `config`. The only place that knows the
names of configuration keys (services/chassis/src/config.rs).
*/}}
{{- define "traffic-service.toml" -}}
{{- $secrets := .service.secrets }}
{{- $server := dict
      "grpc" (printf "0.0.0.0:%d" (int .service.ports.grpc))
      "http" (printf "0.0.0.0:%d" (int .service.ports.http)) }}
{{- if $secrets.tls }}
{{- $_ := set $server "tls_cert_file" "/etc/traffic/tls/tls.crt" }}
{{- $_ := set $server "tls_key_file" "/etc/traffic/tls/tls.key" }}
{{- end }}
{{- $nats := dict "servers" .service.nats.servers "stream_replicas" (int .service.nats.stream_replicas) }}
{{- if $secrets.nats }}
{{- $_ := set $nats "user_file" "/etc/traffic/nats/user" }}
{{- $_ := set $nats "password_file" "/etc/traffic/nats/password" }}
{{- end }}
{{- if $secrets.natsCa }}
{{- $_ := set $nats "ca_file" "/etc/traffic/nats-ca/ca.crt" }}
{{- end }}
{{- $decided := dict
      "data_dir" "/var/lib/traffic"
      "server" $server
      "nats" $nats
      "telemetry" (dict "otlp_endpoint" .service.telemetry.otlp_endpoint "log" .service.telemetry.log) }}
{{- if $secrets.sealing }}
{{- $_ := set $decided "sealing" (dict
      "master_key_file" "/etc/traffic/sealing/master-key"
      "reference_key_file" "/etc/traffic/sealing/reference-key") }}
{{- end }}
{{- if $secrets.signing }}
{{- $_ := set $decided "signing" (dict "key_file" "/etc/traffic/signing/key.pem") }}
{{- end }}
{{- if $secrets.auth }}
{{- $_ := set $decided "auth" (dict "keys_file" "/etc/traffic/auth/keys.json") }}
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

{{- /*
What is refused whatever the schema says. control/values/assistant-guard.ts and checks.ts say the same; test/chart/refusals.yaml
is the test of both.
*/ -}}
{{- define "sure.checks" -}}
{{- $problems := list -}}
{{- $v := .Values -}}
{{- $gateway := $v.pipelock -}}
{{- if and $gateway.requireForExternalAssistant (not $gateway.enabled) -}}
{{- if $v.rails.externalAssistant.enabled -}}
{{- $problems = append $problems "pipelock.requireForExternalAssistant is true but pipelock.enabled is false. Enable pipelock (pipelock.enabled=true) when using rails.externalAssistant, or set pipelock.requireForExternalAssistant=false." -}}
{{- end -}}
{{- range include "sure.envPlaces" . | fromJsonArray -}}
{{- if has "MCP_API_TOKEN" .names -}}
{{- $problems = append $problems (printf "pipelock.requireForExternalAssistant is true but pipelock.enabled is false. %s sets MCP_API_TOKEN, which opens /mcp to an agent. Enable pipelock (pipelock.enabled=true), or set pipelock.requireForExternalAssistant=false." .place) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if include "sure.usesGateway" . -}}
{{- range include "sure.envPlaces" . | fromJsonArray -}}
{{- $place := .place -}}
{{- range .names -}}
{{- if has (upper .) (list "HTTPS_PROXY" "HTTP_PROXY" "ALL_PROXY" "NO_PROXY") -}}
{{- $problems = append $problems (printf "%s: sets %s, which would lead around the gateway; remove it, or set pipelock.enabled=false; hosts that need no gateway go to gatewayClient.noProxy" $place .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $gateway.enabled (not $gateway.mcpProxy.upstream) -}}
{{- $name := include "sure.fullname" . -}}
{{- if or (ne $name (include "sure.nameFor" (list .Release.Name "sure"))) (ne (int $v.service.port) 80) -}}
{{- $problems = append $problems (printf "pipelock.mcpProxy.upstream: empty, and the gateway does not see fullnameOverride, nameOverride and service.port; set it to http://%s:%d/mcp" $name (int $v.service.port)) -}}
{{- end -}}
{{- end -}}
{{- if and (not $v.postgresql.enabled) (not $v.database.host) -}}
{{- $problems = append $problems "database.host: empty, and postgresql.enabled is false; name your PostgreSQL, or set postgresql.enabled=true" -}}
{{- end -}}
{{- if and (not $v.postgresql.enabled) (not $v.database.existingSecret) -}}
{{- $problems = append $problems "database.existingSecret: empty, and postgresql.enabled is false; name the Secret with its password" -}}
{{- end -}}
{{- if and (not $v.redis.enabled) (not $v.redis.host) -}}
{{- $problems = append $problems "redis.host: empty, and redis.enabled is false; name your Redis, or set redis.enabled=true" -}}
{{- end -}}
{{- if and $v.ingress.enabled (empty $v.ingress.hosts) -}}
{{- $problems = append $problems "ingress.hosts: empty, so the Ingress would lead nowhere; add {host: sure.example.com}, or set ingress.enabled=false" -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n%s" (join "\n" $problems)) -}}
{{- end -}}
{{- end -}}

{{- /* Where values set environment variables: [{place, names with a value}], as JSON. */ -}}
{{- define "sure.envPlaces" -}}
{{- $places := list -}}
{{- $values := .Values -}}
{{- range list "rails.extraEnv" "rails.extraEnvVars" "rails.secret.values" "web.extraEnv" "worker.extraEnv" -}}
{{- $value := $values -}}
{{- range splitList "." . -}}{{- $value = get $value . -}}{{- end -}}
{{- $names := list -}}
{{- if kindIs "map" $value -}}
{{- range $name, $text := $value -}}{{- if ne (toString $text) "" -}}{{- $names = append $names $name -}}{{- end -}}{{- end -}}
{{- else -}}
{{- range $value -}}{{- if or .value .valueFrom -}}{{- $names = append $names .name -}}{{- end -}}{{- end -}}
{{- end -}}
{{- $places = append $places (dict "place" . "names" $names) -}}
{{- end -}}
{{- toJson $places -}}
{{- end -}}

{{- /*
What the gateway's chart asks its parent (chart/gateway/templates/_names.tpl). Rendered in the gateway's own context, which
does not see Sure's values: _checks.tpl refuses the values that this would miss.
*/ -}}
{{- define "pipelock.prefix" -}}
{{- include "sure.nameFor" (list .Release.Name "sure") -}}
{{- end -}}
{{- define "pipelock.ownUpstream" -}}
http://{{ include "pipelock.prefix" . }}:80/mcp
{{- end -}}

{{- define "sure.usesGateway" -}}
{{- if and .Values.pipelock.enabled .Values.pipelock.forwardProxy.enabled -}}true{{- end -}}
{{- end -}}
{{- define "sure.trustsGateway" -}}
{{- if and (include "sure.usesGateway" .) .Values.pipelock.tlsInterception.enabled -}}true{{- end -}}
{{- end -}}

{{- /* The environment that leads through the gateway. */ -}}
{{- define "sure.gatewayEnv" -}}
{{- if include "sure.usesGateway" . -}}
{{- $url := printf "http://%s.%s.svc.cluster.local:%d" (include "pipelock.fullname" .Subcharts.pipelock) .Release.Namespace (int .Values.pipelock.forwardProxy.port) -}}
{{- $names := list "localhost" "127.0.0.1" ".svc.cluster.local" ".cluster.local" (include "sure.fullname" .) (include "sure.databaseHost" .) (include "sure.redisHost" .) -}}
{{- $direct := concat $names .Values.gatewayClient.noProxy | uniq | join "," -}}
{{- /* In both spellings: curl and git know http_proxy in lower case alone. */ -}}
{{- range $name, $value := dict "HTTPS_PROXY" $url "HTTP_PROXY" $url "NO_PROXY" $direct }}
- name: {{ $name }}
  value: {{ $value | quote }}
- name: {{ lower $name }}
  value: {{ $value | quote }}
{{- end }}
{{- if include "sure.trustsGateway" . }}
{{- /* OpenSSL (Ruby, Python's ssl), requests, Node, curl, git. */}}
{{- range list "SSL_CERT_FILE" "REQUESTS_CA_BUNDLE" "NODE_EXTRA_CA_CERTS" "CURL_CA_BUNDLE" "GIT_SSL_CAINFO" }}
- name: {{ . }}
  value: /etc/penstock/trust/bundle.pem
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{- /* Joins the image's roots with the gateway's CA. The image is Sure's, so these are the roots that it had without. */ -}}
{{- define "sure.trustInit" -}}
{{- if include "sure.trustsGateway" . }}
- name: trust
  image: {{ include "sure.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command:
  - sh
  - -ec
  - |
    for roots in $ROOTS /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
      [ -s "$roots" ] || continue
      cat "$roots" > /trust/bundle.pem
      printf '\n' >> /trust/bundle.pem
      cat /ca/tls.crt >> /trust/bundle.pem
      exit 0
    done
    echo "the image has no roots where they are looked for; name its file in gatewayClient.rootsFile" >&2
    exit 1
  env:
  - name: ROOTS
    value: {{ .Values.gatewayClient.rootsFile | quote }}
  {{- include "sure.containerSecurity" . | nindent 2 }}
  volumeMounts:
  - name: gateway-ca
    mountPath: /ca
    readOnly: true
  - name: trust
    mountPath: /trust
{{- end }}
{{- end -}}

{{- define "sure.trustMount" -}}
{{- if include "sure.trustsGateway" . }}
- name: trust
  mountPath: /etc/penstock/trust
  readOnly: true
{{- end }}
{{- end -}}

{{- define "sure.trustVolumes" -}}
{{- if include "sure.trustsGateway" . }}
# The certificate alone: the key stays with the gateway.
- name: gateway-ca
  secret:
    secretName: {{ include "pipelock.caSecret" .Subcharts.pipelock }}
    items:
    - key: tls.crt
      path: tls.crt
- name: trust
  emptyDir: {}
{{- end }}
{{- end -}}

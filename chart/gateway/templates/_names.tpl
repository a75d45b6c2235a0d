{{- /* What the gateway stands in front of. A parent chart defines these two anew: its own name, and the URL of its /mcp. */ -}}
{{- define "pipelock.prefix" -}}
{{- .Release.Name -}}
{{- end -}}
{{- define "pipelock.ownUpstream" -}}
{{- end -}}

{{- define "pipelock.fullname" -}}
{{- $prefix := include "pipelock.prefix" . -}}
{{- .Values.fullnameOverride | default (contains "pipelock" $prefix | ternary $prefix (printf "%s-pipelock" ($prefix | trunc 54 | trimSuffix "-"))) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "pipelock.selectorLabels" -}}
app.kubernetes.io/name: pipelock
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: pipelock
{{- end -}}

{{- define "pipelock.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "pipelock.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Name of the Secret with the CA. */ -}}
{{- define "pipelock.caSecret" -}}
{{- .Values.tlsInterception.ca.existingSecret | default (printf "%s-ca" (include "pipelock.fullname" .)) -}}
{{- end -}}

{{- define "pipelock.upstream" -}}
{{- .Values.mcpProxy.upstream | default (include "pipelock.ownUpstream" .) -}}
{{- end -}}

{{- /* How a value is called by whoever sets it: below "pipelock" in a parent chart. */ -}}
{{- define "pipelock.key" -}}
{{- if not (index . 0).Chart.IsRoot -}}{{ (index . 0).Chart.Name }}.{{- end -}}{{ index . 1 }}
{{- end -}}

{{- define "sure.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- include "sure.nameFor" (list .Release.Name (.Values.nameOverride | default "sure")) -}}
{{- end -}}
{{- end -}}

{{- /* The release's name, with the chart's where it is not in it. Takes [release, chart]. */ -}}
{{- define "sure.nameFor" -}}
{{- $release := index . 0 -}}{{- $name := index . 1 -}}
{{- contains $name $release | ternary $release (printf "%s-%s" $release $name) | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- /* Takes [context, component]. */ -}}
{{- define "sure.selectorLabels" -}}
app.kubernetes.io/name: sure
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "sure.labels" -}}
{{- $ := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" }}
{{ include "sure.selectorLabels" . }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
{{- end -}}

{{- define "sure.appSecret" -}}
{{- .Values.rails.existingSecret | default (printf "%s-app" (include "sure.fullname" .)) -}}
{{- end -}}
{{- define "sure.databaseSecret" -}}
{{- .Values.database.existingSecret | default (printf "%s-postgresql" (include "sure.fullname" .)) -}}
{{- end -}}
{{- define "sure.redisSecret" -}}
{{- .Values.redis.existingSecret | default (printf "%s-redis" (include "sure.fullname" .)) -}}
{{- end -}}
{{- define "sure.databaseHost" -}}
{{- ternary (printf "%s-postgresql" (include "sure.fullname" .)) .Values.database.host .Values.postgresql.enabled -}}
{{- end -}}
{{- define "sure.redisHost" -}}
{{- ternary (printf "%s-redis" (include "sure.fullname" .)) .Values.redis.host .Values.redis.enabled -}}
{{- end -}}

{{- /* A value of a Secret that is kept over upgrades, in base64. Takes [context, secret, key, text where there is none]. */ -}}
{{- define "sure.kept" -}}
{{- $found := lookup "v1" "Secret" (index . 0).Release.Namespace (index . 1) -}}
{{- index ($found.data | default dict) (index . 2) | default (index . 3 | b64enc) -}}
{{- end -}}

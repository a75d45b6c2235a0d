{{- define "sure.image" -}}
{{- printf "%s:%s" .Values.image.repository (toString .Values.image.tag | default .Chart.AppVersion) | quote -}}
{{- end -}}

{{- define "sure.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{- /* What all pods of Sure share. */ -}}
{{- define "sure.podSettings" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* A mapping of names to texts, or a list of EnvVar, as a list. */ -}}
{{- define "sure.envList" -}}
{{- if kindIs "slice" . }}
{{- range . }}
- {{- toYaml . | nindent 2 }}
{{- end }}
{{- else }}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Environment of a container of Sure. Takes [context, further environment]. */ -}}
{{- define "sure.env" -}}
{{- $ := index . 0 -}}
env:
- name: RAILS_ENV
  value: production
- name: SELF_HOSTED
  value: "true"
- name: RAILS_LOG_TO_STDOUT
  value: "true"
- name: DB_HOST
  value: {{ include "sure.databaseHost" $ | quote }}
- name: DB_PORT
  value: {{ ternary 5432 $.Values.database.port $.Values.postgresql.enabled | toString | quote }}
- name: POSTGRES_DB
  value: {{ $.Values.database.name | quote }}
- name: POSTGRES_USER
  value: {{ $.Values.database.user | quote }}
- name: POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "sure.databaseSecret" $ }}
      key: {{ $.Values.database.existingSecretKey }}
{{- $hasPassword := or $.Values.redis.enabled $.Values.redis.existingSecret }}
{{- if $hasPassword }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "sure.redisSecret" $ }}
      key: {{ $.Values.redis.existingSecretKey }}
{{- end }}
- name: REDIS_URL
  value: {{ printf "redis://%s%s:%d/%d" (ternary ":$(REDIS_PASSWORD)@" "" (not (empty $hasPassword))) (include "sure.redisHost" $) (int $.Values.redis.port) (int $.Values.redis.database) | quote }}
{{- with $.Values.rails.externalAssistant }}
{{- if .enabled }}
- name: ASSISTANT_TYPE
  value: external
{{- range $name, $value := dict "URL" .url "AGENT_ID" .agentId "SESSION_KEY" .sessionKey "ALLOWED_EMAILS" .allowedEmails }}
{{- if $value }}
- name: EXTERNAL_ASSISTANT_{{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- if .tokenSecretRef.name }}
- name: EXTERNAL_ASSISTANT_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ .tokenSecretRef.name }}
      key: {{ .tokenSecretRef.key | default "token" }}
{{- else if .token }}
- name: EXTERNAL_ASSISTANT_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ include "sure.fullname" $ }}-assistant
      key: token
{{- end }}
{{- end }}
{{- end }}
{{- include "sure.gatewayEnv" $ }}
{{- include "sure.envList" $.Values.rails.extraEnv }}
{{- include "sure.envList" $.Values.rails.extraEnvVars }}
{{- include "sure.envList" (index . 1) }}
envFrom:
- secretRef:
    name: {{ include "sure.appSecret" $ }}
{{- with $.Values.rails.extraEnvFrom }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Waits until the migrations are done. */ -}}
{{- define "sure.waitInit" -}}
{{- if and .Values.migrations.enabled .Values.migrations.pendingCommand }}
- name: wait-for-migrations
  image: {{ include "sure.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command:
  - sh
  - -c
  - |
    for attempt in $(seq 300); do
      "$@" && exit 0
      sleep 2
    done
    echo "migrations are still pending after ten minutes; look at the migration job" >&2
    exit 1
  - sh
  {{- toYaml .Values.migrations.pendingCommand | nindent 2 }}
  {{- include "sure.env" (list . dict) | nindent 2 }}
  {{- include "sure.containerSecurity" . | nindent 2 }}
  volumeMounts:
    {{- include "sure.mounts" . | nindent 4 }}
{{- end }}
{{- end -}}

{{- define "sure.mounts" -}}
- name: scratch
  mountPath: /tmp
  subPath: tmp
- name: scratch
  mountPath: /rails/tmp
  subPath: rails-tmp
- name: scratch
  mountPath: /rails/log
  subPath: rails-log
- name: storage
  mountPath: /rails/storage
{{- include "sure.trustMount" . }}
{{- end -}}

{{- define "sure.volumes" -}}
- name: scratch
  emptyDir: {}
- name: storage
  {{- if .Values.storage.existingClaim }}
  persistentVolumeClaim:
    claimName: {{ .Values.storage.existingClaim }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- include "sure.trustVolumes" . }}
{{- end -}}

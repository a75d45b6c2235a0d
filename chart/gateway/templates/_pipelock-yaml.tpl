{{- /*
pipelock.yaml from values. control/values/render.ts is the same in TypeScript; test/chart/renderer.test.ts holds the two
together, byte for byte. What goes where stands in files/sections.yaml.
*/ -}}

{{- define "pipelock.yaml" -}}
{{- $sections := .Files.Get "files/sections.yaml" | fromYaml -}}
{{- $file := dict -}}
{{- range $name := $sections.sections -}}
{{- $value := include "pipelock.snake" (list (get $.Values $name) $name $name $sections) | fromJson -}}
{{- if or $value.kept (not (empty $value.value)) (kindIs "bool" $value.value) -}}
{{- $_ := set $file (include "pipelock.snakeName" $name) $value.value -}}
{{- end -}}
{{- end -}}
{{- if .Values.tlsInterception.enabled -}}
{{- $_ := set $file "tls_interception" (merge $file.tls_interception $sections.ca) -}}
{{- end -}}
{{- include "pipelock.mergeInto" (list $file (deepCopy (.Values.extraConfig | default dict))) -}}
{{- include "pipelock.write" (list $file "") -}}
{{- end -}}

{{- /* "maxBodyBytes" → "max_body_bytes" */ -}}
{{- define "pipelock.snakeName" -}}
{{- regexReplaceAll "([a-z0-9])([A-Z])" . "${1}_${2}" | lower -}}
{{- end -}}

{{- /*
A value with its names in snake_case and without what is empty, as JSON {"value": …, "kept": bool}: a template gives
text alone. Takes [value, its path, its name, sections].
*/ -}}
{{- define "pipelock.snake" -}}
{{- $value := index . 0 -}}{{- $path := index . 1 -}}{{- $name := index . 2 -}}{{- $sections := index . 3 -}}
{{- $made := dict "value" $value "kept" (and (has $path $sections.keptEmpty) (kindIs "slice" $value)) -}}
{{- if kindIs "map" $value -}}
  {{- $map := dict -}}
  {{- range $key, $child := $value -}}
    {{- $childPath := printf "%s.%s" $path $key -}}
    {{- $below := include "pipelock.snake" (list $child $childPath $key $sections) | fromJson -}}
    {{- $isEmpty := and (empty $below.value) (not (kindIs "bool" $below.value)) (not (kindIs "float64" $below.value)) -}}
    {{- if not (or $isEmpty (has $childPath $sections.notWritten)) -}}
      {{- $_ := set $map (ternary $key (include "pipelock.snakeName" $key) (has $name $sections.freeNames)) $below.value -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set $made "value" $map -}}
{{- else if kindIs "slice" $value -}}
  {{- $list := list -}}
  {{- range $child := $value -}}
    {{- $list = append $list (include "pipelock.snake" (list $child $path "" $sections) | fromJson).value -}}
  {{- end -}}
  {{- $_ := set $made "value" $list -}}
{{- end -}}
{{- toRawJson $made -}}
{{- end -}}

{{- /* Puts the second mapping over the first, section by section; lists are replaced. Takes [into, from]. */ -}}
{{- define "pipelock.mergeInto" -}}
{{- $into := index . 0 -}}
{{- range $key, $value := index . 1 -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $into $key)) -}}
{{- include "pipelock.mergeInto" (list (get $into $key) $value) -}}
{{- else -}}
{{- $_ := set $into $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
A mapping as YAML: a key to a line, sorted; texts, and what stands in a list, as JSON, which is YAML too and leaves no
doubt about types. Takes [mapping, indentation].
*/ -}}
{{- define "pipelock.write" -}}
{{- $indent := index . 1 -}}
{{- range $key, $value := index . 0 -}}
{{- $plain := regexMatch "^[a-z][a-z0-9]*(_[a-z0-9]+)*$" $key | and (not (has $key (list "null" "true" "false" "yes" "no" "on" "off" "y" "n"))) -}}
{{- $indent }}{{ ternary $key (toRawJson $key) $plain }}:
{{- if and (kindIs "map" $value) $value }}
{{ include "pipelock.write" (list $value (printf "%s  " $indent)) }}
{{- else if and (kindIs "slice" $value) $value }}
{{- range $value }}
{{ $indent }}- {{ toRawJson . }}
{{- end }}
{{ else }} {{ toRawJson $value }}
{{ end -}}
{{- end -}}
{{- end -}}

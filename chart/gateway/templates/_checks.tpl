{{- /*
What the schema cannot say: values that do not fit each other. All problems at once, each with its key and what to do.
control/values/checks.ts says the same; test/chart/refusals.yaml is the test of both.
*/ -}}
{{- define "pipelock.checks" -}}
{{- $problems := list -}}
{{- $v := .Values -}}
{{- if eq (int $v.forwardProxy.port) (int $v.mcpProxy.port) -}}
{{- $problems = append $problems (printf "%s: %d is the port of %s too; choose another" (include "pipelock.key" (list . "mcpProxy.port")) (int $v.mcpProxy.port) (include "pipelock.key" (list . "forwardProxy.port"))) -}}
{{- end -}}
{{- $configured := include "pipelock.yaml" . | fromYaml -}}
{{- if and (eq $v.mode "strict") (empty $configured.api_allowlist) -}}
{{- /* As one list to paste: what the assistant calls must be known, and what else these values name is likely called too. */ -}}
{{- $named := uniq (prepend (concat $v.trustedDomains $v.tlsInterception.passthroughDomains) "api.openai.com") -}}
{{- $problems = append $problems (printf "%s: mode strict reaches only the hosts listed here, and none is; add those that the assistant calls, such as %s, and the hosts of the URLs that it is given" (include "pipelock.key" (list . "apiAllowlist")) (toJson $named)) -}}
{{- end -}}
{{- if and $v.mcpToolPolicy.enabled (empty $v.mcpToolPolicy.rules) -}}
{{- $problems = append $problems (printf "%s: enabled without rules would stop nothing; add a rule, or set %s=false" (include "pipelock.key" (list . "mcpToolPolicy.rules")) (include "pipelock.key" (list . "mcpToolPolicy.enabled"))) -}}
{{- end -}}
{{- range $i, $rule := $v.mcpToolPolicy.rules -}}
{{- with $rule.redirectProfile -}}
{{- if not (hasKey $v.mcpToolPolicy.redirectProfiles .) -}}
{{- $problems = append $problems (printf "%s: no profile is called %s; add it to %s" (include "pipelock.key" (list $ (printf "mcpToolPolicy.rules[%d].redirectProfile" $i))) (quote .) (include "pipelock.key" (list $ "mcpToolPolicy.redirectProfiles"))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $v.killSwitch.apiListen (not $v.killSwitch.apiTokenSecret) -}}
{{- $problems = append $problems (printf "%s: empty, and %s opens the API of the kill switch; name a Secret with the key token" (include "pipelock.key" (list . "killSwitch.apiTokenSecret")) (include "pipelock.key" (list . "killSwitch.apiListen"))) -}}
{{- end -}}
{{- $ca := $v.tlsInterception.ca -}}
{{- if and $ca.existingSecret $ca.certManager.enabled -}}
{{- $problems = append $problems (printf "%s: given beside certManager; keep one of the two" (include "pipelock.key" (list . "tlsInterception.ca.existingSecret"))) -}}
{{- end -}}
{{- if and $ca.certManager.enabled (not $ca.certManager.issuerName) -}}
{{- $problems = append $problems (printf "%s: empty; name an issuer that may issue a CA" (include "pipelock.key" (list . "tlsInterception.ca.certManager.issuerName"))) -}}
{{- end -}}
{{- $least := include "pipelock.leastPods" . | int -}}
{{- $most := include "pipelock.mostPods" . | int -}}
{{- if and (eq $v.pins.store "file") (gt $most 1) -}}
{{- $problems = append $problems (printf "%s: file keeps the pins of one pod, and there may be %d; write configMap, or keep one pod" (include "pipelock.key" (list . "pins.store")) $most) -}}
{{- end -}}
{{- if and $v.pins.existingClaim (ne $v.pins.store "file") -}}
{{- $problems = append $problems (printf "%s: used by store file alone; set %s=file, or remove it" (include "pipelock.key" (list . "pins.existingClaim")) (include "pipelock.key" (list . "pins.store"))) -}}
{{- end -}}
{{- if and $v.autoscaling.enabled (gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) -}}
{{- $problems = append $problems (printf "%s: %d is more than maxReplicas, %d; lower it" (include "pipelock.key" (list . "autoscaling.minReplicas")) (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) -}}
{{- end -}}
{{- if $v.pdb.enabled -}}
{{- $min := toString $v.pdb.minAvailable -}}
{{- $max := toString $v.pdb.maxUnavailable -}}
{{- if lt $least 2 -}}
{{- $problems = append $problems (printf "%s: with fewer than two pods a budget either changes nothing or blocks every drain of a node; set %s=2, or %s=false" (include "pipelock.key" (list . "pdb.enabled")) (include "pipelock.key" (list . "replicas")) (include "pipelock.key" (list . "pdb.enabled"))) -}}
{{- else if and (eq $min "") (eq $max "") -}}
{{- $problems = append $problems (printf "%s: empty, and minAvailable too; set one of them" (include "pipelock.key" (list . "pdb.maxUnavailable"))) -}}
{{- else if $min -}}
{{- if or (eq $min "0") (eq $min "0%") -}}
{{- $problems = append $problems (printf "%s: %s keeps no pod; set 1 or more" (include "pipelock.key" (list . "pdb.minAvailable")) $min) -}}
{{- else if or (eq $min "100%") (and (not (hasSuffix "%" $min)) (ge (int $min) $least)) -}}
{{- $problems = append $problems (printf "%s: %s of %d pods blocks every drain of a node; lower it" (include "pipelock.key" (list . "pdb.minAvailable")) $min $least) -}}
{{- end -}}
{{- else if or (eq $max "0") (eq $max "0%") -}}
{{- $problems = append $problems (printf "%s: %s blocks every drain of a node; set 1 or more" (include "pipelock.key" (list . "pdb.maxUnavailable")) $max) -}}
{{- else if or (eq $max "100%") (and (not (hasSuffix "%" $max)) (ge (int $max) $least)) -}}
{{- $problems = append $problems (printf "%s: %s of %d pods lets all go at once; lower it" (include "pipelock.key" (list . "pdb.maxUnavailable")) $max $least) -}}
{{- end -}}
{{- end -}}
{{- if and $v.ingress.enabled (empty $v.ingress.hosts) -}}
{{- $problems = append $problems (printf "%s: empty, so the Ingress would lead nowhere; add {host: mcp.example.com}, or set %s=false" (include "pipelock.key" (list . "ingress.hosts")) (include "pipelock.key" (list . "ingress.enabled"))) -}}
{{- end -}}
{{- if and $v.ingress.enabled (not (include "pipelock.upstream" .)) (empty $v.mcpUpstreams) -}}
{{- $problems = append $problems (printf "%s: empty, so the Ingress would lead to no MCP server; give the server's URL" (include "pipelock.key" (list . "mcpProxy.upstream"))) -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n%s" (join "\n" $problems)) -}}
{{- end -}}
{{- end -}}

{{- define "pipelock.leastPods" -}}
{{- ternary (int .Values.autoscaling.minReplicas) (int .Values.replicas) .Values.autoscaling.enabled -}}
{{- end -}}
{{- define "pipelock.mostPods" -}}
{{- ternary (int .Values.autoscaling.maxReplicas) (int .Values.replicas) .Values.autoscaling.enabled -}}
{{- end -}}

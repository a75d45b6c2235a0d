import { type Compiled, compile } from '../../control/compile/compile.ts';
import { readConfig } from '../../control/config/read.ts';
import { buildPolicy } from '../../control/policy/build.ts';
import type { Policy } from '../../control/policy/policy.ts';
import { type Rule, unwritten } from '../../control/rules/rule.ts';

/** The rules compiled with the policy of a configuration, by default the balanced one. */
export function compileRules(rules: readonly Rule[], config = 'mode: balanced\n'): Compiled {
  return compile(rules, policyOf(rules, config));
}

/** The policy of a configuration. */
export function policyOf(rules: readonly Rule[], config: string): Policy {
  return buildPolicy(readConfig(config, 'pipelock.yaml').config, rules, {
    listen: { address: '127.0.0.1', port: 8888 },
    mcpListen: { address: '127.0.0.1', port: 8889 },
    mcpUpstream: undefined,
    upstreamCaFile: '/etc/ssl/certs/ca-certificates.crt',
  });
}

/** A rule of nothing but a pattern. */
export function bareRule(pattern: string, id = 'financial.test.pattern'): Rule {
  return {
    ...unwritten,
    id,
    title: 'test',
    risk: 'none',
    severity: 'low',
    confidence: 'high',
    pattern,
    source: 'https://example.com/',
    place: 'test.yaml:1',
  };
}

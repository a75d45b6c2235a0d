/** Whether the rules that `suppress` of a pipelock.yaml names are there. */
import { quote } from '../config/complaint.ts';
import type { KeyComplaint } from '../config/explain.ts';
import type { Config } from '../config/schema.ts';
import { nearest } from '../config/suggest.ts';
import { exactRuleIds } from './exact.ts';
import type { Rule } from './rule.ts';

/** @param rulesOf gives the rules that are in use; it may throw where they have problems of their own */
export function checkSuppress(config: Config, rulesOf: (config: Config) => Rule[]): KeyComplaint[] {
  if (config.suppress.length === 0) return [];
  let ids: Set<string>;
  try {
    // Those of exact values are in use where there are values.
    ids = new Set([...rulesOf(config).map(({ id }) => id), ...exactRuleIds]);
  } catch {
    return [];
  }
  return config.suppress.flatMap(({ rule }, i): KeyComplaint[] => {
    if (ids.has(rule)) return [];
    const near = nearest(rule, [...ids]);
    return [
      {
        path: ['suppress', i, 'rule'],
        on: 'value',
        code: 'not-allowed',
        message: `no rule in use is called ${quote(rule)}`,
        remedy: near === undefined ? 'write the rule of a finding, as the log has it' : `did you mean ${near}?`,
      },
    ];
  });
}

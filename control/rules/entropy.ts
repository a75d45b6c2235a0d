/**
 * What looks drawn in a URL: fetch_proxy.monitoring.entropy_threshold. The filter adds up the bits itself
 * (filter/finding/entropy.ts); the rules stand in the table so that their findings get a verdict, a line and a count like all others.
 */
import { type Rule, unwritten } from './rule.ts';

/** In the order of filter/table/layout.ts, ENTROPY_RULE_*. */
const entries: [id: string, title: string][] = [
  ['entropy.host', 'a label of a host name that looks drawn'],
  ['entropy.path', 'a part of a path that looks drawn'],
  ['entropy.query', 'a value of a query that looks drawn'],
];

export const entropyRuleIds: readonly string[] = entries.map(([id]) => id);

/** @param exempt host patterns whose names and paths are not looked at; their queries are */
export function entropyRules(exempt: readonly string[]): Rule[] {
  return entries.map(([id, title]) => ({
    ...unwritten,
    values: [],
    id,
    title,
    risk: 'data leaves in the name of what is asked for',
    severity: 'medium',
    confidence: 'high',
    exemptHosts: id === 'entropy.query' ? [] : [...exempt],
    place: id,
  }));
}

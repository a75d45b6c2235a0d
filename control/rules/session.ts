/**
 * What the filter finds of a call beside what the call says: its tool is none that the session was shown. Nothing of it is
 * looked for in a text; the rules stand in the table so that their findings get a verdict, a line and a count like all others.
 */
import type { Config } from '../config/schema.ts';
import { type Confidence, type Rule, unwritten } from './rule.ts';

/**
 * In the order of filter/table/layout.ts, SESSION_RULE_*. That no list was seen is of low confidence: a client may know the
 * tools from before, and the gateway may have been started anew.
 */
const entries: [id: string, title: string, confidence: Confidence][] = [
  ['session.unknown-tool', 'a call of a tool that its session was not shown', 'high'],
  ['session.no-baseline', 'a call in a session that was shown no tools', 'low'],
];

export const sessionRuleIds: readonly string[] = entries.map(([id]) => id);

/** The rules where sessions are bound to their tools; else none. */
export function sessionRulesOf({ enabled }: Config['mcp_session_binding']): Rule[] {
  if (!enabled) return [];
  return entries.map(([id, title, confidence]) => ({
    ...unwritten,
    values: [],
    ...{ id, title, confidence, place: id, severity: 'high' },
    risk: 'an instruction that reached the model has it call what its user was never offered',
  }));
}

/** Rules that look for exact values and not for a shape: dlp.secrets_file and dlp.scan_env of pipelock.yaml. */
import { type Rule, unwritten } from './rule.ts';

/** Fewest bytes of a value that is looked for. Shorter ones are words that any text holds. */
export const leastValueBytes = 8;

export const secretsFileRuleId = 'dlp.secrets-file';
export const environmentRuleId = 'dlp.environment';
/** What no pattern of the user's may be called. */
export const exactRuleIds: readonly string[] = [secretsFileRuleId, environmentRuleId];

/** The rule that finds any of the values, or none where there are none. */
export function exactRules(id: string, title: string, values: readonly Uint8Array[]): Rule[] {
  if (values.length === 0) return [];
  return [
    {
      ...unwritten,
      id,
      title,
      severity: 'critical',
      confidence: 'high',
      values: [...values],
      place: id,
    },
  ];
}

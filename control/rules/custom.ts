/** dlp.patterns of pipelock.yaml: the user's own rules. */
import type { Config } from '../config/schema.ts';
import { fromRe2 } from './re2.ts';
import { type Confidence, type Rule, type Severity, unwritten, type Validator } from './rule.ts';

export type CustomPattern = Config['dlp']['patterns'][number];

/** What Pipelock's validators are called in a rule. */
export const customValidators: Partial<Record<NonNullable<CustomPattern['validator']>, Validator>> = {
  luhn: 'luhn',
  mod97: 'iban',
  aba: 'aba',
};

/** Severity says how sure the author is, too: what is worth no more than medium is not worth a broken call. */
const confidences: Record<Severity, Confidence> = { critical: 'high', high: 'high', medium: 'low', low: 'low' };

/**
 * The rule of an entry.
 * @param place where messages say that it stands
 * @throws Re2Error
 */
export function customRule(entry: CustomPattern, place: string): Rule {
  const severity = entry.severity ?? 'high';
  const validator = entry.validator && customValidators[entry.validator];
  return {
    ...unwritten,
    id: customRuleId(entry.name),
    title: entry.name,
    severity,
    confidence: confidences[severity],
    pattern: fromRe2(entry.regex).pattern,
    exemptHosts: entry.exempt_domains,
    place,
    ...(validator && { validator }),
  };
}

/**
 * "Acme: internal token" → dlp.acme-internal-token. A name without ASCII letters and digits gives `dlp.`. Metrics and log
 * lines carry the id.
 */
export function customRuleId(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return `dlp.${words.replace(/^-|-$/g, '')}`;
}

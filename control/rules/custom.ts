/** dlp.patterns and response_scanning.patterns of pipelock.yaml: the user's own rules. */
import type { Config } from '../config/schema.ts';
import { fromRe2 } from './re2.ts';
import { type Confidence, type Rule, type Severity, unwritten, type Validator } from './rule.ts';

export type CustomPattern = Config['dlp']['patterns'][number];
export type ResponsePattern = Config['response_scanning']['patterns'][number];

/** What Pipelock's validators are called in a rule. */
export const customValidators: Record<NonNullable<CustomPattern['validator']>, Validator> = {
  luhn: 'luhn',
  mod97: 'iban',
  aba: 'aba',
  wif: 'base58-check',
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
 * The rule of an entry of response_scanning.patterns, which looks in answers alone. What somebody writes there is to stop.
 * @param place where messages say that it stands
 * @throws Re2Error
 */
export function responseRule(entry: ResponsePattern, place: string): Rule {
  return {
    ...unwritten,
    id: customRuleId(entry.name, 'response'),
    title: entry.name,
    severity: 'high',
    confidence: 'high',
    pattern: fromRe2(entry.regex).pattern,
    place,
  };
}

/**
 * "Acme: internal token" → dlp.acme-internal-token. A name without ASCII letters and digits gives `dlp.`. Metrics and log
 * lines carry the id.
 */
export function customRuleId(name: string, category: 'dlp' | 'response' = 'dlp'): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return `${category}.${words.replace(/^-|-$/g, '')}`;
}

/**
 * What the rules find in a text, by JavaScript RegExp and the validators of this folder: slow, short, and the measure
 * for the compiled tables and the filter.
 */
import { aba, iban, isInIban, isInRow, itin, luhn, ssn } from './check-digits.ts';
import { phraseScanner } from './phrase-reference.ts';
import { masked, mixedPassword, namedRandom, password, random, urlPassword } from './randomness.ts';
import { patternRegExp } from './regexp.ts';
import type { Confidence, Rule, Validator } from './rule.ts';
import { bareText, isMadeUp } from './sample.ts';
import { address, base58Check, bip39, isFoldedAddress } from './wallet.ts';

/** A hit that its validator agreed with. Offsets count characters of the text. */
export interface Finding {
  id: string;
  confidence: Confidence;
  start: number;
  end: number;
}

/** How far before and after a hit a context word may stand, in bytes. One within the hit counts too. */
const nearBefore = 64;
const nearAfter = 32;

const validate: Record<Validator, (text: string, before: string) => boolean> = {
  luhn,
  iban,
  aba,
  ssn,
  itin,
  random,
  'named-random': namedRandom,
  'url-password': urlPassword,
  password,
  'mixed-password': mixedPassword,
  'base58-check': base58Check,
  bip39,
  address,
};

/**
 * A function that gives the findings of `rules` in a text, by rule and then by place.
 * @returns takes bytes, one a character (latin1)
 */
export function referenceScanner(rules: readonly Rule[]): (text: string) => Finding[] {
  const withPattern = rules.filter(({ phrases }) => !phrases);
  const compiled = withPattern.map((rule) => ({ rule, expression: patternRegExp(rule.pattern, 'g') }));
  const ofPhrase = rules.flatMap((rule) => (rule.phrases ?? []).map(() => rule));
  const scanPhrases = phraseScanner(rules.flatMap(({ phrases }) => phrases ?? []));
  return (text) => {
    const findings = compiled.flatMap(({ rule, expression }) => findingsOf(rule, expression, text));
    if (ofPhrase.length === 0) return findings;
    const characters = Buffer.from(text, 'latin1').toString();
    const byteOf = (at: number) => Buffer.byteLength(characters.slice(0, at));
    scanPhrases(characters).forEach((hits, i) => {
      const { id, confidence } = ofPhrase[i] as Rule;
      for (const { start, end } of hits) findings.push({ id, confidence, start: byteOf(start), end: byteOf(end) });
    });
    return findings;
  };
}

function findingsOf(rule: Rule, expression: RegExp, text: string): Finding[] {
  const findings: Finding[] = [];
  expression.lastIndex = 0;
  for (let hit = expression.exec(text); hit !== null; hit = expression.exec(text)) {
    const [start, end] = [hit.index, hit.index + hit[0].length];
    if (!isValid(rule, text, start, end)) {
      expression.lastIndex = start + 1;
      continue;
    }
    const context = text.slice(Math.max(0, start - nearBefore), end + nearAfter).toLowerCase();
    const isNear = rule.near.some((word) => context.includes(word));
    if (rule.nearRequired && !isNear) continue;
    const isHigh =
      (rule.confidence === 'high' || (isNear && !rule.nearRequired)) &&
      (rule.validator === 'address' || !isMadeUp(rule, hit[0]));
    findings.push({ id: rule.id, confidence: isHigh ? 'high' : 'low', start, end });
  }
  return findings;
}

/**
 * Whether a hit is a finding: its validator agrees, a credential is not masked (`ghp_xxxxxxxx…`), and a card number is no
 * piece of a longer number.
 */
function isValid(rule: Rule, text: string, start: number, end: number): boolean {
  const hit = text.slice(start, end);
  const before = text.slice(Math.max(0, start - nearBefore), start);
  if (rule.validator !== undefined && !validate[rule.validator](hit, before)) return false;
  if (rule.validator === 'address') {
    const bare = bareText(hit);
    if (rule.samples.includes(isFoldedAddress(hit) ? bare.toLowerCase() : bare)) return false;
  }
  if (rule.validator === 'luhn' && (isInIban(text, start) || isInRow(text, start, end))) return false;
  return !(rule.id.startsWith('credential.') && masked(hit));
}

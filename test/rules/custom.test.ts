// The user's own rules, patterns and exact values, through the compiled table and the filter's scanner.
import { expect, test } from 'vitest';
import type { Config } from '../../control/config/schema.ts';
import { customRule } from '../../control/rules/custom.ts';
import { environmentRuleId, exactRules, secretsFileRuleId } from '../../control/rules/exact.ts';
import { readRules } from '../../control/rules/read.ts';
import type { Rule } from '../../control/rules/rule.ts';
import { Scanner } from './scanner.ts';
import { compileRules } from './table.ts';
import { wrappings } from './wrap.ts';

type Entry = Config['dlp']['patterns'][number];
const custom = (name: string, regex: string, rest: Partial<Entry> = {}): Rule =>
  customRule({ name, regex, exempt_domains: [], ...rest } as Entry, 'test');

const scanner = await Scanner.load(compileRules([]).table);

/** Ids and confidences found in a text. */
function find(rules: readonly Rule[], text: string | Uint8Array): string[] {
  const refusal = scanner.loadTable(compileRules(rules).table);
  if (refusal !== undefined) throw new Error(refusal);
  return found(rules, text);
}

function found(rules: readonly Rule[], text: string | Uint8Array): string[] {
  return scanner.findIn(Buffer.from(text)).map(({ rule, isHigh }) => `${rules[rule]!.id} ${isHigh ? 'high' : 'low'}`);
}

test('a pattern is found by its severity, and only where its validator agrees', () => {
  const rules = [
    custom('Acme Token', '\\bacme_[a-z0-9]{8}\\b', { severity: 'critical' }),
    custom('Ticket', 'TCK-\\d{5}', { severity: 'medium' }),
    custom('Member card', '\\b77\\d{14}\\b', { validator: 'luhn' }),
  ];
  expect(find(rules, 'acme_0a1b2c3d')).toEqual(['dlp.acme-token high']);
  expect(found(rules, 'see TCK-12345, thanks')).toEqual(['dlp.ticket low']);
  expect(found(rules, 'card 7700000000000009')).toEqual([]);
  expect(found(rules, 'card 7700000000000000')).toHaveLength(0);
  const valid = Array.from({ length: 10 }, (_, digit) => `card 770000000000000${digit}`);
  expect(valid.flatMap((text) => found(rules, text))).toEqual(['dlp.member-card high']);
});

test('patterns without anything fixed are found at the starts of words', () => {
  const rules = [
    custom('pan', '\\b[A-Z]{5}[0-9]{4}[A-Z]\\b'),
    custom('hash', '\\b[0-9a-f]{32}\\b'),
    custom('mail', '\\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}\\b'),
    custom('initial', '\\b[A-Z]\\d{7}\\b'),
  ];
  const texts = ['ABCDE1234F', '0123456789abcdef'.repeat(2), 'jo.doe@mail.example.com', 'A1234567'];
  expect(find(rules, `say ${texts.join(', ')}.`).sort()).toEqual(rules.map(({ id }) => `${id} high`).sort());
  expect(found(rules, 'xABCDE1234F ABCDE1234FG 1A1234567 A12345678 a@b')).toEqual([]);
  // At every place of a 64-byte block, and at the end of the text.
  for (let before = 0; before < 70; before++)
    for (const [i, text] of texts.entries())
      expect(found(rules, `${' '.repeat(before)}${text}`)).toEqual([`${rules[i]!.id} high`]);
});

test('text that is made to be read again and again takes time in proportion to its length', () => {
  const rules = [
    custom('mail', '\\b[\\w.]+@[\\w.]+\\.[a-z]{2,}\\b'),
    custom('both', '(?i)confidential.*project'),
    custom('late', '\\w+acme'),
  ];
  const timeOf = (bytes: number, unit: string) => {
    const text = Buffer.from(unit.repeat(bytes / unit.length));
    const start = performance.now();
    find(rules, text);
    return performance.now() - start;
  };
  for (const unit of ['a.', 'confidential ', 'acme']) {
    timeOf(20_000, unit);
    const [once, twelvefold] = [timeOf(50_000, unit), timeOf(600_000, unit)];
    expect(twelvefold, unit).toBeLessThan(once * 12 * 4 + 200);
  }
});

const value = ['s3cr', 'et/Pa$$', '+word-9Zq'].join('');
/** Too short for any view to open its encodings. */
const short = ['p4ss', 'w0rd'].join('');

test('an exact value is found raw, glued, and in every view', () => {
  const rules = exactRules(secretsFileRuleId, '', [Buffer.from(value), Buffer.from(short)]);
  expect(find(rules, `x${value}y`)).toEqual([`${secretsFileRuleId} high`]);
  expect(found(rules, value.toUpperCase())).toEqual([]);
  expect(found(rules, value.slice(0, -1))).toEqual([]);
  for (const { name, wrap } of wrappings)
    expect(found(rules, wrap(value, 0)), name).toEqual([`${secretsFileRuleId} high`]);
});

test('a value too short for the views is found in its encodings', () => {
  const rules = exactRules(environmentRuleId, '', [Buffer.from(short), Buffer.from('kurz>>>?')]);
  find(rules, '');
  for (const text of [short, 'kurz>>>?']) {
    const bytes = Buffer.from(text);
    for (const before of ['', 'a', 'ab', 'abc'])
      for (const encoding of ['base64', 'base64url'] as const)
        expect(found(rules, `"${Buffer.from(`${before}${text};`).toString(encoding)}"`)).toEqual([
          `${environmentRuleId} high`,
        ]);
    expect(found(rules, bytes.toString('hex'))).toHaveLength(1);
    expect(found(rules, bytes.toString('hex').toUpperCase())).toHaveLength(1);
  }
  // `printf p4ssw0rd | base32`, in parts.
  expect(found(rules, ['OA2HG43', 'XGBZGI==='].join(''))).toHaveLength(1);
});

test('a thousand values that begin alike fit beside all rules, and the table holds none of them', {
  timeout: 60_000,
}, () => {
  const values = Array.from({ length: 1000 }, (_, i) =>
    Buffer.from(`tok_live-${'q'.repeat(i % 7)}${i * 7919}-${i}${'z'.repeat(i % 90)}`),
  );
  const rules = [...readRules(), ...exactRules(secretsFileRuleId, '', values)];
  const { table } = compileRules(rules);
  expect(table.length).toBeLessThan(1.5 * 2 ** 20);
  for (const each of values) expect(Buffer.from(table).includes(each.subarray(2, 12))).toBe(false);
  expect(scanner.loadTable(table)).toBeUndefined();
  for (const each of values) expect(found(rules, `"${each}"`)).toContain(`${secretsFileRuleId} high`);
  expect(found(rules, 'tok_live-qqqqqqqqqqqq and nothing more')).toEqual([]);
});

test('values of any bytes are found, and those with a backslash', () => {
  const bytes = Buffer.from([0, 255, 128, 10, 13, 34, 1, 2, 200, 32, 65]);
  const path = ['s3c\\nret', '\\"Key\\\\9'].join('');
  const rules = exactRules(secretsFileRuleId, '', [bytes, Buffer.from(path)]);
  expect(find(rules, Buffer.concat([Buffer.from('x'), bytes]))).toHaveLength(1);
  for (const text of [path, `say ${path} and C:\\npm_and_more`, JSON.stringify({ path })])
    expect(found(rules, text), text).toHaveLength(1);
});

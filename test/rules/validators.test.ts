// The filter's validators against the reference of control/rules, on numbers that are right, nearly right, and random.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aba, iban, ibanStructures, itin, luhn, ssn } from '../../control/rules/check-digits.ts';
import { password as isPassword, mixedPassword, random, urlPassword } from '../../control/rules/randomness.ts';
import * as layout from '../../filter/table/layout.ts';
import { Scanner } from './scanner.ts';
import { compileRules } from './table.ts';

const scanner = await Scanner.load(compileRules([]).table);

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length });
/** A text with a space, a hyphen or nothing put between some of its characters. */
const separated = (text: string) =>
  fc
    .array(fc.constantFrom('', '', '', ' ', '-'), { minLength: text.length, maxLength: text.length })
    .map((signs) => [...text].map((character, i) => character + (i < text.length - 1 ? signs[i] : '')).join(''));

/** The text with one character more or less by one, or as it is. */
const perhapsWrong = (text: string) =>
  fc
    .tuple(fc.boolean(), fc.nat(text.length - 1))
    .map(([isWrong, at]) =>
      isWrong && /[0-9]/.test(text[at]!)
        ? text.slice(0, at) + ((Number(text[at]) + 1) % 10) + text.slice(at + 1)
        : text,
    );

/** A check digit at the end that makes the text right, where one does. */
function completed(text: string, isRight: (text: string) => boolean): string {
  return [...'0123456789'].map((digit) => text + digit).find(isRight) ?? `${text}0`;
}

function modulo97(text: string): number {
  return [...text].reduce((rest, character) => {
    const value = Number.parseInt(character, 36);
    return (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }, 0);
}

const ibanText = fc
  .tuple(
    fc.constantFrom(...Object.entries(ibanStructures)),
    fc.array(fc.nat(35), { minLength: 34, maxLength: 34 }),
    fc.boolean(),
  )
  .map(([[country, structure], values, isOfShape]) => {
    const kinds = [...structure.matchAll(/([0-9]+)([nac])/g)].flatMap(([, count, kind]) =>
      Array(Number(count)).fill(kind),
    );
    const body = kinds
      .map((kind, i) => {
        const value = values[i]!;
        if (!isOfShape && i === 5) return (value % 36).toString(36).toUpperCase();
        return (kind === 'n' ? value % 10 : kind === 'a' ? 10 + (value % 26) : value).toString(36).toUpperCase();
      })
      .join('');
    return country + String(98 - modulo97(`${body}${country}00`)).padStart(2, '0') + body;
  })
  .chain(perhapsWrong)
  // The pattern keeps country and check digits together.
  .chain((text) => separated(text.slice(4)).map((rest) => text.slice(0, 4) + rest))
  .chain((text) => fc.constantFrom('', ' MORE', '-X1', 'X', '9').map((after) => text + after));

const password = fc.oneof(
  fc.constantFrom('password', 'PASS', 'your-password', 'yourpasswords', 'passw', 'xxxxxxxxx', '********', ''),
  fc.string({ unit: fc.constantFrom(...'aBx0*#.!$%&'), maxLength: 12 }),
);

/** A password as the rules find it: named, quoted or not, with words that stand for one among it. */
const assigned = fc
  .tuple(
    fc.constantFrom('password = ', 'password: "', "PASS='", '', 'password="x" + `'),
    fc.oneof(
      password,
      fc
        .array(
          fc.constantFrom(
            'password',
            'Your',
            'none',
            'x',
            '${',
            '$',
            '%',
            '{{',
            '://',
            ' ',
            '7',
            'Kq',
            '-',
            '/',
            '.',
            ':',
            '=',
          ),
          { maxLength: 6 },
        )
        .map((parts) => parts.join('')),
    ),
    fc.constantFrom('', '"', "'", '`', ';', '";', '\t'),
  )
  .map((parts) => parts.join(''));

test.each<[string, number, (text: string) => boolean, fc.Arbitrary<string>]>([
  [
    'luhn',
    layout.VALIDATOR_LUHN,
    luhn,
    fc
      .integer({ min: 11, max: 20 })
      .chain(digits)
      .map((text) => completed(text, luhn))
      .chain(perhapsWrong)
      .chain(separated),
  ],
  ['iban', layout.VALIDATOR_IBAN, iban, ibanText],
  [
    'aba',
    layout.VALIDATOR_ABA,
    aba,
    digits(8)
      .map((text) => completed(text, aba))
      .chain(perhapsWrong)
      .chain(separated),
  ],
  [
    'ssn',
    layout.VALIDATOR_SSN,
    ssn,
    fc
      .oneof(digits(9), fc.constantFrom('078051120', '219099999', '666123456', '123004567', '123450000'))
      .chain(separated),
  ],
  [
    'itin',
    layout.VALIDATOR_ITIN,
    itin,
    fc
      .oneof(
        digits(9),
        digits(8).map((text) => `9${text}`),
      )
      .chain(separated),
  ],
  ['password', layout.VALIDATOR_PASSWORD, isPassword, assigned],
  ['mixed-password', layout.VALIDATOR_MIXED_PASSWORD, mixedPassword, assigned],
  [
    'random',
    layout.VALIDATOR_RANDOM,
    random,
    fc
      .tuple(
        fc.constantFrom('key = "', '', 'a:', 'csrf_token=', 'key_id: ', 'secretName = ', 'token-value: '),
        fc.oneof(
          fc.string({ unit: fc.constantFrom(...'abcdefgXYZ0123_+/.~!@#%^&*- "'), maxLength: 40 }),
          fc.uuid(),
          fc
            .array(fc.constantFrom('the', 'secret', 'store', 'a1b2', 'QZ', 'xk', '7', '-', 'Example', 'abcdefg'), {
              maxLength: 8,
            })
            .map((words) => words.join('')),
        ),
        fc.constantFrom('', '=', '==', '===', '00000000000000000', 'xxxxxxxx'),
      )
      .map((parts) => parts.join('')),
  ],
  [
    'url-password',
    layout.VALIDATOR_URL_PASSWORD,
    urlPassword,
    fc
      .tuple(fc.constantFrom('u', 'user.name', 'a-b'), password)
      .map(([user, password]) => `https://${user}:${password}@h`),
  ],
])('%s', (_, number, reference, text) => {
  let agreed = 0;
  let tried = 0;
  fc.assert(
    fc.property(text, (text) => {
      const expected = reference(text);
      expect(scanner.validate(number, text), text).toBe(expected);
      tried++;
      if (expected) agreed++;
    }),
    { numRuns: 2000 },
  );
  // Both answers came up, else the property says little.
  expect(agreed).toBeGreaterThan(20);
  expect(tried - agreed).toBeGreaterThan(20);
});

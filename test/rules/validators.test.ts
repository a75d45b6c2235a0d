// The filter's validators against the reference of control/rules, on numbers that are right, nearly right, and random.
import { createHash } from 'node:crypto';
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aba, iban, ibanStructures, itin, luhn, ssn } from '../../control/rules/check-digits.ts';
import {
  password as isPassword,
  mixedPassword,
  namedRandom,
  random,
  urlPassword,
} from '../../control/rules/randomness.ts';
import { readRules } from '../../control/rules/read.ts';
import { base58Check, bip39 } from '../../control/rules/wallet.ts';
import * as layout from '../../filter/table/layout.ts';
import { Scanner } from './scanner.ts';
import { compileRules } from './table.ts';

// The words of seed phrases are in a table where a rule needs them.
const scanner = await Scanner.load(compileRules(readRules().filter(({ validator }) => validator === 'bip39')).table);

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length });
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

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
  fc.string({ unit: fc.constantFrom(...'kQwv7Z2p9'), minLength: 8, maxLength: 16 }),
);

/** A value as the rules find it: named, drawn or written, with words, UUIDs and counts among them. */
const named = fc
  .tuple(
    fc.constantFrom('key = "', '', 'a:', 'csrf_token=', 'key_id: ', 'secretName = ', 'token-value: '),
    fc.oneof(
      fc.string({ unit: fc.constantFrom(...'abcdefgXYZ0123_+/.~!@#%^&*- "'), maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(...'bdfhkmpqtwxzBDFHKMPQTWXZ02468'), minLength: 20, maxLength: 40 }),
      fc.uuid(),
      fc
        .array(fc.constantFrom('the', 'secret', 'store', 'a1b2', 'QZ', 'xk', '7', '-', 'Example', 'abcdefg'), {
          maxLength: 8,
        })
        .map((words) => words.join('')),
    ),
    fc.constantFrom('', '=', '==', '===', '00000000000000000', 'xxxxxxxx'),
  )
  .map((parts) => parts.join(''));

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
const base58Digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Bytes in Base58Check. */
function base58(bytes: Uint8Array): string {
  const sum = hash(hash(bytes)).subarray(0, 4);
  const whole = Buffer.concat([bytes, sum]);
  let text = '';
  for (let rest = BigInt(`0x${whole.toString('hex')}`); rest > 0n; rest /= 58n)
    text = base58Digits[Number(rest % 58n)] + text;
  const zeros = whole.findIndex((byte) => byte !== 0);
  return '1'.repeat(zeros < 0 ? whole.length : zeros) + text;
}

/** The text with one character another. */
const perhapsSlipped = (text: string, characters: string) =>
  fc
    .tuple(fc.boolean(), fc.nat(text.length - 1), fc.constantFrom(...characters))
    .map(([isSlipped, at, character]) => (isSlipped ? text.slice(0, at) + character + text.slice(at + 1) : text));

const key = fc
  .tuple(fc.nat(2), fc.uint8Array({ minLength: 1, maxLength: 78 }))
  .map(([zeros, bytes]) => base58(Buffer.concat([Buffer.alloc(zeros), bytes]).subarray(0, 78)))
  .chain((text) => perhapsSlipped(text, `${base58Digits}0OIl`));

const phrase = fc
  .tuple(
    fc.constantFrom(16, 20, 24, 28, 32),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.array(fc.constantFrom(...wordlist), { maxLength: 4 }),
    fc.array(fc.constantFrom(...wordlist), { maxLength: 2 }),
    fc.option(fc.nat(2047)),
  )
  .map(([bytes, entropy, before, after, other]) => {
    const words = entropyToMnemonic(entropy.subarray(0, bytes), wordlist).split(' ');
    if (other !== null) words[other % words.length] = wordlist[other]!;
    return [...before, ...words, ...after].join(' ');
  });

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
  ['random', layout.VALIDATOR_RANDOM, random, named],
  ['named-random', layout.VALIDATOR_NAMED_RANDOM, namedRandom, named],
  ['base58-check', layout.VALIDATOR_BASE58_CHECK, base58Check, key],
  ['bip39', layout.VALIDATOR_BIP39, bip39, phrase],
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

// FIPS 180-4's examples, by NIST: https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('SHA-256 of %j', (text, digest) => expect(scanner.digest(Buffer.from(text)).toString('hex')).toBe(digest));

test('SHA-256 of every length', () => {
  for (let length = 0; length <= 119; length++) {
    const bytes = Buffer.alloc(length, length);
    expect(scanner.digest(bytes).equals(hash(bytes)), `${length} bytes`).toBe(true);
  }
});

// Account numbers as people write them: any that is right is found, in any usual groups, and none with a slip.
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ibanStructures, luhn } from '../../control/rules/check-digits.ts';
import { readRules } from '../../control/rules/read.ts';
import { Scanner } from './scanner.ts';
import { compileRules } from './table.ts';

const rules = readRules();
const scanner = await Scanner.load(compileRules(rules).table);

/** Ids of the financial rules that find something, `!` after those of high confidence. */
function found(text: string, family = 'financial.'): string[] {
  return scanner
    .findIn(Buffer.from(text))
    .map(({ rule, isHigh }) => `${rules[rule]!.id}${isHigh ? '!' : ''}`)
    .filter((id) => id.startsWith(family));
}

const digits = (count: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: count, maxLength: count });

/** Networks: how their numbers begin (ISO/IEC 7812, the networks' own tables), and how long they are. */
const networks: Record<string, { heads: string[]; lengths: number[] }> = {
  Visa: { heads: ['4'], lengths: [16, 19] },
  Mastercard: { heads: ['51', '55', '2221', '2300', '2720'], lengths: [16] },
  'American Express': { heads: ['34', '37'], lengths: [15] },
  Discover: { heads: ['6011', '644', '649', '65'], lengths: [16, 19] },
  'Diners Club': { heads: ['300', '305', '3095', '36', '38', '39'], lengths: [14, 16, 19] },
  JCB: { heads: ['3528', '3589'], lengths: [16, 17, 18, 19] },
  UnionPay: { heads: ['62', '81'], lengths: [16, 17, 18, 19] },
  Maestro: { heads: ['5018', '5612', '5893', '6304', '639', '6759'], lengths: [16, 17, 18, 19] },
  RuPay: { heads: ['60', '65', '81', '82', '508'], lengths: [16] },
  Mir: { heads: ['2200', '2204'], lengths: [16] },
  Troy: { heads: ['9792'], lengths: [16] },
  UATP: { heads: ['1001', '1999'], lengths: [15] },
};

/** The groups that a number of each length is printed in. */
const groups: Record<number, number[][]> = {
  14: [[14], [4, 6, 4]],
  15: [[15], [4, 6, 5], [4, 4, 4, 3]],
  16: [[16], [4, 4, 4, 4]],
  17: [[17], [4, 4, 4, 4, 1]],
  18: [[18], [4, 4, 4, 4, 2]],
  19: [[19], [4, 4, 4, 4, 3]],
};
const separators = [' ', '-', '.', '\u00a0', '\u202f', '\u2013'];

function cut(text: string, sizes: readonly number[]): string[] {
  const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size));
  return ends.map((end, i) => text.slice(end - sizes[i]!, end));
}

const card = fc
  .constantFrom(...Object.keys(networks))
  .chain((network) =>
    fc.record({
      network: fc.constant(network),
      head: fc.constantFrom(...networks[network]!.heads),
      length: fc.constantFrom(...networks[network]!.lengths),
      rest: digits(19),
    }),
  )
  .map(({ network, head, length, rest }) => {
    const body = (head + rest).slice(0, length - 1);
    return { network, number: [...'0123456789'].map((digit) => body + digit).find(luhn)! };
  });

test('a card number of any network, in any usual groups', () => {
  fc.assert(
    fc.property(card, fc.constantFrom(...separators), fc.nat(1), ({ network, number }, separator, index) => {
      const shapes = groups[number.length]!;
      const shape = network === 'UATP' ? shapes[0]! : shapes[index % shapes.length]!;
      const text = `the card is ${cut(number, shape).join(separator)}, 12/28`;
      expect(found(text, 'financial.payment-card.'), text).not.toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test('no card number with one digit changed', () => {
  fc.assert(
    fc.property(card, fc.nat(18), fc.integer({ min: 1, max: 9 }), ({ number }, at, more) => {
      const place = at % number.length;
      const slipped = number.slice(0, place) + ((Number(number[place]) + more) % 10) + number.slice(place + 1);
      expect(found(`the card is ${slipped}, 12/28`, 'financial.payment-card.'), slipped).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

test('a card number at the end of a line is found, and its neighbours are no part of it', () => {
  const number = ['4539 5787', ' 6362 1486'].join('').replaceAll(' ', '');
  for (const separator of [',', ';', '\t', '|', '"'])
    for (const end of ['\n', '\r\n', ''])
      expect(found(`1234${separator}${number}${end}5678${separator}90`)).toEqual(
        end === '' ? [] : ['financial.payment-card.number!'],
      );
  expect(found(`1234\n${number.slice(0, 8)}\n${number.slice(8)}\n`)).toEqual([]);
});

test('a card number as a JSON number', () => {
  const number = ['45395787', '63621486'].join('');
  expect(found(`{"card":${number}}`)).toEqual(['financial.payment-card.number!']);
  expect(found(`[${number},1]`)).toEqual(['financial.payment-card.number!']);
});

test('a number that is made up is a finding of low confidence, also beside "card"', () => {
  const madeUp = [
    ['5454 5454', ' 5454 5454'],
    ['5678 5678', ' 5678 5678'],
    ['2345 6789', ' 1234 5678'],
  ];
  for (const pieces of madeUp) {
    const [id, ...others] = found(`card ${pieces.join('')}`);
    expect(id, pieces[0]).toMatch(/^financial\.payment-card\.[a-z]+(?:-number)?$/);
    expect(others).toEqual([]);
  }
});

test('a number that is published for tests is found like any other', () => {
  const published = [
    ['4111 1111', ' 1111 1111'],
    ['3782 822463', ' 10005'],
    ['4242 4242', ' 4242 4242'],
    ['5555-5555', '-5555-4444'],
  ];
  for (const pieces of published) expect(found(pieces.join(''))).toEqual(['financial.payment-card.number!']);
});

test('of drawn card numbers one in a hundred at most passes for made up', () => {
  const drawn = fc.sample(
    card.filter(({ network }) => network === 'Visa'),
    { numRuns: 3000, seed: 7 },
  );
  const low = drawn.filter(
    ({ number }) => number.length === 16 && !found(number).includes('financial.payment-card.number!'),
  );
  expect(low.length).toBeLessThan(drawn.length / 100);
});

function modulo97(text: string): number {
  return [...text].reduce((rest, character) => {
    const value = Number.parseInt(character, 36);
    return (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }, 0);
}

const iban = fc
  .tuple(fc.constantFrom(...Object.entries(ibanStructures)), fc.array(fc.nat(35), { minLength: 34, maxLength: 34 }))
  .map(([[country, structure], values]) => {
    const kinds = [...structure.matchAll(/([0-9]+)([nac])/g)].flatMap(([, count, kind]) =>
      Array<string>(Number(count)).fill(kind!),
    );
    const body = kinds
      .map((kind, i) =>
        (kind === 'n' ? values[i]! % 10 : kind === 'a' ? 10 + (values[i]! % 26) : values[i]!).toString(36),
      )
      .join('')
      .toUpperCase();
    return country + String(98 - modulo97(`${body}${country}00`)).padStart(2, '0') + body;
  });

test('an IBAN of any country, compact or in groups of four', () => {
  fc.assert(
    fc.property(iban, fc.constantFrom('', ...separators), (number, separator) => {
      const text = `to ${number.match(/.{1,4}/g)!.join(separator)}.`;
      expect(found(text, 'financial.iban.'), text).toEqual(['financial.iban.number!']);
    }),
    { numRuns: 2000 },
  );
});

test('no IBAN with one digit changed', () => {
  fc.assert(
    fc.property(iban, fc.nat(33), fc.integer({ min: 1, max: 9 }), fc.boolean(), (number, at, more, isPrinted) => {
      const place = 2 + (at % (number.length - 2));
      fc.pre(/[0-9]/.test(number[place]!));
      const slipped = number.slice(0, place) + ((Number(number[place]) + more) % 10) + number.slice(place + 1);
      const text = isPrinted ? slipped.match(/.{1,4}/g)!.join(' ') : slipped;
      expect(found(`to ${text}.`), text).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test('what only looks like an account number', () => {
  const others = [
    'order 2024-11-22-0001234567',
    'at 20241122231500 and 1732316112345 and 1732316112345678',
    '550e8400-e29b-41d4-a716-446655440000',
    'IMEI 490154203237518',
    'EAN 4006381333931, GTIN 04006381333931',
    'call +1 (415) 555-2671 or +44 20 7946 0958 or 0049 30 901820',
    'sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904',
    'tracking 9400 1118 9922 3334 4445 55, 1Z999AA10123456784',
    'ISBN 978-3-16-148410-0 and 9783161484100',
    'MAC 00:1B:44:11:3A:B7',
    '3.14159265358979323846264338327950288',
    '4111.111111111111 and -4111.1111111111',
    '52.520008, 13.404954',
    '{"id":"5f4dcc3b5aa765d61d8327deb882cf99","count":1234567890}',
  ];
  expect(others.filter((text) => found(text).length > 0)).toEqual([]);
});

const drawnPhrase = fc
  .tuple(fc.constantFrom(16, 20, 24, 28, 32), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([bytes, entropy]) => entropyToMnemonic(entropy.subarray(0, bytes), wordlist).split(' '));

test('a seed phrase of any length, wherever it stands', () => {
  fc.assert(
    fc.property(drawnPhrase, fc.constantFrom(' ', '\n', ','), fc.nat(80), (words, sign, shift) => {
      const text = `${'It is. '.repeat(20).slice(0, shift)}: ${words.join(sign)}. Keep it.`;
      expect(found(text), text).toEqual(['financial.wallet.seed-phrase!']);
    }),
    { numRuns: 1000 },
  );
});

test('a seed phrase behind words that are in the list too', () => {
  const words = ['text evil happy twist', 'dizzy street found ancient home hand media fiscal'].join(' ');
  expect(found(`enter: secret wallet phrase ${words}`)).toEqual(['financial.wallet.seed-phrase!']);
});

test('neither the list itself nor a longer row of its words', () => {
  expect(found(wordlist.join('\n'))).toEqual([]);
  expect(found(wordlist.join(' '))).toEqual([]);
  const row = fc.sample(fc.constantFrom(...wordlist), { numRuns: 3000, seed: 1 });
  expect(found(row.join(' '))).toEqual([]);
});

test('a text of nothing but rows of twelve is not read to its end, and says so', () => {
  const row = `${['text evil happy twist', 'dizzy street found ancient home hand media zebra'].join(' ')}. `;
  expect(found(row.repeat(1000))).toEqual([]);
  expect(scanner.wasCut).toBe(false);
  expect(found(row.repeat(1001))).toEqual([]);
  expect(scanner.wasCut).toBe(true);
});

import { describe, expect, test } from 'vitest';
import { aba, iban, ibanLengths, itin, luhn, ssn } from './check-digits.ts';

/** Every text with one digit changed. */
function withOneDigitChanged(text: string): string[] {
  return [...text].flatMap((digit, at) =>
    /[0-9]/.test(digit) ? [text.slice(0, at) + ((Number(digit) + 1) % 10) + text.slice(at + 1)] : [],
  );
}

describe('luhn', () => {
  const good = ['4111 1111 1111', ' 1111'].join('');
  test('accepts a card number with its separators', () => expect(luhn(good)).toBe(true));
  test('accepts no number with one digit changed', () => expect(withOneDigitChanged(good).filter(luhn)).toEqual([]));
  test('accepts 13 to 19 digits only', () => {
    expect(luhn('0'.repeat(12))).toBe(false);
    expect(luhn('0'.repeat(13))).toBe(true);
    expect(luhn('0'.repeat(19))).toBe(true);
    expect(luhn('0'.repeat(20))).toBe(false);
  });
});

describe('iban', () => {
  // The registry's own examples.
  const examples = [
    ['AD12 0001 2030 2003', '5910 0100'],
    ['AE07 0331 2345 6789', '0123 456'],
    ['AL47 2121 1009 0000', '0002 3569 8741'],
    ['BR18 0036 0305 0000', '1000 9795 493C 1'],
    ['CH93 0076 2011 6238', '5295 7'],
    ['DE89 3704 0044 0532', '0130 00'],
    ['FR14 2004 1010 0505', '0001 3M02 606'],
    ['GB29 NWBK 6016 1331', '9268 19'],
    ['IT60 X054 2811 1010', '0000 0123 456'],
    ['MT84 MALT 0110 0001', '2345 MTLC AST0 01S'],
    ['MU17 BOMM 0101 1010', '3030 0200 000M UR'],
    ['NL91 ABNA 0417', '1643 00'],
    ['NO93 8601', '1117 947'],
    ['SC18 SSCB 1101 0000', '0000 0000 1497 USD'],
  ].map((pieces) => pieces.join(' '));

  test.each(examples.map((text) => [text.slice(0, 2), text]))('%s, printed and compact', (_, text) => {
    expect(iban(text)).toBe(true);
    expect(iban(text.replaceAll(' ', ''))).toBe(true);
    expect(withOneDigitChanged(text).filter(iban)).toEqual([]);
  });

  test('leaves out what follows after a space, and nothing else', () => {
    expect(iban(`${examples[5]} ALL CAPS`)).toBe(true);
    expect(iban(`${examples[5]}ALL CAPS`)).toBe(false);
    expect(iban(examples[5]!.slice(0, -1))).toBe(false);
  });

  test('a country that has none', () => expect(iban('US64 0000 0000 0000 0000')).toBe(false));

  test('lengths run from 15 to 33', () => {
    const lengths = Object.values(ibanLengths);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([15, 33]);
  });
});

describe('aba', () => {
  const good = ['0210', '0002', '1'].join('');
  test('accepts a routing number', () => expect(aba(good)).toBe(true));
  test('accepts its printed form', () => expect(aba('0210-0002-1')).toBe(true));
  test('accepts no number with one digit changed', () => expect(withOneDigitChanged(good).filter(aba)).toEqual([]));
  test('accepts no number outside the ranges', () => expect(aba('500000005')).toBe(false));
});

test('ssn leaves out what was never issued', () => {
  expect(['536-90-4399', '001-01-0001', '899 99 9999'].map(ssn)).toEqual([true, true, true]);
  const never = ['000-12-3456', '666-12-3456', '900-12-3456', '123-00-4567', '123-45-0000', '078-05-1120'];
  expect(never.filter(ssn)).toEqual([]);
});

test('itin leaves out what was never issued', () => {
  expect(['912-50-1234', '912-70-1234', '912-99-1234'].map(itin)).toEqual([true, true, true]);
  expect(['912-49-1234', '912-66-1234', '912-89-1234', '912-93-1234', '812-70-1234'].filter(itin)).toEqual([]);
});

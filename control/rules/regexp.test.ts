import { expect, test } from 'vitest';
import { masked, random, urlPassword } from './randomness.ts';
import { patternRegExp } from './regexp.ts';

test.each([
  ['(?i:key)=A', 'KeY=A', true],
  ['(?i:key)=A', 'key=a', false],
  ['(?i:k[a-c]\\w_(?:x|y)?z)!', 'KBW_XZ!', true],
  ['(?i:(?:a_(?:b)?c|d)_(?:e|f)?_?g)', 'A_BC_E_G', true], // the one V8 misses
  ['[(?i:]a', 'A', false],
])('%s on %s', (pattern, text, found) => {
  expect(patternRegExp(pattern).test(text)).toBe(found);
});

test.each([
  [['api_key = "', 'q7Vb2Kz9Xw4Lm8Tn5Rp1'], true],
  [['api_key = ', 'q7Vb2Kz9Xw4Lm8Tn5Rp1=='], true],
  [['api_key = abc123def456ghi789jkl'], false],
  [['api_key = my-application-settings'], false],
  [['api_key = 1111111111aaaaaaaaaa'], false],
  [['api_key = q7Vxxxxxxxxxxxx2Kz9Xw4Lm'], false],
])('random %#', (pieces, found) => expect(random(pieces.join(''))).toBe(found));

test('a mask is a row of the same letter or sign', () => {
  expect(['ghp_xxxxxxxxxxxx', 'sk-********', '0000000000000'].map(masked)).toEqual([true, true, true]);
  expect(['abcdefghijkl', 'deadbeef'].map(masked)).toEqual([false, false]);
});

test('a password that is the word for one is none', () => {
  expect(urlPassword('postgres://user:password@host')).toBe(false);
  expect(urlPassword(['postgres://user:', 'passw0rd1@host'].join(''))).toBe(true);
});

import { expect, test } from 'vitest';
import { regexComplaint } from './regex.ts';

test.each([
  'abc',
  '(?i)transfer|wire',
  '(?P<name>a+)',
  '(?is:x.y)',
  '(?U)a*',
  String.raw`\bkey\b`,
  '[[:alpha:]]+',
  String.raw`\(\?=`,
])('%s', (text) => {
  expect(regexComplaint(text)).toBeUndefined();
});

test.each(['(', 'a)', '[a', '*a', 'a(?=b)', 'a(?!b)', '(?<=a)b', '(?<!a)b', String.raw`\\(?=x)`, 'a{2,1}'])(
  '%s is none',
  (text) => {
    expect(regexComplaint(text)?.code).toBe('bad-regex');
  },
);

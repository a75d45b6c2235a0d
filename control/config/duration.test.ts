import { expect, test } from 'vitest';
import { durationComplaint, parseDuration } from './duration.ts';

test.each([
  ['24h', 86_400],
  ['1h30m', 5400],
  ['1.5s', 1.5],
  ['.5m', 30],
  ['250ms', 0.25],
  ['0', 0],
  ['0s', 0],
  ['1h1m1s', 3661],
])('%s is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBeCloseTo(seconds, 9);
});

test.each([
  '',
  '24',
  'h',
  '24 h',
  '-1h',
  '1d',
  '1h30',
  '1h x',
  'x1h',
  '.s',
  '1,5s',
  '24H',
  '9'.repeat(400).concat('h'),
])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
  expect(durationComplaint(text, 0, 1e9)?.code).toBe('bad-duration');
});

test('bounds are included', () => {
  expect(durationComplaint('1m', 60, 3600)).toBeUndefined();
  expect(durationComplaint('59s', 60, 3600)).toMatchObject({ code: 'out-of-range', remedy: 'write 60s or more' });
  expect(durationComplaint('1h', 60, 3600)).toBeUndefined();
  expect(durationComplaint('61m', 60, 3600)).toMatchObject({ code: 'out-of-range', remedy: 'write 1h or less' });
});

import { expect, test } from 'vitest';
import { cidrComplaint, formatCidr, parseCidr } from './cidr.ts';

test.each([
  ['10.0.0.0/8', '10.0.0.0', 8],
  ['0.0.0.0/0', '0.0.0.0', 0],
  ['10.1.2.3/32', '10.1.2.3', 32],
  ['::1/128', '::1', 128],
  ['fc00::/7', 'fc00::', 7],
  ['::ffff:10.0.0.0/104', '::ffff:10.0.0.0', 104],
])('%s', (text, address, prefixLength) => {
  expect(parseCidr(text)).toEqual({ address, prefixLength });
  expect(formatCidr({ address, prefixLength })).toBe(text);
  expect(cidrComplaint(text)).toBeUndefined();
});

test.each([
  '',
  '10/8',
  '10.0.0.0',
  '10.0.0.0/33',
  '10.0.0.0/08',
  '10.0.0.0/',
  '::1/129',
  'fe80::1%eth0/64',
  '010.0.0.0/8',
  '/8',
])('%j is no range', (text) => {
  expect(parseCidr(text)).toBeUndefined();
  expect(cidrComplaint(text)?.code).toBe('bad-cidr');
});

test('a single address is told its prefix length', () => {
  expect(cidrComplaint('10.0.0.1')?.remedy).toBe('write 10.0.0.1/32 for this one address');
  expect(cidrComplaint('::1')?.remedy).toBe('write ::1/128 for this one address');
});

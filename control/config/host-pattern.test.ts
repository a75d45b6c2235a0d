import { expect, test } from 'vitest';
import { hostPatternComplaint, normaliseHostPattern } from './host-pattern.ts';

test.each([
  'example.com',
  '*.example.com',
  'EXAMPLE.com.',
  'localhost',
  'sure-web',
  '_dmarc.example.com',
  'xn--bcher-kva.example',
  '127.0.0.1',
  '::1',
  `${'a'.repeat(63)}.example`,
])('%s is a host pattern', (text) => {
  expect(hostPatternComplaint(text)).toBeUndefined();
});

test.each([
  ['', 'write a host such as example.com, or remove it'],
  ['  ', 'write a host such as example.com, or remove it'],
  ['*', 'name a domain, such as *.example.com'],
  ['*.', 'name a domain, such as *.example.com'],
  ['*.*', 'name a domain, such as *.example.com'],
  ['https://example.com/v1', 'write example.com'],
  ['example.com:443', 'write example.com'],
  ['example.com/v1', 'write example.com'],
  ['http://', 'write the host alone, such as example.com'],
  ['api.*.example.com', 'write *. once, at the start: *.example.com'],
  ['*example.com', 'write *. once, at the start: *.example.com'],
  ['bücher.example', 'write xn--bcher-kva.example'],
  ['-a.example', 'write a name such as example.com or *.example.com'],
  ['a..example', 'write a name such as example.com or *.example.com'],
  ['a b.example', 'write a name such as example.com or *.example.com'],
  [`${'a'.repeat(64)}.example`, 'write a name such as example.com or *.example.com'],
  [`${'a.'.repeat(127)}example`, 'write a name such as example.com or *.example.com'],
])('%j is none', (text, remedy) => {
  expect(hostPatternComplaint(text)).toMatchObject({ code: 'bad-host-pattern', remedy });
});

test('case and a final dot do not tell hosts apart', () => {
  expect(normaliseHostPattern('*.Example.COM.')).toBe('*.example.com');
});

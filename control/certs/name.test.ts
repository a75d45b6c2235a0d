import { describe, expect, test } from 'vitest';
import { checkName, noSniName } from './name.ts';

const label63 = 'a'.repeat(63);

describe('checkName', () => {
  test.each([
    'api.openai.com',
    'localhost',
    'xn--bcher-kva.example',
    '_dmarc.example',
    'a_b.example',
    'redis',
    '1password.com',
    '0x7f.example',
    `${label63}.example`,
    `${label63}.${label63}.${label63}.${'a'.repeat(61)}`,
  ])('%s', (name) => {
    expect(checkName(name)).toEqual({ name });
  });

  test('lower-cases', () => {
    expect(checkName('API.OpenAI.Com')).toEqual({ name: 'api.openai.com' });
  });

  test.each([
    ['', 'not a DNS name'],
    ['.', 'not a DNS name'],
    ['a..b', 'not a DNS name'],
    ['example.com.', 'not a DNS name'],
    ['-a.example', 'not a DNS name'],
    ['a-.example', 'not a DNS name'],
    ['*.example', 'not a DNS name'],
    ['a b.example', 'not a DNS name'],
    ['a\n.example', 'not a DNS name'],
    ['a.example\n', 'not a DNS name'],
    ['a\0.example', 'not a DNS name'],
    ['bücher.example', 'not a DNS name'],
    // KELVIN SIGN, whose lower case is an ASCII k
    ['\u212a.example', 'not a DNS name'],
    ['a/b', 'not a DNS name'],
    ['a:443', 'not a DNS name'],
    [`${label63}a.example`, 'not a DNS name'],
    [`${label63}.${label63}.${label63}.${'a'.repeat(62)}`, 'longer than 253 characters'],
    ['10.0.0.1', 'an IP address'],
    ['::1', 'an IP address'],
    ['2130706433', 'an IP address'],
    ['0x7f000001', 'an IP address'],
    ['127.1', 'an IP address'],
    ['0177.0.0.1', 'an IP address'],
    [noSniName, 'the client sent no server name'],
  ])('refuses %j', (name, refused) => {
    expect(checkName(name)).toEqual({ refused });
  });
});

import { describe, expect, test } from 'vitest';
import { formatAddress, parseListen, parseUpstream, StartError } from './options.ts';

describe('parseListen', () => {
  test.for([
    ['0.0.0.0:8888', '0.0.0.0', 8888],
    ['[::]:8888', '::', 8888],
    [':8888', '0.0.0.0', 8888],
    ['localhost:0', '127.0.0.1', 0],
    ['[::1]:65535', '::1', 65535],
  ] as const)('%s', ([text, address, port]) => {
    expect(parseListen(text, '--listen')).toEqual({ address, port });
  });

  test.for([
    '8888',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '::1:80',
    '[127.0.0.1]:80',
    'example.com:80',
    '1.2.3.4:8x',
    '[]:80',
  ])('refuses %s', (text) => {
    expect(() => parseListen(text, '--listen')).toThrow(
      new StartError([
        `--listen: "${text}" is not an address to listen on; write ADDRESS:PORT, such as 127.0.0.1:8888`,
      ]),
    );
  });

  test('formatAddress gives back what was read', () => {
    for (const text of ['0.0.0.0:8888', '[::1]:80']) expect(formatAddress(parseListen(text, ''))).toBe(text);
  });
});

describe('parseUpstream', () => {
  test('takes http and https', () => {
    expect(parseUpstream('http://sure:3000/mcp').pathname).toBe('/mcp');
    expect(parseUpstream('https://mcp.example').href).toBe('https://mcp.example/');
  });

  test.for(['sure:3000', 'ftp://a/', 'http://', '', 'http://a/?x=1', 'http://a/#x'])('refuses %s', (text) => {
    expect(() => parseUpstream(text)).toThrow(/^--mcp-upstream: /);
  });

  test('refuses credentials without repeating them', () => {
    expect(() => parseUpstream('http://user:word@a/')).toThrow(/^--mcp-upstream: holds a user name or password; send/);
  });
});

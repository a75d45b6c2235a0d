import { describe, expect, it } from 'vitest';
import { authorityPattern, loopPattern, ownAuthorityPattern } from './authority.ts';

// Envoy matches the whole value. JavaScript has no (?i) at the start; the rest means the same as in RE2.
const matches = (pattern: string, text: string) =>
  new RegExp(`^(?:${pattern.replaceAll('(?i)', '')})$`, 'i').test(text);

describe('authorityPattern', () => {
  it.each([
    ['api.example', true],
    ['API.Example:443', true],
    ['api.example.', true],
    ['api.example..:8443', true],
    ['api.example:', true],
    ['x.api.example', false],
    ['apixexample', false],
    ['api.example.evil', false],
    ['xapi.example', false],
  ])('api.example and %s: %s', (text, is) => {
    expect(matches(authorityPattern(['api.example']), text)).toBe(is);
  });

  it.each([
    ['corp.example', true, false],
    ['a.corp.example:443', true, true],
    ['a.b.CORP.example.', true, true],
    ['xcorp.example', false, false],
    ['a.corp.example.evil', false, false],
  ])('*.corp.example and %s: %s, without the apex %s', (text, is, below) => {
    expect(matches(authorityPattern(['*.corp.example']), text)).toBe(is);
    expect(matches(authorityPattern(['*.corp.example'], { apex: false }), text)).toBe(below);
  });

  it('matches any of several, all for *, and none without patterns', () => {
    expect(matches(authorityPattern(['a.example', 'b.example']), 'b.example:1')).toBe(true);
    expect(matches(authorityPattern(['*']), 'whatever:1')).toBe(true);
    for (const text of ['', 'a', 'a.example:443']) expect(matches(authorityPattern([]), text)).toBe(false);
  });
});

describe('ownAuthorityPattern and loopPattern', () => {
  it.each(['localhost:8888', '10.1.2.3:8888', '[::1]:8888', 'gateway.ns.svc:8888'])('%s is its own port', (text) => {
    expect(matches(ownAuthorityPattern(8888), text)).toBe(true);
    expect(matches(ownAuthorityPattern(0), text)).toBe(true);
  });

  it.each(['localhost', 'localhost:88888', 'localhost:80'])('%s is not', (text) => {
    expect(matches(ownAuthorityPattern(8888), text)).toBe(false);
  });

  it.each([
    ['localhost:8888', true],
    ['LOCALHOST.:8889', true],
    ['127.1:8888', true],
    ['[::1]:8888', true],
    ['localhost:3000', false],
    ['api.example:8888', false],
  ])('%s leads back: %s', (text, is) => {
    expect(matches(loopPattern([8888, 8889]), text)).toBe(is);
  });
});

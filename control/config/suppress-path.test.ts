import { expect, test } from 'vitest';
import { parseSuppressPath } from './suppress-path.ts';

test.each([
  ['docs.example.com', 'docs.example.com', ''],
  ['*.Example.com', '*.example.com', ''],
  ['https://docs.example.com/', 'docs.example.com', ''],
  ['docs.example.com/*', 'docs.example.com', ''],
  ['docs.example.com/public/', 'docs.example.com', '/public/*'],
  ['docs.example.com/a/*.md', 'docs.example.com', '/a/*.md'],
  ['10.0.0.7/x', '10.0.0.7', '/x'],
  ['/health', '', '/health'],
  ['*/robots.txt', '', '*/robots.txt'],
  ['*', '', ''],
])('%s', (text, host, path) => {
  expect(parseSuppressPath(text)).toEqual({ host, path });
});

test.each([
  ['', 'not-allowed'],
  ['https://', 'not-allowed'],
  ['a.example/x?y', 'not-allowed'],
  ['a.example/x y', 'not-allowed'],
  ['a.example/é', 'not-allowed'],
  ['a.example/../x', 'not-allowed'],
  ['a.*.example/x', 'bad-host-pattern'],
  ['a.example:8443/x', 'bad-host-pattern'],
])('%s is refused', (text, code) => {
  expect(parseSuppressPath(text)).toMatchObject({ code });
});

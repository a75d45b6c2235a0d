import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTokenFile } from './token-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'penstock-tokens-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, mode = 0o600) {
  const file = join(folder, 'tokens');
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode });
  const { digests, problems } = readTokenFile(file);
  return {
    digests: digests.map((each) => Buffer.from(each).toString('hex')),
    said: problems.map(({ message }) => message).join(),
  };
}

const token = 'abcdefgh-0123456789';
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

test('a token a line', () => {
  const longest = `${'ab01'.repeat(29)}xyz`;
  expect(longest).toHaveLength(119);
  expect(read(`# a comment\n${token}\r\n\n  ${longest}\n`, 0o640)).toEqual({
    digests: [digest(token), digest(longest)],
    said: '',
  });
});

test.each([
  ['', 'holds no token'],
  ['# none\n', 'holds no token'],
  ['abcdefgh1234567', 'a token of 15 bytes'],
  ['ab01'.repeat(30), 'a token of 120 bytes'],
  ['two words 0123456789', 'holds what is no bearer token'],
  [Array.from({ length: 9 }, (_, i) => `${token}${i}`).join('\n'), '9 tokens'],
])('%j is refused', (text, message) => {
  const { digests, said } = read(text);
  expect(digests).toEqual([]);
  expect(said).toContain(message);
  if (text.length > 10) expect(said).not.toContain(text.slice(0, 10));
});

test('a file that others can read is refused, and one that is not there', () => {
  expect(read(token, 0o644).said).toContain('others may read it');
  expect(readTokenFile(join(folder, 'none')).problems[0]!.message).toContain('no such file');
});

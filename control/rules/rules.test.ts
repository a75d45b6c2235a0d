import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRules, valueFolders, wordingFolders } from './read.ts';
import { referenceScanner } from './reference.ts';

const rules = readRules(undefined, [...valueFolders, ...wordingFolders]);
const root = join(import.meta.dirname, '../..');
const scan = referenceScanner(rules);
/** The bytes of a text, one a character. */
const bytesOf = (text: string) => Buffer.from(text).toString('latin1');

describe.each(rules.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  const scanAlone = referenceScanner([rule]);

  test.each(rule.match.map((text, at) => [at, text] as const))('finds match[%i]', (_, text) => {
    expect(scanAlone(bytesOf(text)).map((finding) => finding.id)).toContain(id);
  });

  test.each(rule.reject.map((text, at) => [at, text] as const))('leaves reject[%i]', (_, text) => {
    expect(scanAlone(bytesOf(text))).toEqual([]);
  });
});

test('no line of clean.txt is a finding', { timeout: 60_000 }, () => {
  const lines = readFileSync(join(import.meta.dirname, 'clean.txt'), 'latin1').split('\n');
  expect(lines.length).toBeGreaterThan(200);
  const found = lines.flatMap((line, at) => scan(line).map(({ id }) => `clean.txt:${at + 1}: ${id}`));
  expect(found).toEqual([]);
});

test('clean.txt as one text is no finding', () => {
  expect(scan(readFileSync(join(import.meta.dirname, 'clean.txt'), 'latin1'))).toEqual([]);
});

test('no file of the repository holds a credential', { timeout: 60_000 }, () => {
  const names = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root });
  const found: string[] = [];
  for (const name of names
    .toString()
    .split('\0')
    .filter((name) => name !== '')) {
    const stat = statSync(join(root, name), { throwIfNoEntry: false });
    if (!stat?.isFile()) continue;
    const text = readFileSync(join(root, name), 'latin1');
    for (const { id, confidence, start } of scan(text)) {
      if (!id.startsWith('credential.') || confidence !== 'high') continue;
      found.push(`${name}:${text.slice(0, start).split('\n').length}: ${id}`);
    }
  }
  expect(found).toEqual([]);
});

test('at least thirty issuers of credentials', () => {
  const issuers = new Set(rules.filter(({ id }) => id.startsWith('credential.')).map(({ id }) => id.split('.')[1]));
  expect(issuers.size).toBeGreaterThanOrEqual(30);
});

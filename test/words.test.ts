// One word for one thing (ARCHITECTURE.md, Words): what must not be said instead, in names, texts and documents.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** What not to say, and the word for it. Words that also mean something else here are not in the list. */
const synonyms: Record<string, string> = {
  detector: 'rule',
  ruleset: 'rule',
  signature: 'pattern',
  bytecode: 'table',
  decoding: 'view',
  detection_result: 'finding',
  alert: 'finding',
  violation: 'finding',
  incident: 'finding',
  threat: 'finding',
  adjudication: 'verdict',
  judgement: 'verdict',
  whitelist: 'allowed',
  blacklist: 'blocked',
  toolprint: 'pin',
};

/** Where a word is somebody else's: X.509 and receipts are signed, TLS and Prometheus have alerts, and the word list itself. */
const foreign: [word: string, file: RegExp][] = [
  ['signature', /^control\/(?:certs|receipts)\//],
  ['alert', /^test\/|^chart\/gateway\/files\/prometheus-rules\.yaml$/],
  // The definition of a view, and what a decoder does.
  ['decoding', /^(?:ARCHITECTURE\.md|filter\/proxy-wasm-as\/)/],
];

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
  .toString()
  .split('\0')
  .filter((file) => /\.(?:ts|mjs|md|yaml)$/.test(file) && existsSync(join(root, file)))
  // Rule files quote issuers and their documentation.
  .filter((file) => file !== 'test/words.test.ts' && !/^control\/rules\/.*\.yaml$/.test(file));

test.each(Object.entries(synonyms))('%s is not said for %s', (synonym, word) => {
  // Also in the middle of a name in camel case. All capitals are somebody else's error code.
  const [first, rest] = [synonym.charAt(0), synonym.slice(1)];
  const pattern = new RegExp(
    `(?:(?<![A-Za-z])[${first}${first.toUpperCase()}]|(?<=[a-z])${first.toUpperCase()})${rest}s?(?![a-z])`,
  );
  const said = files.flatMap((file) => {
    if (foreign.some(([other, where]) => other === synonym && where.test(file))) return [];
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    return lines.flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: say ${word}: ${line.trim()}`] : []));
  });
  expect(said).toEqual([]);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRules } from './read.ts';
import { patternRegExp } from './regexp.ts';
import { RuleError } from './rule.ts';

let directory: string;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'penstock-rules-')), 'rules');
  for (const folder of ['credential', 'financial', 'injection', 'terms'])
    mkdirSync(join(directory, folder), { recursive: true });
});

afterEach(() => rmSync(join(directory, '..'), { recursive: true }));

const entry = `secret-key:
  title: Example key
  risk: opens the example
  severity: high
  confidence: high
  pattern: 'exk_[0-9]{20}'
  source: https://example.com/keys
  match:
    - [exk_, '01234567890123456789']
  reject:
    - exk_0
`;

function write(name: string, text: string): void {
  writeFileSync(join(directory, name), text);
}

function problems(): RuleError['problems'] {
  try {
    readRules(directory);
  } catch (error) {
    if (error instanceof RuleError) return error.problems;
    throw error;
  }
  return [];
}

test('an entry becomes a rule, its pieces joined, its id the path', () => {
  write('credential/example.yaml', entry);
  expect(readRules(directory)).toEqual([
    {
      id: 'credential.example.secret-key',
      title: 'Example key',
      risk: 'opens the example',
      severity: 'high',
      confidence: 'high',
      pattern: 'exk_[0-9]{20}',
      source: 'https://example.com/keys',
      match: ['exk_01234567890123456789'],
      reject: ['exk_0'],
      near: [],
      nearRequired: false,
      samples: [],
      ownUrlHosts: [],
      exemptHosts: [],
      ownBodyHosts: [],
      ownCookie: false,
      also: [],
      place: 'rules/credential/example.yaml:1',
    },
  ]);
});

test('a name becomes part of the pattern', () => {
  write('credential/example.yaml', entry.replace('  pattern:', "  name: 'example_key'\n  pattern:"));
  const pattern = readRules(directory)[0]?.pattern ?? '';
  expect(pattern.startsWith('(?i:example_key)')).toBe(true);
  expect(pattern.endsWith('exk_[0-9]{20}')).toBe(true);
});

test('a key of an issuer has the names that people give it', () => {
  write('credential/example.yaml', entry.replace('  pattern:', '  key-of: exam[_-]?ple\n  pattern:'));
  const expression = patternRegExp(readRules(directory)[0]?.pattern ?? '');
  const value = ['exk_', '01234567890123456789'].join('');
  for (const name of ['EXAMPLE_API_KEY=', 'exam-ple-token: ', '"exampleClientSecret": "', 'ExamplePrivateAccessKey = '])
    expect(expression.test(name + value), name).toBe(true);
  for (const name of ['EXAMPLE=', 'EXAMPLE_KEYBOARD=', 'example_id: '])
    expect(expression.test(name + value), name).toBe(false);
});

test('rules are sorted by id', () => {
  write('financial/a.yaml', entry);
  write('credential/b.yaml', entry);
  write('credential/a.yaml', entry);
  expect(readRules(directory).map(({ id }) => id)).toEqual([
    'credential.a.secret-key',
    'credential.b.secret-key',
    'financial.a.secret-key',
  ]);
});

test('all problems of all files come at once, each with its place', () => {
  write(
    'credential/a.yaml',
    entry.replace('severity: high', 'severity: terrible').replace('  risk: opens the example\n', ''),
  );
  write('credential/b.yaml', entry.replace('exk_[0-9]{20}', 'exk_[0-9'));
  write('financial/c.yaml', `${entry}  patern: x\n  also: [credential.none.such]\n`);
  try {
    readRules(directory);
    expect.unreachable();
  } catch (error) {
    expect((error as Error).message.split('\n')).toEqual([
      'rules/credential/a.yaml:1: secret-key.risk: missing; write a string',
      'rules/credential/a.yaml:3: secret-key.severity: "terrible" is not known; write one of critical, high, medium, low',
      expect.stringMatching(
        /^rules\/credential\/b.yaml:6: secret-key.pattern: not a regular expression \(.*\); correct it$/,
      ),
      expect.stringMatching(/^rules\/financial\/c.yaml:1: secret-key: unknown key patern; write one of title, risk, /),
    ]);
  }
});

test.each([
  ['yaml', `${entry}  title: again\n`],
  ['shape', entry.replace("    - [exk_, '01234567890123456789']\n", '').replace('match:', 'match: []')],
  ['shape', entry.replace('exk_0\n', '17\n')],
  ['shape', entry.replace('https://example.com/keys', 'somewhere')],
  ['shape', `${entry}  near: [Card]\n`],
  ['shape', `${entry}  validator: crc\n`],
  ['name', entry.replace('secret-key', 'Secret_Key')],
  ['name', `${entry}  name: example\n  key-of: example\n`],
  ['near', `${entry}  near-required: true\n`],
  ['also', `${entry}  also: [credential.none.such]\n`],
  ['empty', '# nothing\n'],
])('%s', (code, text) => {
  write('credential/example.yaml', text);
  const found = problems();
  expect(found.map((problem) => problem.code)).toEqual([code]);
  expect(found[0]?.place).toMatch(/^rules\/credential\/example\.yaml:\d+$/);
  expect(found[0]?.text).toMatch(/^[^\n]+; [^\n]+[^.]$/);
});

const phrase = entry.replace("pattern: 'exk_[0-9]{20}'", "phrase: '{drop} ..2 {rules}'");
const termsFile =
  'drop:\n  about: to leave out\n  en: [ignore, forget*]\nrules:\n  about: what was told\n  en: [rules]\n';

test('an entry with a phrase becomes a rule', () => {
  write('terms/a.yaml', termsFile);
  write('injection/a.yaml', `${phrase}  order: any\n  unless: '{rules}'\n`);
  const [rule] = readRules(directory, ['injection']);
  expect(rule?.pattern).toBe('');
  const rules = [{ text: 'rules', isStem: false }];
  const drop = [
    { text: 'ignore', isStem: false },
    { text: 'forget', isStem: true },
  ];
  const first = { gapWords: 0, crossesSentences: false };
  const second = { gapWords: 2, crossesSentences: false };
  expect(rule?.phrases).toEqual([
    {
      steps: [
        { entries: drop, ...first },
        { entries: rules, ...second },
      ],
      unless: rules,
    },
    {
      steps: [
        { entries: rules, ...first },
        { entries: drop, ...second },
      ],
      unless: rules,
    },
  ]);
});

test.each([
  ['phrase', phrase.replace('{drop}', '{dorp}'), termsFile],
  ['phrase', `${phrase}  unless: '{nothing}'\n`, termsFile],
  ['phrase', `${entry}  unless: '{rules}'\n`, termsFile],
  ['phrase', `${phrase}  validator: random\n`, termsFile],
  ['shape', `${phrase}  pattern: x\n`, termsFile],
  ['term', phrase, termsFile.replace('forget*', 'Ignore')],
  ['term', phrase, termsFile.replace('forget*', 'for*get')],
  ['term', phrase, termsFile.replace('forget*', '"!"')],
  ['term', phrase, `${termsFile}  xx: [a]\n`],
  ['term', phrase, `${termsFile}empty:\n  about: nothing\n`],
])('a phrase: %s', (code, text, terms) => {
  write('terms/a.yaml', terms);
  write('injection/a.yaml', text);
  try {
    readRules(directory, ['injection']);
    expect.unreachable();
  } catch (error) {
    expect((error as RuleError).problems.map((problem) => problem.code)).toEqual([code]);
  }
});

test('a file name that is no name is a problem', () => {
  write('credential/Example_1.yaml', entry);
  expect(problems().map(({ code, text }) => [code, text])).toEqual([
    ['name', '"Example_1" is not a name; write lower-case words joined by hyphens'],
  ]);
});

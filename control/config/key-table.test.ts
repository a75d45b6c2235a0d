import { expect, test } from 'vitest';
import { formatKeyTable, type KeyRow, tableOfKeys } from './key-table.ts';
import { ConfigError } from './problem.ts';
import { readConfig } from './read.ts';

function rows(text: string, all = false): KeyRow[] {
  try {
    return tableOfKeys(text, { problems: [], notices: readConfig(text, 'p.yaml').notices }, all);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return tableOfKeys(text, { problems: error.problems, notices: [] }, all);
  }
}

test('each key of the file has a row: honoured, refused, off, or unknown', () => {
  const text = `
mode: strict
api_allowlist: [api.example]
sandbox: { enabled: true, strict: false }
git_protection: { enabled: false }
explain_blocks: true
reverse_proxy: { enabled: true }
kill_switch: { api_token: not-to-be-shown }
dlp: { patterns: [{ name: mine, regex: '${'x'.repeat(100)}' }] }
modes: strict
`;
  const table = rows(text);
  expect(table.map(({ key }) => key)).toEqual([
    'mode',
    'api_allowlist',
    'sandbox.enabled',
    'sandbox.strict',
    'git_protection.enabled',
    'explain_blocks',
    'reverse_proxy.enabled',
    'kill_switch.api_token',
    'dlp.patterns',
    'modes',
  ]);
  const row = (key: string) => table.find((each) => each.key === key)!;
  expect(row('mode')).toEqual({ key: 'mode', value: '"strict"', standing: 'honoured by the policy' });
  expect(row('sandbox.enabled').standing).toMatch(/^refused: it is on, and not honoured: /);
  expect(row('git_protection.enabled').standing).toMatch(/^off: /);
  expect(row('explain_blocks').standing).toMatch(/^honoured by /);
  expect(row('reverse_proxy.enabled').standing).toMatch(/^refused: it is on, and not honoured: there are two ways in/);
  expect(row('modes').standing).toBe('refused: unknown key');
  expect(row('dlp.patterns').value).toHaveLength(40);
  expect(formatKeyTable(table)).not.toContain('not-to-be-shown');
});

test('a list with a wrong entry is refused as a whole', () => {
  expect(rows('trusted_domains: [a.example, "http://b"]')[0]!.standing).toMatch(/^refused: /);
});

test('with all, every key of the file format has a row that says something', () => {
  const table = rows('tls_interception: { enabled: true }', true);
  expect(table.length).toBeGreaterThan(150);
  expect(table.filter(({ standing }) => standing === '')).toEqual([]);
  expect(table.find(({ key }) => key === 'mode')).toMatchObject({ value: '"balanced" (left out)' });
});

test('a text that is no YAML has no table', () => {
  expect(rows('a: [')).toEqual([]);
});

import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../config/read.ts';
import { buildPolicy } from '../policy/build.ts';
import { customRule } from '../rules/custom.ts';
import { exactRules } from '../rules/exact.ts';
import type { Rule } from '../rules/rule.ts';
import { cacheKey, compileCached } from './cache.ts';
import { compile } from './compile.ts';

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'penstock-cache-')), 'tables');
});
afterEach(() => {
  rmSync(join(directory, '..'), { recursive: true, force: true });
});

function rule(regex: string, more: object = {}): Rule {
  return customRule({ name: 'one', regex, exempt_domains: [], ...more }, 'test');
}

function policyOf(rules: readonly Rule[], config = '', port = 8888) {
  return buildPolicy(readConfig(config, 'p.yaml').config, rules, {
    listen: { address: '127.0.0.1', port },
    mcpListen: { address: '127.0.0.1', port: 8889 },
    mcpUpstream: undefined,
    upstreamCaFile: '',
  });
}

const rules = [rule('key-[0-9]{8}')];
const policy = policyOf(rules);
const fileOf = () => join(directory, `${cacheKey(rules, policy)}.table`);

/** Puts a table into the file as a whole one is. */
function forge(table: Buffer, key = cacheKey(rules, policy)): void {
  writeFileSync(fileOf(), Buffer.concat([createHash('sha256').update(key).update(table).digest(), table]));
}

test('a second time the table comes from its file, which nobody else may read', () => {
  const table = compileCached(rules, policy, directory);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(fileOf()).mode & 0o777).toBe(0o600);
  expect(Buffer.from(compileCached(rules, policy, directory)).equals(table)).toBe(true);
  // Another whole table in its place is taken, so nothing is compiled.
  const marked = Buffer.concat([table, Buffer.from('kept')]);
  forge(marked);
  expect(Buffer.from(compileCached(rules, policy, directory)).equals(marked)).toBe(true);
});

test('a file that is damaged, cut, of another key or open to others is not used, and put right', () => {
  const table = Buffer.from(compileCached(rules, policy, directory));
  const whole = readFileSync(fileOf());
  const broken = Buffer.from(whole);
  broken[broken.length - 100]! ^= 1;
  const spoilings = [
    () => writeFileSync(fileOf(), broken),
    () => writeFileSync(fileOf(), whole.subarray(0, -1)),
    () => writeFileSync(fileOf(), ''),
    () => forge(Buffer.from('kept'), 'another key'),
    () => {
      forge(Buffer.from('kept'));
      chmodSync(fileOf(), 0o620);
    },
  ];
  for (const spoil of spoilings) {
    spoil();
    expect(Buffer.from(compileCached(rules, policy, directory)).equals(table)).toBe(true);
    expect(readFileSync(fileOf()).equals(whole)).toBe(true);
    expect(statSync(fileOf()).mode & 0o777).toBe(0o600);
  }
});

test('whatever changes the table changes the key', () => {
  const table = Buffer.from(compileCached(rules, policy, directory));
  const exact = (value: string) => [...rules, ...exactRules('dlp.secrets-file', '', [Buffer.from(value)])];
  const others: [readonly Rule[], string][] = [
    [[rule('key-[0-9]{9}')], ''],
    [[rule('key-[0-9]{8}', { severity: 'low' })], ''],
    [[rule('key-[0-9]{8}', { validator: 'luhn' })], ''],
    [[rule('key-[0-9]{8}', { exempt_domains: ['a.example'] })], ''],
    [exact('12345678'), ''],
    [exact('12345679'), ''],
    [rules, 'request_body_scanning: { ignore_headers: [X-Mine] }'],
    [rules, 'request_body_scanning: { header_mode: sensitive }'],
  ];
  const keys = others.map(([some, config]) => cacheKey(some, policyOf(some, config)));
  expect(new Set([cacheKey(rules, policy), ...keys]).size).toBe(others.length + 1);
  for (const [some, config] of others)
    expect(Buffer.from(compileCached(some, policyOf(some, config), directory)).equals(table)).toBe(false);
  // A port is no part of it; else each start with a free port would compile.
  expect(cacheKey(rules, policyOf(rules, '', 9999))).toBe(cacheKey(rules, policy));
  expect(readdirSync(directory).length).toBeLessThanOrEqual(4);
});

test.each([
  'mode: audit',
  'mode: strict\napi_allowlist: [a.example]',
  'request_body_scanning: { action: warn, max_body_bytes: 5 }',
  'mcp_input_scanning: { on_parse_error: forward }',
])('a kept table takes other verdicts: %s', (config) => {
  compileCached(rules, policy, directory);
  const other = policyOf(rules, config);
  expect(cacheKey(rules, other)).toBe(cacheKey(rules, policy));
  const taken = Buffer.from(compileCached(rules, other, directory));
  expect(taken.equals(compile(rules, other).table)).toBe(true);
  // What is kept stays whole, for the next that takes it.
  expect(Buffer.from(compileCached(rules, policy, directory)).equals(compile(rules, policy).table)).toBe(true);
});

test('a directory that cannot be is no reason to stop', () => {
  writeFileSync(directory, 'a file stands there');
  expect(compileCached(rules, policy, directory).length).toBeGreaterThan(100);
});

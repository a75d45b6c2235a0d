import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readConfig } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import { checkHandlers, handlersOf, requireHandlers } from './handlers.ts';

const folder = mkdtempSync(join(tmpdir(), 'penstock-handlers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const text = join(folder, 'text');
writeFileSync(text, 'echo\n', { mode: 0o644 });

const read = (section: string): Config =>
  readConfig(`tls_interception: { enabled: true }\nmcp_tool_policy: ${section}\n`, 'p.yaml').config;
const profile = (program: string) => `redirect_profiles: { quiet: { exec: [${program}, -l], reason: why } }`;

test('rules lead to their handlers', () => {
  const rules = `rules:
    - { name: No Shell, tool_pattern: a, redirect_profile: quiet }
    - { name: only warned, tool_pattern: a, action: warn, redirect_profile: quiet }
    - { name: stopped, tool_pattern: a, action: block }`;
  const config = read(`\n  action: redirect\n  ${rules}\n  ${profile('/bin/ls')}`);
  expect(handlersOf(config)).toEqual({
    'tool-policy.no-shell': { profile: 'quiet', exec: ['/bin/ls', '-l'], reason: 'why' },
  });
  expect(handlersOf(read('{ enabled: false }'))).toEqual({});
});

test.each([
  ['/bin/sh', [], undefined],
  [text, [`${text} is no program that this user may run`], undefined],
  [folder, [`${folder} is no program that this user may run`], undefined],
  // It may be where the gateway runs.
  ['/no/such/program', [], /^mcp_tool_policy\.redirect_profiles\.quiet\.exec: \/no\/such\/program: no such file; /],
])('the program %s', (program, complaints, missing) => {
  const config = read(`{ ${profile(program)} }`);
  expect(checkHandlers(config).map(({ message }) => message)).toEqual(complaints);
  if (missing) expect(() => requireHandlers(config)).toThrow(missing);
  else requireHandlers(config);
  requireHandlers(read(`{ enabled: false, ${profile('/no/such/program')} }`));
});

// The golden cases of control/cases: one folder shows every stage, from pipelock.yaml to what Envoy and the filter get.
// `npm run cases` says which files differ, `npm run cases -- --update` writes them, and the logs of test/stream, anew.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Compiled, compile } from '../control/compile/compile.ts';
import { dump, dumpSummary } from '../control/compile/dump.ts';
import { ConfigError, formatNotice } from '../control/config/problem.ts';
import { guard } from '../control/guard/guard.ts';
import { buildPolicy } from '../control/policy/build.ts';
import { type Policy, surfaces, unreadables } from '../control/policy/policy.ts';
import { joinStatic, type Runtime, render } from '../control/render/render.ts';
import type { Rule } from '../control/rules/rule.ts';
import { load } from '../control/serve/load.ts';
import { parseListen, parseUpstream } from '../control/serve/options.ts';

const root = join(import.meta.dirname, '..');
export const casesDirectory = join(root, 'control/cases');
/** What a person writes; all else in a case's folder is made. */
const inputs = ['pipelock.yaml', 'options.yaml'];

/** Paths as they are in an image: the same on every machine. */
export const runtime: Runtime = {
  directory: '/run/penstock',
  adsSocket: '/run/penstock/ads.sock',
  controlSocket: '/run/penstock/control.sock',
  pinsSocket: '/run/penstock/pins.sock',
  handlerSocket: '/run/penstock/calls.sock',
  adminSocket: '/run/penstock/admin.sock',
  filterWasm: '/opt/penstock/build/filter.wasm',
  filterDirectory: '/run/penstock/filter',
};
export const upstreamCaFile = '/etc/ssl/certs/ca-certificates.crt';

/** Names of the cases. */
export function caseNames(): string[] {
  return readdirSync(casesDirectory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export interface Made {
  files: Map<string, string>;
  table: Uint8Array;
}

const made = new Map<string, Made>();

/** What the stages make of a case: texts by file name, and the table, which envoy.yaml only names by its hash. */
export function runCase(name: string): Made {
  const known = made.get(name) ?? make(name);
  made.set(name, known);
  return known;
}

function make(name: string): Made {
  const directory = join(casesDirectory, name);
  const files = new Map<string, string>();
  let policy: Policy;
  let rules: Rule[];
  try {
    // Without an environment: what it holds is of one machine. Relative files would be looked for in the working folder.
    const loaded = load(readFileSync(join(directory, 'pipelock.yaml'), 'utf8'), 'pipelock.yaml', {});
    const { config, notices } = loaded;
    rules = loaded.rules;
    if (notices.length > 0) files.set('notices.txt', `${notices.map(formatNotice).join('\n')}\n`);
    policy = buildPolicy(config, rules, { ...readOptions(directory), upstreamCaFile });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { files: new Map([['error.txt', `${error.message}\n`]]), table: new Uint8Array() };
  }
  const compiled = compile(rules, policy);
  const rendered = render(policy, compiled.table, runtime);
  const breaches = guard(rendered, policy);
  const base64 = Buffer.from(compiled.table).toString('base64');
  files.set('policy.yaml', stringify(forPeople(policy), { lineWidth: 0 }));
  files.set('envoy.yaml', joinStatic(rendered).replaceAll(base64, tableName(compiled)));
  // The rules' part of the table is the same in all cases: one shows it.
  files.set('tables.txt', name === 'default' ? dump(compiled) : dumpSummary(compiled));
  files.set('guard.txt', breaches.length === 0 ? 'no breach\n' : `${breaches.map((b) => b.message).join('\n')}\n`);
  return { files, table: compiled.table };
}

/** What stands in envoy.yaml for the table's bytes. */
export function tableName({ summary }: Pick<Compiled, 'summary'>): string {
  return `table-${summary.hash}`;
}

function readOptions(directory: string) {
  const file = join(directory, 'options.yaml');
  const options = (existsSync(file) ? parse(readFileSync(file, 'utf8')) : {}) as Record<string, string | undefined>;
  const upstream = options['mcp-upstream'];
  return {
    listen: parseListen(options['listen'] ?? '127.0.0.1:8888', '--listen'),
    mcpListen: parseListen(options['mcp-listen'] ?? '127.0.0.1:8889', '--mcp-listen'),
    mcpUpstream: upstream === undefined ? undefined : parseUpstream(upstream),
  };
}

/** The policy with its lists of verdicts by name, and rules of equal verdicts together. */
function forPeople(policy: Policy): object {
  const named = (names: readonly string[], verdicts: readonly string[]) =>
    Object.fromEntries(names.map((name, i) => [name, verdicts[i]]));
  const groups = new Map<string, { rules: number; verdicts: object }>();
  for (const { high, low } of policy.ruleVerdicts.values()) {
    const verdicts = { high: named(surfaces, high), low: named(surfaces, low) };
    const key = JSON.stringify(verdicts);
    groups.set(key, { rules: (groups.get(key)?.rules ?? 0) + 1, verdicts });
  }
  return {
    ...policy,
    mcpTokenDigests: policy.mcpTokenDigests.length,
    mcpUpstream: policy.mcpUpstream?.href,
    mcpUpstreams: Object.fromEntries(policy.mcpUpstreams.map(({ name, url }) => [name, url.href])),
    toolRanges: policy.toolRanges.map(({ address, prefixLength }) => `${address}/${prefixLength}`).join(' '),
    toolChains: { ...policy.toolChains, categories: policy.toolChains.categories.map(({ name }) => name).join(' ') },
    ruleVerdicts: [...groups.values()].map(({ rules, verdicts }) => ({ rules, ...verdicts })),
    unreadableVerdicts: named(unreadables, policy.unreadableVerdicts),
  };
}

/** Files of a case that differ from what the stages make; with `update` they are written, and those nobody makes removed. */
export function differences(name: string, update: boolean): string[] {
  const directory = join(casesDirectory, name);
  const { files } = runCase(name);
  const found = readdirSync(directory).filter((file) => !inputs.includes(file));
  const differing: string[] = [];
  for (const file of found.filter((file) => !files.has(file))) {
    differing.push(`${name}/${file}: nothing makes it`);
    if (update) rmSync(join(directory, file), { recursive: true });
  }
  for (const [file, text] of files) {
    const path = join(directory, file);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    differing.push(`${name}/${file}: differs`);
    if (update) writeFileSync(path, text);
  }
  return differing;
}

if (import.meta.main) {
  const update = process.argv.includes('--update');
  const differing = caseNames().flatMap((name) => differences(name, update));
  for (const line of differing)
    console.log(update ? line.replace('differs', 'written').replace('nothing makes it', 'removed') : line);
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', 'test/stream'];
  const { status } = spawnSync(process.execPath, vitest, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...(update && { UPDATE: '1' }) },
  });
  process.exitCode = (!update && differing.length > 0) || status !== 0 ? 1 : 0;
}

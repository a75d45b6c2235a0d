/**
 * Compiled tables, kept from one start to the next by what they are made of. Whoever can write to the directory can also
 * write what Envoy reads; so a table is trusted as far as the directory is, and checked for damage alone.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Rule } from '../rules/rule.ts';
import { compile, mcpHostWords, type TablePolicy } from './compile.ts';
import { setVerdicts } from './verdicts.ts';

/** Tables that are kept: the last one, and some for who goes to and fro between configurations. */
const mostKept = 4;
const digestBytes = 32;
const suffix = '.table';

/**
 * The table of rules and policy, from `directory` where it is there, else compiled and put there. A directory that cannot
 * be written to costs time and nothing else.
 * @throws CompileError, TableTooLarge
 */
export function compileCached(rules: readonly Rule[], policy: TablePolicy, directory: string): Uint8Array {
  const key = cacheKey(rules, policy);
  const file = join(directory, `${key}${suffix}`);
  const kept = read(file, key);
  if (kept) {
    setVerdicts(kept, rules, policy);
    return kept;
  }
  const { table } = compile(rules, policy);
  try {
    write(directory, file, key, table);
  } catch {
    // The next start compiles again.
  }
  return table;
}

/**
 * What a table is made of, as 64 hex digits: rules, the policy but for its verdicts, and the compiler's own text. Compiling
 * takes seconds and much memory; a mode or an action changes verdicts alone, which a kept table takes too.
 */
export function cacheKey(rules: readonly Rule[], policy: TablePolicy): string {
  const hash = createHash('sha256').update(compilerDigest());
  for (const { values, match: _, reject: __, ...rule } of rules) {
    hash.update(JSON.stringify(rule));
    for (const value of values ?? []) hash.update(`\n${value.length}\n`).update(value);
  }
  const { scannedHeaders, ignoredHeaders, ownCredentialHeaders, toolRanges, toolChains, suppressions } = policy;
  const words = [
    ...[scannedHeaders, ignoredHeaders, ownCredentialHeaders, mcpHostWords(policy)],
    ...[toolRanges, toolChains.categories, suppressions, policy.profiles?.levels?.exempt, policy.entropyBudget?.exempt],
  ];
  return hash.update(JSON.stringify(words)).digest('hex');
}

let digest: Buffer | undefined;

/** The compiler's files, the layout, the text that keys are weighed against, and the versions of libraries. */
function compilerDigest(): Buffer {
  if (digest) return digest;
  const own = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .sort();
  const others = ['../rules/clean.txt', '../rules/normalise.ts', '../../filter/table/layout.ts', '../../package.json'];
  const hash = createHash('sha256');
  for (const name of [...own, ...others]) hash.update(name).update(readFileSync(join(import.meta.dirname, name)));
  digest = hash.digest();
  return digest;
}

/** The table in a file that is whole and that nobody else can write to. */
function read(file: string, key: string): Uint8Array | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { uid, mode } = fstatSync(descriptor);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined;
    const bytes = readFileSync(descriptor);
    const table = bytes.subarray(digestBytes);
    return bytes.subarray(0, digestBytes).equals(seal(key, table)) ? table : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function write(directory: string, file: string, key: string, table: Uint8Array): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unfinished = join(directory, `${randomUUID()}.unfinished`);
  writeFileSync(unfinished, Buffer.concat([seal(key, table), table]), { mode: 0o600, flag: 'wx' });
  renameSync(unfinished, file);
  const age = (name: string) => statSync(join(directory, name)).mtimeMs;
  const newestFirst = readdirSync(directory)
    .map((name) => ({ name, age: age(name) }))
    .sort((a, b) => b.age - a.age);
  for (const { name } of newestFirst.slice(mostKept)) rmSync(join(directory, name), { force: true });
}

/** Says that a file is whole, and the table of its name. */
function seal(key: string, table: Uint8Array): Buffer {
  return createHash('sha256').update(key).update(table).digest();
}

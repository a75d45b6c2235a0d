// A few seconds of `npm run fuzz`, the same inputs each time; and that a failing one would be noticed, made small and kept.
import { readFileSync, rmSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigTarget } from './config-target.ts';
import { FilterTarget } from './filter-target.ts';
import { JsonRpcTarget } from './json-rpc-target.ts';
import { Rounds } from './rounds.ts';
import { ScannerTarget } from './scanner-target.ts';
import { seedTexts } from './seeds.ts';
import type { Target } from './target.ts';
import { TextArbitrary } from './text.ts';
import { WebSocketTarget } from './websocket-target.ts';

const pool = seedTexts();
const bounds = { seed: 20260101, milliseconds: 60_000 };

test('nothing that is read breaks the scanner', { timeout: 120_000 }, async () => {
  const rounds = new Rounds(new ScannerTarget(), pool);
  expect(await rounds.run({ ...bounds, runs: 2500 })).toBeUndefined();
  expect(rounds.reached.size).toBeGreaterThan(500);
  expect(rounds.reached).toContain('cut true');
});

test('no exchange breaks the filter', { timeout: 120_000 }, async () => {
  const rounds = new Rounds(new FilterTarget(), pool);
  expect(await rounds.run({ ...bounds, runs: 700 })).toBeUndefined();
  expect(rounds.reached.size).toBeGreaterThan(100);
  for (const chain of ['mcp', 'intercept', 'egress'])
    for (const status of [undefined, 403, 413]) expect(rounds.reached).toContain(`answer ${chain} ${status}`);
});

test('no frame breaks the filter', { timeout: 120_000 }, async () => {
  const rounds = new Rounds(new WebSocketTarget(), pool);
  expect(await rounds.run({ ...bounds, runs: 1500 })).toBeUndefined();
  for (const side of ['client', 'origin'])
    for (const isClosed of side === 'client' ? [true, false] : [false])
      expect(rounds.reached).toContain(`${side} closed ${isClosed}`);
});

test('no body breaks the JSON-RPC reader', { timeout: 120_000 }, async () => {
  const rounds = new Rounds(new JsonRpcTarget(), pool);
  expect(await rounds.run({ ...bounds, runs: 3000 })).toBeUndefined();
  for (const reason of [
    'taken',
    'mcp-not-json',
    'mcp-not-json-rpc',
    'mcp-trailing-data',
    'mcp-too-deep',
    'mcp-not-utf8',
  ])
    expect(rounds.reached).toContain(reason);
});

test('no text breaks the configuration reader', { timeout: 120_000 }, async () => {
  const rounds = new Rounds(new ConfigTarget(), pool);
  expect(await rounds.run({ ...bounds, runs: 1500 })).toBeUndefined();
  for (const code of ['policy balanced', 'yaml-syntax', 'unknown-key', 'wrong-type'])
    expect(rounds.reached).toContain(code);
});

test('a failing input is made small, kept, and fails again', { timeout: 60_000 }, async () => {
  const failing: Target<Uint8Array> = {
    name: 'failing',
    inputs: (pool) => new TextArbitrary(pool, 1000),
    textsOf: (text) => [text],
    check: async (text) => {
      if (text.includes(0x25)) throw new Error('a percent sign');
      return [];
    },
  };
  const rounds = new Rounds(failing, pool);
  const failure = await rounds.run({ ...bounds, runs: 1000 });
  expect(failure?.message).toContain('a percent sign');
  const kept = readFileSync(failure!.file, 'utf8');
  rmSync(failure!.file);
  expect(JSON.parse(kept)).toEqual({ base64: 'JQ==' });
  await expect(rounds.replay(kept)).rejects.toThrow('a percent sign');
});

test('the same seed makes the same texts', { timeout: 60_000 }, () => {
  const some = () => fc.sample(new TextArbitrary(pool, 2000), { seed: 7, numRuns: 200 });
  expect(some()).toEqual(some());
});

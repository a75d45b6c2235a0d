/** The scanner alone, in V8: how many bytes a second from the text to its findings, every rule and view on. */

import { compile } from '../../control/compile/compile.ts';
import { defaultConfigText } from '../../control/config/default.ts';
import { readConfig } from '../../control/config/read.ts';
import { buildPolicy } from '../../control/policy/build.ts';
import { readRules } from '../../control/rules/read.ts';
import { Scanner } from '../rules/scanner.ts';
import { median } from './figures.ts';

/** A request's body (filter/table/layout.ts, SURFACE_REQUEST_BODY). */
const requestBody = 2;
/** A sample takes this much processor time or more: far above the clock's steps, which are of 4 ms where Linux counts ticks. */
const sampleMillis = 80;
const rounds = 6;
const quickMillis = 20;
/** V8 compiles a function anew once it has run for a while. */
const warmUpMillis = 150;

export interface Speed {
  name: string;
  findings: number;
  /** The text was not read to its end. */
  wasCut: boolean;
  /** Megabytes (10^6 bytes) a second: the best sample, and the one in the middle. */
  best: number;
  median: number;
  /** The same of a loop that only reads the text. */
  readBest: number;
}

/** The table of the default configuration. */
export function defaultTable(): Uint8Array {
  const rules = readRules();
  const { config } = readConfig(defaultConfigText, 'default.yaml');
  const policy = buildPolicy(config, rules, {
    listen: { address: '127.0.0.1', port: 8888 },
    mcpListen: { address: '127.0.0.1', port: 8889 },
    mcpUpstream: undefined,
    upstreamCaFile: '',
  });
  return compile(rules, policy).table;
}

/** Measures texts in turn, round after round, so that a busy moment of the machine meets them all. */
export async function measure(texts: Map<string, Uint8Array>, table = defaultTable()): Promise<Speed[]> {
  const scanner = await Scanner.load(table);
  const cases = [...texts].map(([name, text]) => ({ name, text, find: [] as number[], read: [] as number[] }));
  for (let round = -1; round < rounds; round++) {
    for (const { text, find, read } of cases) {
      scanner.write(text);
      const millis = round < 0 ? warmUpMillis / cases.length : sampleMillis;
      const findSpeed = sample(text.length, millis, () => scanner.find(text.length, requestBody));
      const readSpeed = sample(text.length, millis / 4, () => scanner.readAll(text.length));
      if (round < 0) continue;
      find.push(findSpeed);
      read.push(readSpeed);
    }
  }
  return cases.map(({ name, text, find, read }) => ({
    name,
    findings: scanner.findIn(text).length,
    wasCut: scanner.wasCut,
    best: Math.max(...find),
    median: median(find),
    readBest: Math.max(...read),
  }));
}

/** A quick look: MB/s of one text, to within a fifth. */
export async function quickSpeed(table: Uint8Array): Promise<(text: Uint8Array) => number> {
  const scanner = await Scanner.load(table);
  return (text) => {
    scanner.write(text);
    return sample(text.length, quickMillis, () => scanner.find(text.length, requestBody));
  };
}

/**
 * MB/s of a function that goes through `bytes` bytes, repeated for at least `millis` of this thread's processor time: what
 * other processes take in between does not count.
 */
function sample(bytes: number, millis: number, run: () => void): number {
  // The clock is asked once in some tens of microseconds of work.
  const batch = Math.max(1, Math.floor(50_000 / bytes));
  const start = processorMillis();
  let passed = 0;
  let runs = 0;
  do {
    for (let index = 0; index < batch; index++) run();
    runs += batch;
    passed = processorMillis() - start;
  } while (passed < millis);
  return (bytes * runs) / passed / 1000;
}

function processorMillis(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

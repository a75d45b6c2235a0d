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
/** A sample is this long or longer: far above the clock's steps, and short enough that some see no other process. */
const sampleMillis = 4;
const rounds = 24;
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

/** MB/s of a function that goes through `bytes` bytes, repeated for at least `millis`. */
function sample(bytes: number, millis: number, run: () => void): number {
  // The clock is asked once in some tens of microseconds of work.
  const batch = Math.max(1, Math.floor(50_000 / bytes));
  const start = performance.now();
  let passed = 0;
  let runs = 0;
  do {
    for (let index = 0; index < batch; index++) run();
    runs += batch;
    passed = performance.now() - start;
  } while (passed < millis);
  return (bytes * runs) / passed / 1000;
}

/** Answers: what holding and reading them costs through Envoy, and what it adds to the events of a stream. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRules } from '../../control/rules/read.ts';
import { Host } from '../../filter/proxy-wasm-as/host/index.ts';
import { deltaEvent, openEventStream } from '../harness/event-stream.ts';
import { compileRules } from '../rules/table.ts';
import { type BareEnvoy, startBare } from './bare-envoy.ts';
import { prose } from './clean-text.ts';
import { median, quantile } from './figures.ts';
import { atLeast, atMost, figure, type Part, type Report } from './report.ts';
import { benchDomain, Rig } from './rig.ts';

/** Least part of the bare Envoy's requests per second that is left with the filter on, 10 KB answer in JSON. */
const ratioBar = 0.85;
const rounds = 7;
const seconds = 1.5;
const connections = 16;
/** Most milliseconds that the filter adds to a clean event, at the 99th percentile. */
const addedBar = 1;
/** How far apart a quick model's events are: what waits for a decision waits for the next one. */
const eventMillis = 20;

export const answers: Part = {
  name: 'answers',
  about: 'answers of 10 KB through Envoy with the filter and without, and what a clean event of a stream waits for',
  needsIsolation: true,
  async run(): Promise<Report[]> {
    return [events(), await throughput()];
  },
};

async function throughput(): Promise<Report> {
  const rig = await Rig.start({ concurrency: 1, answerBytes: 10_000 });
  let bare: BareEnvoy | undefined;
  try {
    bare = await startBare(rig.gateway);
    const ways = { filter: rig.way, bare: { ...rig.way, proxy: bare.proxy } };
    const perSecond = { filter: [] as number[], bare: [] as number[] };
    const load = async (name: 'filter' | 'bare', forSeconds: number) => {
      const host = `n0.${benchDomain}`;
      const job = { kind: 'load', way: ways[name], host, connections, bodyBytes: 100, seconds: forSeconds } as const;
      const done = await rig.run(job);
      if (done.failures > 0) throw new Error(`answers: ${done.failures} connections failed: ${done.firstFailure}`);
      return done.requests / done.seconds;
    };
    for (const name of ['filter', 'bare'] as const) await load(name, 0.5);
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? (['filter', 'bare'] as const) : (['bare', 'filter'] as const);
      for (const name of order) perSecond[name].push(await load(name, seconds));
    }
    const ratios = perSecond.filter.map((one, round) => one / perSecond.bare[round]!);
    const ratio = median(ratios);
    const range = `${figure(Math.min(...ratios), 2)}-${figure(Math.max(...ratios), 2)}`;
    const cells = [figure(median(perSecond.filter), 0), figure(median(perSecond.bare), 0), figure(ratio, 3), range];
    return {
      title: `answers: JSON over intercepted TLS, ${connections} connections, Envoy with one worker, ${rounds} interleaved rounds`,
      columns: ['answer', 'req/s', 'filter off', 'ratio', 'range'],
      rows: [{ cells: ['10 KB JSON', ...cells], bar: atLeast(ratio, ratioBar) }],
    };
  } finally {
    bare?.stop();
    await rig.stop();
  }
}

/** Events of clean prose through the filter in V8. A pause of the garbage collector would be ours, so each is the best of three. */
function events(): Report {
  const host = new Host(readFileSync(join(import.meta.dirname, '../../build/filter.wasm')), { logLevel: 'info' });
  const plugin = host.configure(compileRules(readRules()).table, { rootId: 'penstock' });
  const pieces = deltas();
  const added: number[] = pieces.map(() => Number.POSITIVE_INFINITY);
  let waited = 0;
  for (let turn = 0; turn < 3; turn++) {
    const stream = openEventStream(plugin);
    waited = 0;
    pieces.forEach((content, i) => {
      const bytes = deltaEvent(content);
      const start = performance.now();
      const isHeld = stream.responseBody(bytes) !== 0;
      const millis = performance.now() - start + (isHeld ? eventMillis : 0);
      if (isHeld) waited++;
      added[i] = Math.min(added[i]!, millis);
    });
    stream.done();
  }
  if (host.logs.length > 0) throw new Error(`answers: the clean stream was found in: ${host.logs[0]!.message}`);
  const p99 = quantile(added, 0.99);
  const share = figure((waited / pieces.length) * 100, 2);
  return {
    title: `answers: ${pieces.length} events of a clean stream, ${eventMillis} ms apart, in V8`,
    columns: ['events', 'added p50 ms', 'p99 ms', 'waited for the next, %'],
    rows: [
      { cells: ['prose', figure(quantile(added, 0.5), 3), figure(p99, 3), share], bar: atMost(p99, addedBar, 'ms') },
    ],
    notes: ['an event that may end in the beginning of a match waits for the next one, which is counted as time added'],
  };
}

/** Clean prose as a model's tokens: words with the space before them, long ones in pieces. */
function deltas(): string[] {
  return (
    prose(60_000)
      .toString()
      .match(/\s*\S{1,6}/g) ?? []
  );
}

import { type BareEnvoy, startBare } from './bare-envoy.ts';
import { median, quantile } from './figures.ts';
import type { Way } from './load-client.ts';
import { processorSeconds } from './process-cost.ts';
import { atLeast, figure, type Part, type Report } from './report.ts';
import { benchDomain, Rig } from './rig.ts';

/** Least part of the bare Envoy's requests per second that is left with the filter on, 10 KB POST. */
const ratioBar = 0.75;
const sizes = [10_000, 1_000, 100_000];
const rounds = 7;
const seconds = 1.5;
/** Enough that Envoy always has a request to work on, few enough that none waits for long. */
const connections = 16;
/** A rate at which nothing queues on any machine that the bench is run on. */
const modestRate = 150;
const latencyConnections = 4;
const latencyRounds = 3;
const latencySeconds = 1.5;

const host = `n0.${benchDomain}`;

interface Side {
  way: Way;
  envoyPid: number | undefined;
}

/** One round of one side. */
interface Measured {
  perSecond: number;
  /** Envoy's processor time for a request, microseconds. */
  cpuMicros: number;
  /** Processors that Envoy kept busy. */
  busy: number;
}

export const proxy: Part = {
  name: 'proxy',
  about: 'requests per second through Envoy with the filter and without, and latency at a modest rate',
  needsIsolation: true,
  async run(): Promise<Report[]> {
    // One worker, so that Envoy and not the generator, which has the other processor, is what is measured.
    const rig = await Rig.start({ concurrency: 1 });
    let bare: BareEnvoy | undefined;
    try {
      bare = await startBare(rig.gateway);
      const sides: Record<'filter' | 'bare' | 'direct', Side> = {
        filter: { way: rig.way, envoyPid: rig.gateway.envoyPid() },
        bare: { way: { ...rig.way, proxy: bare.proxy }, envoyPid: bare.pid },
        direct: { way: rig.direct, envoyPid: undefined },
      };
      return [await throughput(rig, sides), await latency(rig, sides)];
    } finally {
      bare?.stop();
      await rig.stop();
    }
  },
};

async function load(rig: Rig, side: Side, bodyBytes: number, forSeconds = seconds): Promise<Measured> {
  const before = side.envoyPid === undefined ? 0 : processorSeconds(side.envoyPid);
  const done = await rig.run({ kind: 'load', way: side.way, host, connections, bodyBytes, seconds: forSeconds });
  const used = side.envoyPid === undefined ? 0 : processorSeconds(side.envoyPid) - before;
  if (done.failures > 0) throw new Error(`proxy: ${done.failures} connections failed: ${done.firstFailure}`);
  return {
    perSecond: done.requests / done.seconds,
    cpuMicros: (used / done.requests) * 1e6,
    busy: used / done.seconds,
  };
}

async function throughput(rig: Rig, sides: Record<'filter' | 'bare' | 'direct', Side>): Promise<Report> {
  const rows: Report['rows'] = [];
  for (const bodyBytes of sizes) {
    const measured = { filter: [] as Measured[], bare: [] as Measured[], direct: [] as Measured[] };
    for (const side of [sides.filter, sides.bare]) await load(rig, side, bodyBytes, 0.5);
    for (let round = 0; round < rounds; round++) {
      // The order turns, so that neither side is always the one that comes after the other.
      const order = round % 2 === 0 ? (['filter', 'bare'] as const) : (['bare', 'filter'] as const);
      for (const name of order) measured[name].push(await load(rig, sides[name], bodyBytes));
      if (round < 2) measured.direct.push(await load(rig, sides.direct, bodyBytes, 1));
    }
    const ratios = measured.filter.map((one, round) => one.perSecond / measured.bare[round]!.perSecond);
    const ratio = median(ratios);
    const of = (list: Measured[], key: keyof Measured) => median(list.map((one) => one[key]));
    rows.push({
      cells: [
        `POST ${bodyBytes / 1000} KB`,
        figure(of(measured.filter, 'perSecond'), 0),
        figure(of(measured.bare, 'perSecond'), 0),
        figure(ratio, 3),
        `${figure(Math.min(...ratios), 2)}-${figure(Math.max(...ratios), 2)}`,
        figure(of(measured.filter, 'cpuMicros'), 0),
        figure(of(measured.bare, 'cpuMicros'), 0),
        `${figure(of(measured.filter, 'busy'), 2)}/${figure(of(measured.bare, 'busy'), 2)}`,
        figure(of(measured.direct, 'perSecond'), 0),
      ],
      ...(bodyBytes === 10_000 ? { bar: atLeast(ratio, ratioBar) } : {}),
    });
  }
  return {
    title: `proxy: intercepted TLS, ${connections} connections kept alive, Envoy with one worker, ${rounds} interleaved rounds`,
    columns: ['request', 'req/s', 'filter off', 'ratio', 'range', 'CPU us/req', 'filter off', 'busy', 'origin alone'],
    rows,
    notes: [
      'ratio: median of the rounds; busy: processors that Envoy used, with the filter and without, 1.00 where it is what limits;',
      'origin alone: what the generator reaches against the origin with no Envoy between;',
      'how much of it any filter costs that holds a request: --only ablation (README.md)',
    ],
  };
}

async function latency(rig: Rig, sides: Record<'filter' | 'bare' | 'direct', Side>): Promise<Report> {
  const rows: Report['rows'] = [];
  for (const bodyBytes of sizes) {
    const millis = { filter: [] as number[], bare: [] as number[], direct: [] as number[] };
    for (let round = 0; round < latencyRounds; round++) {
      for (const name of ['filter', 'bare', 'direct'] as const) {
        const done = await rig.run({
          kind: 'load',
          way: sides[name].way,
          host,
          connections: latencyConnections,
          bodyBytes,
          seconds: latencySeconds,
          rate: modestRate,
        });
        if (done.failures > 0) throw new Error(`latency: ${done.failures} connections failed: ${done.firstFailure}`);
        millis[name].push(...done.millis);
      }
    }
    const at = (name: keyof typeof millis, fraction: number) => quantile(millis[name], fraction);
    rows.push({
      cells: [
        `POST ${bodyBytes / 1000} KB`,
        ...(['filter', 'bare', 'direct'] as const).flatMap((name) => [
          figure(at(name, 0.5), 2),
          figure(at(name, 0.99), 2),
        ]),
        figure(at('filter', 0.5) - at('bare', 0.5), 2),
        figure(at('filter', 0.99) - at('bare', 0.99), 2),
      ],
    });
  }
  return {
    title: `proxy: latency in ms at ${modestRate} requests a second on ${latencyConnections} connections`,
    columns: ['request', 'p50', 'p99', 'off p50', 'off p99', 'no Envoy p50', 'p99', 'filter adds p50', 'p99'],
    rows,
  };
}

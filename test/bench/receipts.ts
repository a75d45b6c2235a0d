import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { verifyFiles } from '../../control/receipts/verify.ts';
import { Gateway } from '../harness/gateway.ts';
import { median } from './figures.ts';
import type { Way } from './load-client.ts';
import { processorSeconds } from './process-cost.ts';
import { atLeast, figure, type Part, type Report } from './report.ts';
import { benchDomain, Rig } from './rig.ts';

/** Least part of the requests per second that is left with a receipt for each. */
const ratioBar = 0.9;
const rounds = 7;
const seconds = 1.5;
const connections = 16;
const bodyBytes = 10_000;

export const receipts: Part = {
  name: 'receipts',
  about: 'requests per second with a receipt for each verdict, and with a line for each exchange, against neither',
  needsIsolation: true,
  async run(): Promise<Report[]> {
    const rig = await Rig.start({ concurrency: 1 });
    const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-receipts-'));
    const started: Gateway[] = [];
    const beside = async (sections: Record<string, unknown>): Promise<Way> => {
      const configuration = stringify({ ...rig.configuration, ...sections });
      const gateway = await Gateway.start({ configuration, more: ['--concurrency', '1'] });
      started.push(gateway);
      return { ...rig.way, proxy: gateway.proxy, ca: gateway.ca };
    };
    try {
      const ways = {
        neither: rig.way,
        receipts: await beside({ flight_recorder: { dir: folder } }),
        lines: await beside({ logging: { include_allowed: true } }),
      };
      const [withReceipts, withLines] = started as [Gateway, Gateway];
      const gateways = { neither: rig.gateway, receipts: withReceipts, lines: withLines };
      const report = await compare(rig, ways, gateways);
      for (const gateway of started.splice(0)) await gateway.stop();
      const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
      const { receipts, problems } = verifyFiles(files.map((name) => join(folder, name)));
      report.notes = [`${receipts} receipts were written, ${problems.length} of them wrong`];
      return [report];
    } finally {
      for (const gateway of started) await gateway.stop();
      await rig.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Side = 'neither' | 'receipts' | 'lines';

/** Processor time of all processes of a gateway, in seconds. */
function sumOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processorSeconds(pid), 0);
}

async function compare(rig: Rig, ways: Record<Side, Way>, gateways: Record<Side, Gateway>): Promise<Report> {
  const names = ['neither', 'receipts', 'lines'] as const;
  const rates = { neither: [] as number[], receipts: [] as number[], lines: [] as number[] };
  const cpu = { neither: [] as number[], receipts: [] as number[], lines: [] as number[] };
  const load = async (way: Way, forSeconds: number): Promise<{ perSecond: number; requests: number }> => {
    const host = `n0.${benchDomain}`;
    const done = await rig.run({ kind: 'load', way, host, connections, bodyBytes, seconds: forSeconds });
    if (done.failures > 0) throw new Error(`receipts: ${done.failures} connections failed: ${done.firstFailure}`);
    return { perSecond: done.requests / done.seconds, requests: done.requests };
  };
  for (const name of names) await load(ways[name], 0.5);
  for (let round = 0; round < rounds; round++) {
    // The order turns, so that none is always the one that comes after another.
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]!;
      const pids = gateways[name].processes().map(({ pid }) => pid);
      const before = sumOf(pids);
      const { perSecond, requests } = await load(ways[name], seconds);
      rates[name].push(perSecond);
      cpu[name].push(((sumOf(pids) - before) / requests) * 1e6);
    }
  }
  const rows = (['receipts', 'lines'] as const).map((name) => {
    const ratios = rates[name].map((rate, round) => rate / rates.neither[round]!);
    const ratio = median(ratios);
    return {
      cells: [
        name === 'receipts' ? 'a receipt for each' : 'a line for each',
        figure(median(rates[name]), 0),
        figure(median(rates.neither), 0),
        figure(ratio, 3),
        `${figure(Math.min(...ratios), 2)}-${figure(Math.max(...ratios), 2)}`,
        figure(median(cpu[name]), 0),
        figure(median(cpu.neither), 0),
      ],
      ...(name === 'receipts' ? { bar: atLeast(ratio, ratioBar) } : {}),
    };
  });
  return {
    title: `receipts: POST of ${bodyBytes / 1000} KB over ${connections} connections, Envoy with one worker, ${rounds} interleaved rounds`,
    columns: ['with', 'req/s', 'neither', 'ratio', 'range', 'CPU us/req', 'neither'],
    rows,
    notes: [],
  };
}

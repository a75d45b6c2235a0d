import { setTimeout as sleep } from 'node:timers/promises';
import { type Memory, memoryOf, residentMib } from './process-cost.ts';
import { atMost, figure, type Part, type Report, type Row } from './report.ts';
import { benchDomain, Rig } from './rig.ts';
import { residentOf, settledMemory } from './settle.ts';

/** What the first 2,000 names may add to everything, MiB. */
const growthBarMib = 100;
/** More names may then add no more than this part: the noise of two garbage collectors and an allocator. */
const plateauBar = 0.1;
const firstNames = 2_000;
const moreNames = [10_000];
const longNames = [10_000, 30_000, 100_000];
const atOnce = 8;
/**
 * Faster than any assistant. Envoy keeps a name's address for 60 s after its last use and an origin's connection for 30
 * (envoy/clusters.yaml), so at one pace throughout the same number of both is there after 2,000 names and after 100,000.
 */
const namesPerSecond = 60;
/** Until the connections to the origins have ended for want of use. */
const restMillis = 33_000;

interface Visited {
  memory: Memory[];
  /** Everything together when the last name had been answered, MiB. */
  peak: number;
  perSecond: number;
}

export const names: Part = {
  name: 'names',
  about: 'memory after 2,000 names and 10,000, with --long 100,000 (half an hour)',
  needsIsolation: true,
  async run({ long }): Promise<Report[]> {
    const rig = await Rig.start({ concurrency: 2 });
    try {
      const rows: Row[] = [];
      const idle = await settledMemory(rig.gateway.pid);
      rows.push({ cells: ['idle', ...cells(idle)] });
      let failures = 0;
      let firstFailure = '';
      let from = 0;
      const visit = async (to: number): Promise<Visited> => {
        const done = await rig.run({
          kind: 'names',
          way: rig.way,
          domain: benchDomain,
          from,
          to,
          atOnce,
          rate: namesPerSecond,
        });
        failures += done.failures;
        firstFailure ||= done.firstFailure;
        from = to;
        const peak = residentMib(memoryOf(rig.gateway.pid));
        await sleep(restMillis);
        return { memory: await settledMemory(rig.gateway.pid), peak, perSecond: done.requests / done.seconds };
      };
      const first = await visit(firstNames);
      const growth = residentMib(first.memory) - residentMib(idle);
      rows.push({
        cells: [
          `${figure(firstNames, 0)} names`,
          ...cells(first.memory),
          `+${figure(growth, 1)}`,
          figure(first.peak, 1),
          figure(first.perSecond, 0),
        ],
        bar: atMost(growth, growthBarMib, 'MiB'),
      });
      for (const count of long ? longNames : moreNames) {
        const { memory, peak, perSecond } = await visit(count);
        const more = residentMib(memory) / residentMib(first.memory) - 1;
        const percent = `${more < 0 ? '' : '+'}${figure(more * 100, 1)} %`;
        rows.push({
          cells: [`${figure(count, 0)} names`, ...cells(memory), percent, figure(peak, 1), figure(perSecond, 0)],
          bar: atMost(Number((more * 100).toFixed(1)), plateauBar * 100, '%'),
        });
      }
      rows.push({ cells: ['names that failed', String(failures)], bar: atMost(failures, 0) });
      return [
        {
          title: 'names: RSS in MiB at rest, each name with a tunnel and a request, Envoy with two workers',
          columns: ['', 'together', 'Envoy', 'worker', 'supervisor', 'growth', 'before rest', 'names/s'],
          rows,
          ...(failures > 0 ? { notes: [`the first: ${firstFailure}`] } : {}),
        },
      ];
    } finally {
      await rig.stop();
    }
  },
};

function cells(list: readonly Memory[]): string[] {
  return [residentMib(list), ...['envoy', 'worker', 'supervisor'].map((role) => residentOf(list, role))].map((mib) =>
    figure(mib, 1),
  );
}

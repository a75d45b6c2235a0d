import { playExchanges } from './linear-memory.ts';
import { memoryOf, residentMib } from './process-cost.ts';
import { atMost, figure, type Part, type Report } from './report.ts';
import { benchDomain, Rig } from './rig.ts';
import { residentOf, settledMemory } from './settle.ts';

/** Everything idle, Envoy with two workers, MiB of RSS together. */
const idleBarMib = 240;
const exchanges = 100_000;
const posts = 20_000;
const warmPosts = 2_000;
/** What Envoy may grow by over 18,000 posts: less than two bytes a post in a leak, more than its allocator moves by. */
const postsBarMib = 4;

export const memory: Part = {
  name: 'memory',
  about: 'memory of everything idle, and that bodies leave none behind',
  needsIsolation: true,
  async run(): Promise<Report[]> {
    const rig = await Rig.start({ concurrency: 2 });
    try {
      const idle = await idleReport(rig);
      const envoy = await postsReport(rig);
      return [idle, emulatorReport(), envoy];
    } finally {
      await rig.stop();
    }
  },
};

async function idleReport(rig: Rig): Promise<Report> {
  const list = await settledMemory(rig.gateway.pid);
  const total = residentMib(list);
  const proportional = list.reduce((sum, one) => sum + one.proportionalMib, 0);
  return {
    title: 'memory: everything idle, Envoy with two workers, MiB',
    columns: ['process', 'RSS', 'PSS'],
    rows: [
      ...list.map((one) => ({
        cells: [`${one.role} (${one.pid})`, figure(one.residentMib, 1), figure(one.proportionalMib, 1)],
      })),
      { cells: ['together', figure(total, 1), figure(proportional, 1)], bar: atMost(total, idleBarMib, 'MiB RSS') },
    ],
  };
}

function emulatorReport(): Report {
  const { blocked, loadedBytes, warmBytes, endBytes, seconds } = playExchanges(exchanges);
  const kib = (bytes: number) => figure(bytes / 1024, 0);
  return {
    title: `memory: the filter's linear memory over ${figure(exchanges, 0)} exchanges in the host emulator, KiB`,
    columns: ['', 'KiB'],
    rows: [
      { cells: ['table loaded', kib(loadedBytes)] },
      { cells: ['after 2,000 exchanges', kib(warmBytes)] },
      {
        cells: [`after ${figure(exchanges, 0)}`, kib(endBytes)],
        bar: atMost(endBytes / 1024, warmBytes / 1024, 'KiB'),
      },
    ],
    notes: [`${figure(blocked, 0)} were blocked; ${figure(seconds, 0)} s`],
  };
}

async function postsReport(rig: Rig): Promise<Report> {
  const job = { kind: 'posts', way: rig.way, host: `n0.${benchDomain}`, connections: 16, bodyBytes: 10_000 } as const;
  const idle = residentOf(memoryOf(rig.gateway.pid), 'envoy');
  const warm = await rig.run({ ...job, count: warmPosts });
  const before = residentOf(await settledMemory(rig.gateway.pid), 'envoy');
  const all = await rig.run({ ...job, count: posts - warmPosts });
  const after = residentOf(await settledMemory(rig.gateway.pid), 'envoy');
  const failures = warm.failures + all.failures;
  return {
    title: 'memory: Envoy over 10 KB posts, RSS in MiB at rest',
    columns: ['', 'MiB'],
    rows: [
      { cells: ['idle', figure(idle, 1)] },
      { cells: [`after ${figure(warmPosts, 0)} posts`, figure(before, 1)] },
      { cells: [`after ${figure(posts, 0)}`, figure(after, 1)] },
      { cells: ['growth between', figure(after - before, 1)], bar: atMost(after - before, postsBarMib, 'MiB') },
      { cells: ['posts that failed', String(failures)], bar: atMost(failures, 0) },
    ],
  };
}

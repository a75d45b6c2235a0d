import { quantile } from './figures.ts';
import { atMost, figure, type Part, type Report } from './report.ts';
import { benchDomain, Rig } from './rig.ts';

/** A first tunnel may take this many times as long as one to a name that is known, in the median. */
const ratioBar = 4;
const pairs = 400;

export const tunnels: Part = {
  name: 'tunnels',
  about: 'how long the first tunnel to a name takes, beside one to a name that is known',
  needsIsolation: true,
  async run(): Promise<Report[]> {
    const rig = await Rig.start({ concurrency: 2 });
    try {
      const job = { kind: 'tunnels', way: rig.way, domain: benchDomain, known: `known.${benchDomain}` } as const;
      // The known name becomes known, and every process warm.
      await rig.run({ ...job, from: 0, to: 40 });
      const { newNames, knownNames, failures, firstFailure } = await rig.run({ ...job, from: 40, to: 40 + pairs });
      const row = (label: string, first: number[], known: number[], fraction: number) => ({
        cells: [
          label,
          figure(quantile(first, fraction), 2),
          figure(quantile(known, fraction), 2),
          figure(quantile(first, fraction) / quantile(known, fraction), 2),
        ],
      });
      const p50 = row('tunnel open (CONNECT and TLS), p50', newNames.tunnel, knownNames.tunnel, 0.5);
      const ratio = quantile(newNames.tunnel, 0.5) / quantile(knownNames.tunnel, 0.5);
      return [
        {
          title: `tunnels: ${pairs} new names and a known one in turn, one at a time, ms`,
          columns: ['', 'new name', 'known', 'ratio'],
          rows: [
            { ...p50, bar: atMost(ratio, ratioBar) },
            row('tunnel open, p99', newNames.tunnel, knownNames.tunnel, 0.99),
            row('first answer (the name resolved, TLS to the origin), p50', newNames.answer, knownNames.answer, 0.5),
            row('first answer, p99', newNames.answer, knownNames.answer, 0.99),
            { cells: ['failed', String(failures)], bar: atMost(failures, 0) },
          ],
          ...(failures > 0 ? { notes: [firstFailure] } : {}),
        },
      ];
    } finally {
      await rig.stop();
    }
  },
};

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFilter } from '../../filter/proxy-wasm-as/test/compile.ts';
import { type BareEnvoy, startBare } from './bare-envoy.ts';
import { median } from './figures.ts';
import { processorSeconds } from './process-cost.ts';
import { figure, type Part, type Report } from './report.ts';
import { benchDomain, Rig } from './rig.ts';

const host = `n0.${benchDomain}`;
const connections = 16;
const bodyBytes = 10_000;
const rounds = 9;
const seconds = 1;

/** From nothing to the whole filter; each but the last is a filter that does only what its line says. */
const steps: [name: string, configuration: string | undefined][] = [
  ['no filter', undefined],
  ['a filter that is called and does nothing', 'empty'],
  ['and holds the body until its end', 'hold'],
  ['and has both bodies copied to it', 'copy'],
  ['and has both header blocks copied, and asks for the tunnel', 'ask'],
];

export const ablation: Part = {
  name: 'ablation',
  about: "where a request's processor time goes: what any filter costs in Envoy, and what this one adds",
  needsIsolation: true,
  async run(): Promise<Report[]> {
    const directory = mkdtempSync(join(tmpdir(), 'penstock-ablation-'));
    const wasm = join(directory, 'hold.wasm');
    writeFileSync(wasm, await compileFilter('test/hold-guest.ts', 'package'));
    const rig = await Rig.start({ concurrency: 1 });
    const others: BareEnvoy[] = [];
    try {
      const sides: { name: string; way: Rig['way']; pid: number; micros: number[] }[] = [];
      const add = async (name: string, started: Promise<BareEnvoy>) => {
        const other = await started;
        others.push(other);
        sides.push({ name, way: { ...rig.way, proxy: other.proxy }, pid: other.pid, micros: [] });
      };
      for (const [name, configuration] of steps) {
        const filter = configuration === undefined ? undefined : { wasm, configuration };
        await add(
          name,
          startBare(rig.gateway, (kept) => filter !== undefined && kept === 'penstock', filter),
        );
      }
      await add(
        'the gateway, without the filters for compressed bodies',
        startBare(rig.gateway, (kept) => kept === 'penstock'),
      );
      sides.push({ name: 'the gateway', way: rig.way, pid: rig.gateway.envoyPid()!, micros: [] });
      for (let round = -1; round < rounds; round++) {
        for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
          const before = processorSeconds(side.pid);
          const job = { kind: 'load', way: side.way, host, connections, bodyBytes, seconds } as const;
          const done = await rig.run(job);
          if (done.failures > 0) throw new Error(`ablation: ${side.name}: ${done.firstFailure}`);
          if (round >= 0) side.micros.push(((processorSeconds(side.pid) - before) / done.requests) * 1e6);
        }
      }
      const bare = median(sides[0]!.micros);
      return [
        {
          title: `ablation: Envoy's processor time for a POST of ${bodyBytes / 1000} KB over intercepted TLS, ${rounds} rounds in turn`,
          columns: ['Envoy with', 'us/request', 'over the line before', 'least', 'no filter / this'],
          rows: sides.map(({ name, micros }, index) => ({
            cells: [
              name,
              figure(median(micros), 1),
              index === 0 ? '' : figure(median(micros) - median(sides[index - 1]!.micros), 1),
              figure(Math.min(...micros), 1),
              figure(bare / median(micros), 2),
            ],
          })),
          notes: ['no filter / this: the part of the requests per second that is left where Envoy is what limits'],
        },
      ];
    } finally {
      for (const other of others) other.stop();
      await rig.stop();
      rmSync(directory, { recursive: true });
    }
  },
};

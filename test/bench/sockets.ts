import { type BareEnvoy, startBare } from './bare-envoy.ts';
import { quantile } from './figures.ts';
import { atMost, figure, type Part, type Report } from './report.ts';
import { benchDomain, Rig } from './rig.ts';

const connections = 1_000;
const seconds = 12;
const rounds = 3;
/** A piece of an answer, as the real-time APIs of models send it. */
const messageBytes = 200;
const mostAddedMillis = 2;

export const sockets: Part = {
  name: 'websocket',
  about: 'what the gateway adds to messages of a thousand WebSockets, each a second one, both ways',
  needsIsolation: true,
  async run(): Promise<Report[]> {
    const rig = await Rig.start({ concurrency: 2 });
    let bare: BareEnvoy | undefined;
    try {
      bare = await startBare(rig.gateway);
      const job = { kind: 'sockets', host: `live.${benchDomain}`, connections, seconds, messageBytes } as const;
      const direct: number[] = [];
      const unread: number[] = [];
      const through: number[] = [];
      const ways = [
        [rig.direct, direct],
        [{ ...rig.way, proxy: bare.proxy }, unread],
        [rig.way, through],
      ] as const;
      let failures = 0;
      let firstFailure = '';
      // In turn, so that what else the machine does is in both.
      for (let round = 0; round < rounds; round++) {
        for (const [way, millis] of ways) {
          const done = await rig.run({ ...job, way });
          millis.push(...done.millis);
          failures += done.failures;
          firstFailure ||= done.firstFailure;
        }
      }
      const row = (label: string, fraction: number, of = (millis: number[]) => millis) => {
        const [straight, bare, gateway] = [direct, unread, through].map((all) => quantile(of(all), fraction)) as [
          number,
          number,
          number,
        ];
        return {
          cells: [
            label,
            ...[straight, bare, gateway, gateway - bare, gateway - straight].map((millis) => figure(millis, 2)),
          ],
        };
      };
      const added = quantile(through, 0.99) - quantile(direct, 0.99);
      return [
        {
          title: `websocket: ${connections} connections that say ${messageBytes} bytes a second and are answered at once, ${rounds} times ${seconds} s in turn, ms`,
          columns: ['', 'direct', 'bare Envoy', 'gateway', 'by the filter', 'added'],
          rows: [
            row('a message, p50', 0.5),
            row('p90', 0.9),
            { ...row('p99', 0.99), bar: atMost(added, mostAddedMillis, 'ms') },
            row('there and back, p99', 0.99, roundTrips),
            { cells: ['messages', String(direct.length), String(unread.length), String(through.length), '', ''] },
            { cells: ['failed', '', '', String(failures), '', ''], bar: atMost(failures, 0) },
          ],
          ...(failures > 0 ? { notes: [firstFailure] } : {}),
        },
      ];
    } finally {
      bare?.stop();
      await rig.stop();
    }
  },
};

/** Of messages there and back in turn, how long both took. */
function roundTrips(millis: number[]): number[] {
  return Array.from({ length: millis.length / 2 }, (_, i) => millis[2 * i]! + millis[2 * i + 1]!);
}

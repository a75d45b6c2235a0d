import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { event } from '../harness/answer.ts';
import { type Client, h1Client } from '../harness/client.ts';
import { fresh } from '../harness/names.ts';
import { isAlive } from '../harness/process-tree.ts';
import { StreamReader } from '../harness/stream-reader.ts';
import { waitFor, within } from '../harness/wait.ts';
import { attempt } from './attempt.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const clients: Client[] = [];
let load: Load | undefined;
afterEach(async () => {
  await load?.stop();
  for (const client of clients.splice(0)) client.close();
});

function opened(): Client {
  const client = h1Client(stage.gateway.route);
  clients.push(client);
  return client;
}

/** Clients that send one request after the other until they are told to stop. */
class Load {
  served = 0;
  readonly failures: string[] = [];
  private stopped = false;
  private readonly loops: Promise<void>[];

  /** `tunnels` clients that keep their connection, `tunnels` that open a new one to a known name each time. */
  constructor(tunnels: number) {
    const keeping = Array.from({ length: tunnels }, () => this.run(opened(), () => undefined));
    const opening = Array.from({ length: tunnels }, () => this.run(undefined, opened));
    this.loops = [...keeping, ...opening];
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.loops);
  }

  private async run(kept: Client | undefined, open: () => Client | undefined): Promise<void> {
    while (!this.stopped) {
      const client = kept ?? open()!;
      try {
        const reply = await client.send({ url: 'https://api.penstock.test/load', body: '{"a": 1}' });
        if (reply.status === 200) this.served++;
        else this.failures.push(`${reply.status} ${reply.body.toString().slice(0, 100)}`);
      } catch (error) {
        this.failures.push((error as Error).message);
      }
      if (kept === undefined) client.close();
      await sleep(20);
    }
  }
}

/** Signals, and the names that each may use: no gateway has seen them before. */
const cases = [
  { name: 'killed (SIGKILL)', signal: 'SIGKILL', firstName: 0 },
  { name: 'stopped (SIGSTOP)', signal: 'SIGSTOP', firstName: 100 },
] as const;

describe.each(cases)('the control worker is $name under load', ({ signal, firstName }) => {
  test('what is open goes on, known names are served, new names within 5 s, all is well within 5 s', async () => {
    const { world, gateway } = stage;
    let streaming = true;
    world.api.answers.set('/stream', async (answering) => {
      answering.begin(200, [['Content-Type', 'text/event-stream']]);
      for (let index = 0; streaming && !answering.gone && index < 1_000; index++) {
        await answering.send(event(`event ${index}`));
        await sleep(50);
      }
      answering.end();
    });
    load = new Load(4);
    const running = load;
    const reader = new StreamReader(
      await opened().begin({ url: 'https://api.penstock.test/stream', fields: [['Accept', 'text/event-stream']] }),
    );
    const idle = opened();
    await idle.send({ url: 'https://api.penstock.test/idle' });
    await reader.upTo('event 3\n\n');
    await waitFor('some load', () => running.served > 20);

    const worker = gateway.workerPid();
    const envoy = gateway.envoyPid();
    const mark = gateway.mark();
    process.kill(worker, signal);
    const lost = performance.now();

    // A name that no one has asked for is served or refused, but does not hang.
    const asked = performance.now();
    const first = await within(
      'an answer for a new name',
      attempt(gateway.route, `https://${fresh(firstName)}/`),
      8_000,
    );
    expect(performance.now() - asked, `a new name: ${JSON.stringify(first)}`).toBeLessThan(5_500);

    await waitFor(
      'another worker',
      () => gateway.processes().some(({ pid, executable }) => pid !== worker && /node/.test(executable)),
      8_000,
    );
    let next = firstName + 1;
    await waitFor(
      'a new name to be served',
      async () => (await attempt(gateway.route, `https://${fresh(next++)}/`)).status === 200,
      8_000,
    );
    expect(performance.now() - lost, 'all is well again').toBeLessThan(6_000);
    expect(await gateway.isHealthy()).toBe(true);

    const servedBefore = running.served;
    await waitFor('the load to go on', () => running.served > servedBefore + 10);
    await reader.upTo('event 60\n\n');
    expect((await idle.send({ url: 'https://api.penstock.test/idle' })).status).toBe(200);
    expect(idle.connections, 'the idle tunnel stayed open').toBe(1);
    await running.stop();
    streaming = false;
    await reader.rest();
    expect(running.failures, 'requests to a known name').toEqual([]);
    expect(gateway.envoyPid(), 'Envoy was not touched').toBe(envoy);
    await waitFor('the lost worker to be gone', () => !isAlive(worker));
    expect(gateway.log.lines.length, 'the log tells of it').toBeGreaterThan(mark);
  });
});

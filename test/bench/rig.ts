/** What the parts with a gateway stand on: an origin and clients in processes of their own, a gateway, names. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { Gateway } from '../harness/gateway.ts';
import { trustedDomain } from '../harness/names.ts';
import { TestCa } from '../harness/pki.ts';
import { within } from '../harness/wait.ts';
import type { Done, Job, Way } from './load-client.ts';
import type { OriginReady, OriginSettings } from './load-origin.ts';
import { NameServer } from './name-server.ts';

/** Past it a job has hung: the longest opens 70,000 names at 60 a second. */
const jobMillis = 2_400_000;

const stopSignals = ['SIGINT', 'SIGTERM'] as const;
/** 128 and SIGINT's number, as shells say it. */
const interruptedExit = 130;

/** Where the names of the bench lead. */
const originAddress = '127.0.0.31';

/** Names of the bench: `n0.bench.penstock.test` and so on. None is in /etc/hosts, so each is asked of the name server. */
export const benchDomain = `bench.${trustedDomain}`;

export interface RigOptions {
  /** Envoy's worker threads. */
  concurrency: number;
  answerBytes?: number;
  clients?: number;
}

export class Rig {
  readonly gateway: Gateway;
  /** What the gateway was configured with, for another beside it. */
  readonly configuration: Record<string, unknown>;
  readonly clients: ChildProcess[];
  readonly direct: Way;
  readonly #origin: ChildProcess;
  readonly #names: NameServer;
  readonly #folder: string;

  private constructor(
    gateway: Gateway,
    clients: ChildProcess[],
    direct: Way,
    origin: ChildProcess,
    names: NameServer,
    folder: string,
    configuration: Record<string, unknown>,
  ) {
    this.gateway = gateway;
    this.configuration = configuration;
    this.clients = clients;
    this.direct = direct;
    this.#origin = origin;
    this.#names = names;
    this.#folder = folder;
    // A gateway outlives the one who started it.
    for (const signal of stopSignals) process.on(signal, this.#interrupt);
  }

  readonly #interrupt = (): void => {
    void this.stop().finally(() => process.exit(interruptedExit));
  };

  static async start({ concurrency, answerBytes = 2_000, clients = 1 }: RigOptions): Promise<Rig> {
    const ca = new TestCa('bench origins');
    const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'));
    const caFile = join(folder, 'origins-ca.pem');
    writeFileSync(caFile, ca.pem);
    const names = await NameServer.start(originAddress);
    const origin = fork(join(import.meta.dirname, 'load-origin.ts'));
    const settings: OriginSettings = {
      ...ca.leaf({ names: [`*.${benchDomain}`] }),
      address: originAddress,
      port: 443,
      answerBytes,
    };
    origin.send(settings);
    const [{ port }] = (await within('the origin', once(origin, 'message'))) as [OriginReady];
    try {
      const configuration = {
        mode: 'balanced',
        trusted_domains: [`*.${trustedDomain}`],
        forward_proxy: { enabled: true },
        tls_interception: { enabled: true, upstream_ca_file: caFile },
        logging: { include_allowed: false },
      };
      const gateway = await Gateway.start({
        configuration: stringify(configuration),
        more: ['--concurrency', String(concurrency)],
      });
      const processes = Array.from({ length: clients }, () => fork(join(import.meta.dirname, 'load-client.ts')));
      const direct = { origin: { address: originAddress, port }, ca: ca.pem };
      return new Rig(gateway, processes, direct, origin, names, folder, configuration);
    } catch (error) {
      origin.disconnect();
      names.close();
      throw error;
    }
  }

  /** The way through the gateway. */
  get way(): Way {
    return { proxy: this.gateway.proxy, origin: this.direct.origin, ca: this.gateway.ca };
  }

  /** Runs a job in each of the client processes at once, and adds up what they did. */
  async run(job: Job): Promise<Done> {
    const done = await Promise.all(this.clients.map((client) => runIn(client, job)));
    return {
      requests: sum(done.map((one) => one.requests)),
      failures: sum(done.map((one) => one.failures)),
      firstFailure: done.find((one) => one.firstFailure)?.firstFailure ?? '',
      seconds: Math.max(...done.map((one) => one.seconds)),
      millis: done.flatMap((one) => one.millis),
      newNames: { tunnel: done.flatMap((d) => d.newNames.tunnel), answer: done.flatMap((d) => d.newNames.answer) },
      knownNames: {
        tunnel: done.flatMap((d) => d.knownNames.tunnel),
        answer: done.flatMap((d) => d.knownNames.answer),
      },
    };
  }

  async stop(): Promise<void> {
    for (const signal of stopSignals) process.off(signal, this.#interrupt);
    for (const child of [...this.clients, this.#origin]) if (child.connected) child.disconnect();
    await this.gateway.stop();
    this.#names.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function runIn(client: ChildProcess, job: Job): Promise<Done> {
  const settled = new AbortController();
  const exited = once(client, 'exit', { signal: settled.signal }).then(() => {
    throw new Error(`the load client ended in the middle of ${job.kind}`);
  });
  const answered = once(client, 'message', { signal: settled.signal });
  // The one that is not waited for any more ends in an abort.
  exited.catch(() => {});
  answered.catch(() => {});
  client.send(job);
  try {
    const [done] = (await within(`the job ${job.kind}`, Promise.race([answered, exited]), jobMillis)) as [Done];
    return done;
  } finally {
    settled.abort();
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Clients under load, a process of their own: raw sockets, of TLS or plain, through a proxy or straight to the origin, one
 * request at a time on each, kept alive. Told what to do by messages (a Job each), answers each with a Done.
 *
 * Longer than most files: the jobs are five, and share the connection.
 */
import type { Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { dial, type Endpoint, openTunnel } from '../harness/tunnel.ts';
import { within } from '../harness/wait.ts';
import { frame, opcode } from '../harness/websocket.ts';
import { chat, prose } from './clean-text.ts';
import { HttpReader } from './http-reader.ts';
import { EchoSocket } from './load-sockets.ts';

/** Where to, by which way. */
export interface Way {
  /** Left out: straight to the origin. */
  proxy?: Endpoint;
  origin: Endpoint;
  /** PEM of what the client trusts. Left out: no TLS. */
  ca?: string;
}

export type Job =
  | {
      kind: 'load';
      way: Way;
      host: string;
      connections: number;
      bodyBytes: number;
      seconds: number;
      /** Requests a second over all connections; left out: as many as there is time for. */
      rate?: number;
      /** Whole requests, sent in turn; left out: chat completions of `bodyBytes`. */
      requests?: string[];
    }
  | {
      kind: 'posts';
      way: Way;
      host: string;
      connections: number;
      bodyBytes: number;
      /** How many in all. */
      count: number;
      requests?: string[];
    }
  | {
      kind: 'names';
      way: Way;
      /** `n<index>.<domain>` for each index from `from` up to, not including, `to`. */
      domain: string;
      from: number;
      to: number;
      atOnce: number;
      /** Names a second, at most. */
      rate: number;
    }
  | {
      kind: 'sockets';
      way: Way;
      host: string;
      connections: number;
      /** Each says something once a second, for so long. */
      seconds: number;
      messageBytes: number;
    }
  | {
      kind: 'tunnels';
      way: Way;
      /** New name, known name, new name … in turn. */
      domain: string;
      known: string;
      from: number;
      to: number;
    };

export interface Done {
  requests: number;
  /** Requests or tunnels that did not end in 200. */
  failures: number;
  /** The first of them, for people. */
  firstFailure: string;
  seconds: number;
  /** Milliseconds of each request, in jobs with a rate; of each message of a WebSocket, one there and its one back in turn. */
  millis: number[];
  /** Milliseconds from the first packet to the end of the handshake, and to the end of the first answer. */
  newNames: { tunnel: number[]; answer: number[] };
  knownNames: { tunnel: number[]; answer: number[] };
}

/** Past it a request has failed. */
const answerMillis = 15_000;

const contexts = new Map<string, ReturnType<typeof createSecureContext>>();

function contextOf(ca: string): ReturnType<typeof createSecureContext> {
  const known = contexts.get(ca) ?? createSecureContext({ ca });
  contexts.set(ca, known);
  return known;
}

/** One connection with one request under way at most. */
class Connection {
  readonly #socket: Socket;
  #settle: (head: string) => void = () => {};
  #fail: (error: Error) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new HttpReader((head) => this.#settle(head));
    socket.on('data', (chunk: Buffer) => reader.feed(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  static async open(way: Way, host: string): Promise<Connection> {
    return new Connection(await connect(way, host));
  }

  /** Sends a request and resolves when its answer has arrived; rejects where its status is not 200. */
  async send(request: Buffer): Promise<void> {
    const head = await new Promise<string>((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      this.#socket.write(request);
    });
    if (head.slice(9, 12) !== '200') throw new Error(head.split('\r\n', 1)[0]);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A connection to the host, its handshake done. */
async function connect({ proxy, origin, ca }: Way, host: string): Promise<Socket> {
  const plain = proxy ? await openTunnel(proxy, `${host}:${origin.port}`) : await dial(origin);
  plain.setNoDelay(true);
  if (ca === undefined) return plain;
  const secured = connectTls({
    socket: plain,
    secureContext: contextOf(ca),
    servername: host,
    ALPNProtocols: ['http/1.1'],
  });
  await within(
    `the handshake for ${host}`,
    new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve);
      secured.once('error', reject);
      secured.once('close', () => reject(new Error(`closed during the handshake for ${host}`)));
    }),
    answerMillis,
  ).catch((error) => {
    secured.destroy();
    throw error;
  });
  secured.removeAllListeners('close');
  return secured;
}

function requestOf(host: string, port: number, bodyBytes: number): Buffer {
  const body = chat(Math.max(1_000, bodyBytes));
  const authority = port === 443 ? host : `${host}:${port}`;
  return Buffer.concat([
    Buffer.from(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: bench\r\nAccept: */*\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    ),
    body,
  ]);
}

function nothingDone(): Done {
  const none = () => ({ tunnel: [], answer: [] });
  return { requests: 0, failures: 0, firstFailure: '', seconds: 0, millis: [], newNames: none(), knownNames: none() };
}

function failed(done: Done, error: unknown): void {
  done.failures++;
  done.firstFailure ||= (error as Error).message;
}

async function post(job: Job & { kind: 'load' | 'posts' }): Promise<Done> {
  const { way, host, connections, bodyBytes } = job;
  const requests = job.requests?.map((text) => Buffer.from(text)) ?? [requestOf(host, way.origin.port, bodyBytes)];
  let next = 0;
  const open: Connection[] = [];
  for (let index = 0; index < connections; index++) open.push(await Connection.open(way, host));
  const done = nothingDone();
  const start = performance.now();
  const end = job.kind === 'load' ? start + job.seconds * 1000 : start + 300_000;
  const rate = job.kind === 'load' ? job.rate : undefined;
  const gapMillis = rate === undefined ? 0 : (connections / rate) * 1000;
  let left = job.kind === 'posts' ? job.count : Number.POSITIVE_INFINITY;
  await Promise.all(
    open.map(async (connection, index) => {
      let due = start + (gapMillis * index) / connections;
      try {
        while (performance.now() < end && left-- > 0) {
          if (gapMillis > 0) {
            await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
            due += gapMillis;
          }
          const sent = gapMillis > 0 ? performance.now() : 0;
          await connection.send(requests[next++ % requests.length]!);
          done.requests++;
          if (gapMillis > 0) done.millis.push(performance.now() - sent);
        }
      } catch (error) {
        failed(done, error);
      }
    }),
  );
  done.seconds = (performance.now() - start) / 1000;
  for (const connection of open) connection.close();
  return done;
}

/** Opens a tunnel, sends one request, closes; gives the milliseconds to the handshake's end and to the answer's. */
async function visit(way: Way, host: string): Promise<{ tunnel: number; answer: number }> {
  const request = requestOf(host, way.origin.port, 0);
  const start = performance.now();
  const connection = await Connection.open(way, host);
  const tunnel = performance.now() - start;
  try {
    await within(`the answer of ${host}`, connection.send(request), answerMillis);
    return { tunnel, answer: performance.now() - start };
  } finally {
    connection.close();
  }
}

async function names({ way, domain, from, to, atOnce, rate }: Job & { kind: 'names' }): Promise<Done> {
  const done = nothingDone();
  const start = performance.now();
  let next = from;
  const worker = async () => {
    while (next < to) {
      const index = next++;
      const due = start + ((index - from) / rate) * 1000;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      try {
        await visit(way, `n${index}.${domain}`);
        done.requests++;
      } catch (error) {
        failed(done, error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  done.seconds = (performance.now() - start) / 1000;
  return done;
}

async function tunnels({ way, domain, known, from, to }: Job & { kind: 'tunnels' }): Promise<Done> {
  const done = nothingDone();
  const start = performance.now();
  const record = async (into: Done['newNames'], host: string) => {
    try {
      const { tunnel, answer } = await visit(way, host);
      into.tunnel.push(tunnel);
      into.answer.push(answer);
      done.requests++;
    } catch (error) {
      failed(done, error);
    }
  };
  for (let index = from; index < to; index++) {
    await record(done.newNames, `n${index}.${domain}`);
    await record(done.knownNames, known);
  }
  done.seconds = (performance.now() - start) / 1000;
  return done;
}

/** Opens all connections, then lets each say something once a second, the first ones apart from each other. */
async function sockets({ way, host, connections, seconds, messageBytes }: Job & { kind: 'sockets' }): Promise<Done> {
  const done = nothingDone();
  const authority = way.origin.port === 443 ? host : `${host}:${way.origin.port}`;
  const event = { type: 'response.output_text.delta', output_index: 0, content_index: 0 };
  const words = prose(messageBytes).toString();
  const message = Buffer.from(JSON.stringify({ ...event, delta: words }));
  // Once for all: masking costs more than sending.
  const masked = frame(opcode.text, message, true);
  const open: EchoSocket[] = [];
  let begun = 0;
  const opener = async () => {
    while (begun++ < connections) open.push(await EchoSocket.open(await connect(way, host), authority));
  };
  await Promise.all(Array.from({ length: 8 }, opener));
  const start = performance.now();
  await Promise.all(
    open.map(async (socket, index) => {
      try {
        for (let second = 0; second < seconds; second++) {
          const due = start + (second + index / open.length) * 1000;
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
          const { thereMillis, backMillis } = await socket.echo(message, masked);
          done.requests++;
          done.millis.push(thereMillis, backMillis);
        }
      } catch (error) {
        failed(done, error);
      }
    }),
  );
  done.seconds = (performance.now() - start) / 1000;
  for (const socket of open) socket.close();
  return done;
}

function run(job: Job): Promise<Done> {
  if (job.kind === 'sockets') return sockets(job);
  if (job.kind === 'names') return names(job);
  return job.kind === 'tunnels' ? tunnels(job) : post(job);
}

process.once('disconnect', () => process.exit(0));
process.on('message', async (job: Job) => {
  const done = await run(job).catch((error: Error) => ({ ...nothingDone(), failures: 1, firstFailure: error.message }));
  process.send!(done);
});

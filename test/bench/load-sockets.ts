/** WebSockets under load: each says something once a second, and times when it is there and when it is back. Part of load-client.ts. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { within } from '../harness/wait.ts';
import { FrameReader, opcode } from '../harness/websocket.ts';

/** Past it an upgrade has failed. */
const upgradeMillis = 15_000;

/** Milliseconds of the clock that all processes of a machine share (CLOCK_MONOTONIC). */
export function nowMillis(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What the origin sends back: the message, an object in JSON, with the time that it is as its first member. */
export function stamp(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`{"${stampKey}":${nowMillis()},`), message.subarray(1)]);
}

const stampKey = 'came_in_at_millis';

/** One that is open, with one message under way at most. */
export class EchoSocket {
  readonly #socket: Socket;
  #settle: (payload: Buffer) => void = () => {};
  #fail: (error: Error) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      for (const { opcode: code, payload } of reader.feed(chunk)) {
        if (code === opcode.close) this.#fail(new Error(`closed: ${payload.subarray(2)}`));
        else this.#settle(payload);
      }
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /** Upgrades a connection to the host; rejects where the answer is not 101. */
  static async open(socket: Socket, authority: string): Promise<EchoSocket> {
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET /live HTTP/1.1\r\nHost: ${authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    let head = '';
    await within(
      'the upgrade',
      new Promise<void>((resolve, reject) => {
        const onData = (chunk: Buffer) => {
          head += chunk.toString('latin1');
          if (!head.includes('\r\n\r\n')) return;
          socket.off('data', onData);
          resolve();
        };
        socket.on('data', onData);
        socket.once('error', reject);
      }),
      upgradeMillis,
    );
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(head.split('\r\n', 1)[0]);
    return new EchoSocket(socket);
  }

  /** Sends a message, `masked` in its frame; gives how long it took to the origin, and how long the origin's took to here. */
  async echo(message: Buffer, masked: Buffer): Promise<{ thereMillis: number; backMillis: number }> {
    const sentAt = nowMillis();
    const payload = await new Promise<Buffer>((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      this.#socket.write(masked);
    });
    const backAt = nowMillis();
    const cameInAt = JSON.parse(payload.toString())[stampKey];
    if (!payload.subarray(-(message.length - 1)).equals(message.subarray(1)) || !Number.isFinite(cameInAt))
      throw new Error('another message came back');
    return { thereMillis: cameInAt - sentAt, backMillis: backAt - cameInAt };
  }

  close(): void {
    this.#socket.destroy();
  }
}

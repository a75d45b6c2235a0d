// A gateway of one worker in the emulated host, and clients by their addresses: for what the filter keeps of a client from one
// request to the next.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Host, type Stream } from '../../filter/proxy-wasm-as/host/index.ts';
import { FrameReader, frame, opcode } from '../harness/websocket.ts';

const wasm = readFileSync(join(import.meta.dirname, '../../build/filter.wasm'));

/** A request. What is left out: a POST without a body to `/v1` at api.example, inside an intercepted tunnel. */
export interface Sent {
  url?: string;
  body?: string | undefined;
  host?: string;
  client?: string;
  chain?: 'intercept' | 'egress' | 'mcp';
  /** The body of the origin's answer; left out: none comes. */
  answer?: string | undefined;
}

export interface Reply {
  /** Of an answer in the origin's place. */
  status: number | undefined;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: lines of the log, whose fields docs/logs.md has
  lines: any[];
}

export class OneWorker {
  readonly host: Host;
  readonly #plugin: ReturnType<Host['configure']>;
  #seconds = 1_800_000_000;

  constructor(table: Uint8Array) {
    this.host = new Host(wasm, { logLevel: 'info', nowNanoseconds: () => BigInt(this.#seconds) * 1_000_000_000n });
    this.#plugin = this.host.configure(table, { rootId: 'penstock' });
  }

  wait(seconds: number): void {
    this.#seconds += seconds;
  }

  send({
    url = '/v1',
    body,
    host = 'api.example',
    client = '10.0.0.1',
    chain = 'intercept',
    answer,
  }: Sent = {}): Reply {
    this.host.logs.length = 0;
    const stream = this.#stream(host, client, chain);
    stream.requestHeaders(
      [
        [':method', 'POST'],
        [':path', url],
        [':authority', host],
      ],
      body === undefined,
    );
    if (body !== undefined && !stream.localResponse) stream.requestBody(body, true);
    if (answer !== undefined && !stream.localResponse) {
      stream.responseHeaders([
        [':status', '200'],
        ['content-type', 'text/plain'],
      ]);
      stream.responseBody(answer, true);
    }
    const local = stream.localResponse;
    stream.done();
    const text = local === undefined ? '' : Buffer.from(local.body).toString();
    return { status: local?.status, text, lines: this.#lines() };
  }

  /** Opens a WebSocket. The function sends a message, and gives the code that the origin's side is closed with, where it is. */
  open({ host = 'api.example', client = '10.0.0.1' }: Pick<Sent, 'host' | 'client'> = {}) {
    const stream = this.#stream(host, client, 'intercept');
    stream.requestHeaders([
      [':method', 'GET'],
      [':path', '/live'],
      [':authority', host],
      ['connection', 'Upgrade'],
      ['upgrade', 'websocket'],
      ['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
    ]);
    stream.responseHeaders([[':status', '101']]);
    return (message: string) => {
      this.host.logs.length = 0;
      stream.requestBody(frame(opcode.text, Buffer.from(message), true));
      const last = new FrameReader().feed(Buffer.concat(stream.sentUpstream.chunks)).at(-1);
      const closedWith = last?.opcode === opcode.close ? last.payload.readUInt16BE() : undefined;
      return { closedWith, lines: this.#lines() };
    };
  }

  #stream(host: string, client: string, chain: string): Stream {
    return this.#plugin.stream({
      properties: {
        'xds\0filter_chain_name': chain,
        ...(chain === 'intercept' && { 'filter_state\0penstock.tunnel': `${host}:443 ${host}` }),
        'filter_state\0penstock.client': client,
      },
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: see Reply
  #lines(): any[] {
    return this.host.logs.flatMap(({ message }) => (message.startsWith('{') ? [JSON.parse(message)] : []));
  }
}

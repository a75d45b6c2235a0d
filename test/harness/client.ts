/**
 * Clients of both protocols, behind one interface. Long, because the two share how a request is cut, written and awaited,
 * and a difference there would look like one of the gateway.
 */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { asObject, type Fields, fieldValue, pairs } from './field.ts';
import { openWay, type Route } from './tunnel.ts';
import { within } from './wait.ts';

export interface Ask {
  /** The default is GET, or POST where there is a body. */
  method?: string | undefined;
  url: string;
  fields?: Fields | undefined;
  /** The body; a list is written piece by piece, each in its own segment. */
  body?: string | Uint8Array | Uint8Array[] | undefined;
  /** True: no Content-Length in HTTP/1.1, so the body goes chunked. */
  chunked?: boolean | undefined;
  trailers?: Fields | undefined;
}

export interface Reply {
  status: number;
  fields: Fields;
  body: Buffer;
  trailers: Fields;
}

/** An answer whose body is still coming. */
export interface Streaming {
  status: number;
  fields: Fields;
  body: AsyncIterable<Buffer>;
  /** Known when the body has ended. */
  trailers(): Fields;
  /** Gives the exchange up. */
  cancel(): void;
}

/** A client that speaks to one origin over as few connections as its protocol needs. */
export interface Client {
  /** Sends and resolves when the answer's head is there. */
  begin(ask: Ask): Promise<Streaming>;
  /** Sends and resolves with the whole answer. */
  send(ask: Ask): Promise<Reply>;
  /** Connections opened so far. */
  readonly connections: number;
  close(): void;
}

/** A client is patient: bodies of 20 MB on a loaded machine take seconds. */
const answerMillis = 60_000;

/** HTTP/1.1 with keep-alive, one request at a time. */
export function h1Client(route: Route): Client {
  return new H1Client(route);
}

/** HTTP/2 over TLS, many streams on one connection. The URL must be https. */
export function h2Client(route: Route): Client {
  return new H2Client(route);
}

/** Cuts bytes into pieces of at most `pieceBytes`. */
export function cut(bytes: string | Uint8Array, pieceBytes: number): Buffer[] {
  const whole = Buffer.from(bytes);
  const list: Buffer[] = [];
  for (let at = 0; at < whole.length; at += pieceBytes) list.push(whole.subarray(at, at + pieceBytes));
  return list;
}

async function whole(streaming: Streaming, what: string): Promise<Reply> {
  const chunks: Buffer[] = [];
  const read = async (): Promise<void> => {
    for await (const chunk of streaming.body) chunks.push(chunk);
  };
  await within(`the body of ${what}`, read(), answerMillis);
  return {
    status: streaming.status,
    fields: streaming.fields,
    body: Buffer.concat(chunks),
    trailers: streaming.trailers(),
  };
}

function bodyPieces(ask: Ask): Buffer[] {
  if (ask.body === undefined) return [];
  return Array.isArray(ask.body) ? ask.body.map((piece) => Buffer.from(piece)) : [Buffer.from(ask.body)];
}

function methodOf(ask: Ask): string {
  return ask.method ?? (ask.body === undefined ? 'GET' : 'POST');
}

/** Writes piece by piece; a turn of the event loop between them keeps each in its own segment. */
async function writePieces(request: ClientRequest | ClientHttp2Stream, list: Buffer[]): Promise<void> {
  for (const piece of list) {
    if (request.destroyed) return;
    await new Promise<void>((resolve) => {
      request.once('close', resolve);
      request.write(piece, () => {
        request.off('close', resolve);
        resolve();
      });
    });
    if (list.length > 1) await turn();
  }
}

class H1Client implements Client {
  connections = 0;
  private readonly route: Route;
  private readonly sockets = new Set<Socket>();
  private readonly agent: http.Agent;
  private target: URL = new URL('http://unset.invalid');

  constructor(route: Route) {
    this.route = route;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    this.agent.createConnection = (_options, callback): undefined => {
      this.connections++;
      openWay(this.route, this.target).then(
        (socket) => {
          this.sockets.add(socket);
          callback?.(null, socket);
        },
        (error: Error) => callback?.(error, undefined as unknown as Duplex),
      );
      return undefined;
    };
  }

  async begin(ask: Ask): Promise<Streaming> {
    const url = new URL(ask.url);
    this.target = url;
    const list = bodyPieces(ask);
    const length = list.reduce((sum, piece) => sum + piece.length, 0);
    const fields: Fields = [...(ask.fields ?? [])];
    if (fieldValue(fields, 'host') === undefined) fields.unshift(['Host', url.host]);
    const framed =
      fieldValue(fields, 'content-length') !== undefined || fieldValue(fields, 'transfer-encoding') !== undefined;
    if (list.length > 0 && !framed) {
      const isChunked = ask.chunked === true || ask.trailers !== undefined;
      fields.push(isChunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(length)]);
    }
    // A proxy for plain http takes the absolute form (RFC 9112, section 3.2.2).
    const isAbsolute = url.protocol === 'http:' && this.route.proxy !== undefined;
    const request = http.request({
      agent: this.agent,
      method: methodOf(ask),
      path: isAbsolute ? ask.url : targetOf(ask.url),
      headers: fields.flat(),
    });
    request.setNoDelay(true);
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.once('error', reject);
      request.once('upgrade', (response) => resolve(response));
    });
    answered.catch(() => {});
    request.on('error', () => {});
    await Promise.race([writePieces(request, list), answered.catch(() => {})]);
    if (ask.trailers !== undefined) request.addTrailers(ask.trailers);
    request.end();
    const response = await within(`the answer to ${methodOf(ask)} ${url.host}`, answered, answerMillis);
    return {
      status: response.statusCode ?? 0,
      fields: pairs(response.rawHeaders),
      body: response,
      trailers: () => pairs(response.rawTrailers),
      cancel: () => response.destroy(),
    };
  }

  async send(ask: Ask): Promise<Reply> {
    return whole(await this.begin(ask), ask.url.split('?')[0]!);
  }

  close(): void {
    this.agent.destroy();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Path and query as written: URL would normalise them, and the scenarios look at every byte. */
export function targetOf(url: string): string {
  return /^[a-z]+:\/\/[^/?]*(.*)$/s.exec(url)?.[1] || '/';
}

class H2Client implements Client {
  connections = 0;
  private readonly route: Route;
  private session: ClientHttp2Session | undefined;

  constructor(route: Route) {
    this.route = route;
  }

  private async connected(url: URL): Promise<ClientHttp2Session> {
    if (this.session !== undefined && !this.session.closed && !this.session.destroyed) return this.session;
    this.connections++;
    const socket = await openWay(this.route, url, { alpn: ['h2'] });
    this.session = http2.connect(url.origin, { createConnection: () => socket });
    this.session.on('error', () => {});
    return this.session;
  }

  async begin(ask: Ask): Promise<Streaming> {
    const url = new URL(ask.url);
    const session = await this.connected(url);
    const list = bodyPieces(ask);
    const isWhole = list.length === 0;
    const stream = session.request(
      {
        ':method': methodOf(ask),
        ':path': targetOf(ask.url),
        ':authority': fieldValue(ask.fields ?? [], 'host') ?? url.host,
        ...asObject((ask.fields ?? []).filter(([name]) => name.toLowerCase() !== 'host')),
      },
      { endStream: isWhole, waitForTrailers: ask.trailers !== undefined },
    );
    stream.on('wantTrailers', () => stream.sendTrailers(asObject(ask.trailers ?? [])));
    let trailers: Fields = [];
    stream.on('trailers', (_headers, _flags, raw?: string[]) => {
      trailers = pairs(raw ?? Object.entries(_headers).flat().map(String));
    });
    const answered = new Promise<{ status: number; fields: Fields }>((resolve, reject) => {
      stream.once('response', (headers, _flags, raw?: string[]) =>
        resolve({
          status: Number(headers[':status']),
          fields: pairs(raw ?? Object.entries(headers).flat().map(String)),
        }),
      );
      stream.once('error', reject);
      stream.once('close', () => reject(new Error(`HTTP/2 stream closed before an answer, code ${stream.rstCode}`)));
    });
    answered.catch(() => {});
    stream.on('error', () => {});
    if (!isWhole) {
      await Promise.race([writePieces(stream, list), answered.catch(() => {})]);
      stream.end();
    }
    const { status, fields } = await within(`the answer to ${methodOf(ask)} ${url.host}`, answered, answerMillis);
    return {
      status,
      fields,
      body: stream,
      trailers: () => trailers,
      cancel: () => stream.close(http2.constants.NGHTTP2_CANCEL),
    };
  }

  async send(ask: Ask): Promise<Reply> {
    return whole(await this.begin(ask), ask.url.split('?')[0]!);
  }

  close(): void {
    this.session?.destroy();
  }
}

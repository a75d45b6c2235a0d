import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Answer, type Answering, json } from './answer.ts';
import { asObject, type Fields, pairs } from './field.ts';
import type { Leaf } from './pki.ts';
import { acceptWebSocket, type Frame } from './websocket.ts';

/** A request as it reached an origin. */
export interface Arrived {
  protocol: 'HTTP/1.1' | 'HTTP/2';
  method: string;
  /** The request target as written: path and query, or what else stood there. */
  target: string;
  /** Host in HTTP/1.1, :authority in HTTP/2. */
  authority: string;
  fields: Fields;
  body: Buffer;
  trailers: Fields;
  /** False while the body is not there to its end. */
  complete: boolean;
}

export interface OriginOptions {
  /** An address of 127.0.0.0/8. */
  address: string;
  /** 0: any free port. */
  port?: number;
  /** Left out: plain http. */
  leaf?: Leaf;
  /** What ALPN offers; the default is both. */
  protocols?: ('h2' | 'http/1.1')[];
}

type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

/**
 * An HTTP server of the tests. It records every request before it answers, and answers by script: `answers` by path
 * (without query), else `answer`. WebSocket upgrades are accepted on every path and echoed.
 */
export class Origin {
  readonly arrived: Arrived[] = [];
  /** Frames of WebSockets as they arrived. */
  readonly frames: Frame[] = [];
  /** Further fields of the answer to an upgrade. */
  agreement: Fields = [];
  /** Sockets that were ever opened towards this origin. */
  connections = 0;
  /** Answers by path. */
  readonly answers = new Map<string, Answer>();
  /** The answer where `answers` has none. */
  answer: Answer = json({ choices: [{ message: { content: 'hello' } }] });
  /** Called when the head of a request has arrived, before its body is read. */
  onHead: (request: Arrived) => void = () => {};
  readonly port: number;
  readonly scheme: 'http' | 'https';
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();

  private constructor(server: Server, scheme: 'http' | 'https') {
    this.server = server;
    this.scheme = scheme;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Starts an origin and resolves when it listens. Throws what listen throws, EADDRINUSE among it. */
  static async start(options: OriginOptions): Promise<Origin> {
    const server = serverFor(options);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, options.address, resolve);
    });
    const origin = new Origin(server, options.leaf === undefined ? 'http' : 'https');
    server.on('connection', (socket: Socket) => {
      origin.connections++;
      origin.keep(socket);
    });
    server.on('secureConnection', (socket: Duplex) => origin.keep(socket));
    server.on('request', (request: Incoming, response: Outgoing) => void origin.handle(request, response));
    server.on('checkContinue', (request: Incoming, response: Outgoing) => {
      response.writeContinue();
      void origin.handle(request, response);
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      origin.arrived.push({ ...headOf(request), complete: true });
      acceptWebSocket(request, socket, head, (frame) => origin.frames.push(frame), origin.agreement);
    });
    server.on('clientError', (_error: Error, socket: Duplex) => socket.destroy());
    return origin;
  }

  /** `https://name[:port]`, without the scheme's default port. */
  urlFor(name: string): string {
    const defaultPort = this.scheme === 'https' ? 443 : 80;
    return `${this.scheme}://${name}${this.port === defaultPort ? '' : `:${this.port}`}`;
  }

  /** Forgets what arrived and puts the default answers back. */
  reset(): void {
    this.arrived.length = 0;
    this.frames.length = 0;
    this.agreement = [];
    this.connections = 0;
    this.answers.clear();
    this.answer = json({ choices: [{ message: { content: 'hello' } }] });
    this.onHead = () => {};
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private keep(socket: Duplex): void {
    this.sockets.add(socket);
    // A reset by the other side is part of many scenarios and no error of the test.
    socket.on('error', () => {});
    socket.once('close', () => this.sockets.delete(socket));
  }

  private async handle(request: Incoming, response: Outgoing): Promise<void> {
    const record = headOf(request);
    this.arrived.push(record);
    this.onHead(record);
    const answering = answeringOn(request, response);
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      record.body = Buffer.concat(chunks);
      record.trailers = pairs(request.rawTrailers);
      record.complete = true;
      await (this.answers.get(record.target.split('?')[0]!) ?? this.answer)(answering, record);
    } catch {
      // The other side went away in the middle: `complete` and `gone` tell.
      answering.reset();
    }
  }
}

function serverFor({ leaf, protocols = ['h2', 'http/1.1'] }: OriginOptions): Server {
  // No limits of node's own: scenarios send long headers and wait at gates.
  const limits = { maxHeaderSize: 256 * 1024, requestTimeout: 0, keepAliveTimeout: 0, headersTimeout: 0 };
  if (leaf === undefined) return http.createServer(limits);
  if (protocols.includes('h2')) {
    return http2.createSecureServer({ ...limits, ...leaf, allowHTTP1: protocols.includes('http/1.1') });
  }
  return https.createServer({ ...limits, ...leaf, ALPNProtocols: ['http/1.1'] });
}

function headOf(request: Incoming): Arrived {
  const isH2 = request.httpVersionMajor === 2;
  const authority = isH2 ? (request as Http2ServerRequest).authority : (request.headers.host ?? '');
  return {
    protocol: isH2 ? 'HTTP/2' : 'HTTP/1.1',
    method: request.method ?? '',
    target: request.url ?? '',
    authority,
    fields: pairs(request.rawHeaders),
    body: Buffer.alloc(0),
    trailers: [],
    complete: false,
  };
}

function answeringOn(request: Incoming, response: Outgoing): Answering {
  let gone = false;
  response.once('close', () => {
    gone = true;
  });
  return {
    get gone() {
      return gone;
    },
    begin(status, fields) {
      if (request.httpVersionMajor === 2) (response as Http2ServerResponse).writeHead(status, asObject(fields));
      else (response as ServerResponse).writeHead(status, fields.flat());
      (response as ServerResponse).flushHeaders?.();
    },
    send(piece) {
      if (gone) return Promise.resolve();
      return new Promise((resolve) => {
        response.once('close', resolve);
        (response as ServerResponse).write(piece, () => {
          response.off('close', resolve);
          resolve();
        });
      });
    },
    end(trailers = []) {
      if (gone) return;
      if (trailers.length > 0 && request.httpVersionMajor === 2) {
        (response as Http2ServerResponse).addTrailers(asObject(trailers) as Record<string, string>);
      } else if (trailers.length > 0) {
        (response as ServerResponse).addTrailers(trailers);
      }
      response.end();
    },
    reset() {
      if (request.httpVersionMajor === 2) {
        (response as Http2ServerResponse).stream?.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      } else {
        request.socket?.destroy();
      }
    },
  };
}

// The same exchange driven twice: through a real Envoy with a real client and origin, and through our host.
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HeaderPairs, Plugin } from '../host/index.ts';
import type { RunningEnvoy } from './envoy.ts';
import { answer, mutable, pairUp, type SeenRequest, toldHeaders } from './origin.ts';

/** What the client does. */
export interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: HeaderPairs;
  /** Sent one by one. */
  readonly chunks?: readonly string[];
  readonly trailers?: HeaderPairs;
}

/** What everybody saw. */
export interface Observed {
  readonly status: number | undefined;
  readonly headers: HeaderPairs;
  readonly body: string;
  readonly trailers: HeaderPairs;
  /** Whether the client's connection was cut before the end. */
  readonly reset: boolean;
  readonly origin: readonly SeenRequest[];
  readonly logs: readonly string[];
}

const timeoutMs = 10_000;

/** Through Envoy; returns when the filter has logged that its context is deleted. */
export async function throughEnvoy(exchange: Exchange, envoy: RunningEnvoy, seen: SeenRequest[]): Promise<Observed> {
  const [firstLog, firstSeen] = [envoy.logs.length, seen.length];
  const client = await runClient(exchange, envoy.port);
  const deadline = Date.now() + timeoutMs;
  while (!envoy.logs.slice(firstLog).some((line) => line.startsWith('delete'))) {
    if (Date.now() > deadline)
      throw new Error(`envoy: no on_delete; it logged ${envoy.logs.slice(firstLog).join(', ')}`);
    await sleep(5);
  }
  return { ...client, origin: seen.slice(firstSeen), logs: envoy.logs.slice(firstLog) };
}

function runClient(exchange: Exchange, port: number): Promise<Omit<Observed, 'origin' | 'logs'>> {
  return new Promise((resolve, reject) => {
    const headers = [['connection', 'close'], ...(exchange.headers ?? [])];
    if (exchange.chunks) headers.push(['transfer-encoding', 'chunked']);
    const request = httpRequest(
      { host: '127.0.0.1', port, method: exchange.method, path: exchange.path, timeout: timeoutMs, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        const finish = (reset: boolean) =>
          resolve({
            status: response.statusCode,
            headers: toldHeaders(pairUp(response.rawHeaders)),
            body: Buffer.concat(chunks).toString('utf8'),
            trailers: toldHeaders(pairUp(response.rawTrailers)),
            reset,
          });
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => finish(!response.complete));
        response.on('error', () => finish(true));
      },
    );
    for (const [name, value] of headers) request.appendHeader(name!, value!);
    request.on('timeout', () => request.destroy(new Error('client: timed out')));
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET') reject(error);
      else resolve({ status: undefined, headers: [], body: '', trailers: [], reset: true });
    });
    void (async () => {
      for (const chunk of exchange.chunks ?? []) {
        request.write(chunk);
        await sleep(20); // so that Envoy sees the chunks one by one
      }
      if (exchange.trailers) request.addTrailers(mutable(exchange.trailers));
      request.end();
    })();
  });
}

/** Through our host: the end of an HTTP/1.1 body comes as an event of its own, with no bytes. */
export function throughHost(exchange: Exchange, plugin: Plugin): Observed {
  const host = plugin.host;
  const firstLog = host.logs.length;
  const stream = plugin.stream();
  const pairs: HeaderPairs = [
    [':method', exchange.method],
    [':path', exchange.path],
    [':authority', '127.0.0.1'],
    ...(exchange.headers ?? []),
  ];
  stream.requestHeaders(pairs, !exchange.chunks);
  for (const chunk of exchange.chunks ?? []) stream.requestBody(chunk);
  if (exchange.trailers) stream.requestTrailers(exchange.trailers);
  else if (exchange.chunks) stream.requestBody('', true);

  const origin: SeenRequest[] = [];
  for (const call of host.httpCalls()) {
    const seen = seenRequest(call.headers, Buffer.from(call.body).toString('utf8'), call.trailers);
    origin.push(seen);
    const { status, headers, chunks } = answer(seen);
    host.answerHttpCall(call.token, [[':status', String(status)], ...headers], chunks.join(''));
  }
  plugin.tick();

  if (stream.sentUpstream.ended) {
    const seen = seenRequest(
      stream.sentUpstream.headers ?? [],
      stream.sentUpstream.text,
      stream.sentUpstream.trailers ?? [],
    );
    origin.push(seen);
    const { status, headers, chunks, trailers } = answer(seen);
    const filled = chunks.filter((chunk) => chunk !== '');
    stream.responseHeaders([[':status', String(status)], ...headers], filled.length === 0);
    for (const chunk of filled) stream.responseBody(chunk);
    if (trailers.length > 0) stream.responseTrailers(trailers);
    else if (filled.length > 0) stream.responseBody('', true);
  }
  stream.done();
  const sent = stream.sentDownstream;
  return {
    status: sent.headers && Number(sent.header(':status')),
    headers: toldHeaders(sent.headers ?? []),
    body: sent.text,
    trailers: toldHeaders(sent.trailers ?? []),
    reset: stream.reset,
    origin,
    logs: host.logs.slice(firstLog).map((line) => line.message),
  };
}

function seenRequest(headers: HeaderPairs, body: string, trailers: HeaderPairs): SeenRequest {
  const first = (name: string) => headers.find(([candidate]) => candidate === name)?.[1] ?? '';
  return {
    method: first(':method'),
    path: first(':path'),
    headers: toldHeaders(headers),
    body,
    trailers: toldHeaders(trailers),
  };
}

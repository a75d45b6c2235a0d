import { createServer, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HeaderPairs } from '../host/index.ts';

/** A request as the origin sees it, with only the headers that the tests speak of. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderPairs;
  readonly body: string;
  readonly trailers: HeaderPairs;
}

export interface OriginAnswer {
  readonly status: number;
  readonly headers: HeaderPairs;
  /** Sent one by one. */
  readonly chunks: readonly string[];
  readonly trailers: HeaderPairs;
}

const told = new Set(['x-mark', 'x-repeated', 'x-empty', 'x-seen', 'content-type']);

/** The headers that the tests speak of, in a fixed order. */
export function toldHeaders(pairs: HeaderPairs): HeaderPairs {
  return pairs
    .filter(([name]) => told.has(name))
    .toSorted((a, b) => `${a[0]}\0${a[1]}`.localeCompare(`${b[0]}\0${b[1]}`));
}

/** What the origin says: the same behind Envoy and behind our host. */
export function answer(request: SeenRequest): OriginAnswer {
  const headers: [string, string][] = [['content-type', 'text/plain']];
  if (request.path === '/empty') return { status: 204, headers: [], chunks: [], trailers: [] };
  if (request.path === '/trailers')
    return { status: 200, headers, chunks: ['one ', 'two'], trailers: [['x-mark', 'end']] };
  if (request.path === '/stream') return { status: 200, headers, chunks: ['first ', 'second ', 'third'], trailers: [] };
  return { status: 200, headers, chunks: [`${request.method} ${request.path} `, request.body], trailers: [] };
}

/** The origin as a server on a free port of 127.0.0.1, which keeps what it saw. */
export async function startOrigin(): Promise<{ port: number; seen: SeenRequest[]; stop: () => Promise<void> }> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await readRequest(incoming);
    seen.push(request);
    const { status, headers, chunks, trailers } = answer(request);
    if (trailers.length > 0) outgoing.setHeader('trailer', trailers.map(([name]) => name).join(', '));
    outgoing.writeHead(status, headers.flat());
    for (const chunk of chunks) {
      if (chunk === '') continue;
      outgoing.write(chunk);
      await sleep(20); // so that Envoy sees the chunks one by one
    }
    if (trailers.length > 0) outgoing.addTrailers(mutable(trailers));
    outgoing.end();
  });
  await new Promise<Server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
  const address = server.address();
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: typeof address === 'object' && address ? address.port : 0, seen, stop };
}

async function readRequest(incoming: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: toldHeaders(pairUp(incoming.rawHeaders)),
    body: Buffer.concat(chunks).toString('utf8'),
    trailers: toldHeaders(pairUp(incoming.rawTrailers)),
  };
}

/** The form that `addTrailers` takes. */
export function mutable(pairs: HeaderPairs): [string, string][] {
  return pairs.map(([name, value]): [string, string] => [name, value]);
}

/** Node's flat list of names and values as pairs, names in lower case. */
export function pairUp(flat: readonly string[]): HeaderPairs {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.push([flat[index]!.toLowerCase(), flat[index + 1]!]);
  return pairs;
}

import net, { type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import type { Fields } from './field.ts';
import { within } from './wait.ts';

/** Where a server listens. */
export interface Endpoint {
  address: string;
  port: number;
}

/** How a client gets to an origin. */
export interface Route {
  /** Left out: straight to the origin, whose name /etc/hosts knows. */
  proxy?: Endpoint | undefined;
  /** PEM of what the client trusts. */
  ca: string;
}

/** The proxy answered CONNECT with something other than 200. */
export class TunnelRefused extends Error {
  readonly status: number;
  readonly body: string;

  constructor(authority: string, status: number, body: string) {
    super(`CONNECT ${authority}: ${status} ${body.slice(0, 200)}`);
    this.status = status;
    this.body = body;
  }
}

/** A connected TCP socket; rejects with the socket's error. */
export async function dial(endpoint: { address?: string; host?: string; port: number }): Promise<Socket> {
  const socket = net.connect({
    host: endpoint.address ?? endpoint.host ?? '127.0.0.1',
    port: endpoint.port,
    noDelay: true,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.removeAllListeners('error');
  socket.on('error', () => {});
  return socket;
}

/** Opens a CONNECT tunnel. Throws TunnelRefused when the proxy says no. */
export async function openTunnel(proxy: Endpoint, authority: string, fields: Fields = []): Promise<Socket> {
  const socket = await dial(proxy);
  const lines = [['Host', authority] as [string, string], ...fields].map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const { head, rest } = await within(`the answer to CONNECT ${authority}`, readHead(socket), 20_000);
  const status = Number(head.split(' ')[1]);
  if (status === 200) {
    if (rest.length > 0) socket.unshift(rest);
    return socket;
  }
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const body = await within(`the body of the refusal of ${authority}`, readLength(socket, rest, length));
  socket.destroy();
  throw new TunnelRefused(authority, status, body.toString());
}

export interface TlsOptions {
  /** What ALPN offers. */
  alpn: ('h2' | 'http/1.1')[];
  /** SNI; the default is the URL's host. */
  servername?: string;
  /** Authority of CONNECT; the default is the URL's host and port. */
  connectAuthority?: string;
}

/** An open way to the origin of `url`: TLS on top for https, through a tunnel where the route has a proxy. */
export async function openWay(
  route: Route,
  url: URL,
  options: TlsOptions = { alpn: ['http/1.1'] },
): Promise<Socket | TLSSocket> {
  const isTls = url.protocol === 'https:';
  const host = url.hostname;
  const port = Number(url.port || (isTls ? 443 : 80));
  if (!isTls) return route.proxy === undefined ? dial({ host, port }) : dial(route.proxy);
  const socket =
    route.proxy === undefined
      ? await dial({ host, port })
      : await openTunnel(route.proxy, options.connectAuthority ?? `${host}:${port}`);
  return secure(socket, route.ca, options.servername ?? host, options.alpn);
}

/** TLS on a socket. Rejects with the handshake's error. `servername` '' sends no SNI. */
export async function secure(socket: Socket, ca: string, servername: string, alpn: string[]): Promise<TLSSocket> {
  const secured = tls.connect({ socket, ca, servername, ALPNProtocols: alpn });
  await within(
    `the TLS handshake for ${servername}`,
    new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve);
      secured.once('error', reject);
      secured.once('close', () => reject(new Error(`closed during the TLS handshake for ${servername}`)));
    }),
    30_000,
  );
  secured.removeAllListeners('error');
  secured.on('error', () => {});
  return secured;
}

/** Reads up to the empty line that ends a head; `rest` is what came after it. */
export async function readHead(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const end = seen.indexOf('\r\n\r\n');
    if (end >= 0) return { head: seen.subarray(0, end).toString('latin1'), rest: seen.subarray(end + 4) };
    const more = await nextChunk(socket);
    if (more === undefined)
      throw new Error(`closed before the end of the head: ${JSON.stringify(seen.toString('latin1'))}`);
    seen = Buffer.concat([seen, more]);
  }
}

async function readLength(socket: Socket, rest: Buffer, length: number): Promise<Buffer> {
  let seen = rest;
  while (seen.length < length) {
    const more = await nextChunk(socket);
    if (more === undefined) break;
    seen = Buffer.concat([seen, more]);
  }
  return seen;
}

/** The next bytes of a socket; undefined when it has ended. */
export async function nextChunk(socket: Socket): Promise<Buffer | undefined> {
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (socket.readableEnded || socket.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        for (const name of ['readable', 'end', 'close', 'error']) socket.off(name, go);
        resolve();
      };
      for (const name of ['readable', 'end', 'close', 'error']) socket.once(name, go);
    });
  }
}

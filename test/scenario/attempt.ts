import { h1Client } from '../harness/client.ts';
import type { Fields } from '../harness/field.ts';
import { openWay, type Route, readHead, type TlsOptions, TunnelRefused } from '../harness/tunnel.ts';
import { within } from '../harness/wait.ts';

/** How far a request got, and what it was told. */
export interface Outcome {
  /** connect: the proxy refused the tunnel; tls: the handshake failed; answer: there was an HTTP answer. */
  at: 'connect' | 'tls' | 'answer' | 'broken';
  /** 0 where there was no answer. */
  status: number;
  text: string;
}

/** Tries a GET and tells how it went; never throws for a refusal. */
export async function attempt(route: Route, url: string, fields: Fields = []): Promise<Outcome> {
  const client = h1Client(route);
  try {
    const reply = await client.send({ url, fields });
    return { at: 'answer', status: reply.status, text: reply.body.toString() };
  } catch (error) {
    return failed(error as Error);
  } finally {
    client.close();
  }
}

/** A GET with a tunnel, a server name and a Host of one's own choice. */
export async function attemptAs(
  route: Route,
  url: string,
  options: Partial<TlsOptions> & { host?: string; target?: string },
): Promise<Outcome> {
  const target = new URL(url);
  try {
    const socket = await openWay(route, target, { alpn: ['http/1.1'], ...options });
    socket.write(
      `GET ${options.target ?? '/'} HTTP/1.1\r\nHost: ${options.host ?? target.host}\r\nConnection: close\r\n\r\n`,
    );
    const { head, rest } = await within('an answer', readHead(socket), 20_000);
    let text = rest.toString();
    for await (const chunk of socket) text += String(chunk);
    return { at: 'answer', status: Number(head.split(' ')[1]), text };
  } catch (error) {
    return failed(error as Error);
  }
}

function failed(error: Error): Outcome {
  if (error instanceof TunnelRefused) return { at: 'connect', status: error.status, text: error.body };
  const isTls = /TLS|SSL|certificate|altname|handshake|alert/i.test(error.message);
  return { at: isTls ? 'tls' : 'broken', status: 0, text: error.message };
}

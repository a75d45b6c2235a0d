/** The origin under load, a process of its own: answers every request with the same chat completion, and keeps connections. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { chat } from './clean-text.ts';
import { HttpReader } from './http-reader.ts';

/** What it is started with. */
export interface OriginSettings {
  address: string;
  port: number;
  cert: string;
  key: string;
  answerBytes: number;
}

/** What it says once it listens. */
export interface OriginReady {
  port: number;
}

process.once('disconnect', () => process.exit(0));
process.once('message', async ({ address, port, cert, key, answerBytes }: OriginSettings) => {
  const body = chat(answerBytes, 9);
  const answer = Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ]);
  const server = createServer({ cert, key, ALPNProtocols: ['http/1.1'] }, (socket) => {
    const reader = new HttpReader(() => socket.write(answer));
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => reader.feed(chunk));
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.listen({ host: address, port, backlog: 4096 });
  await once(server, 'listening');
  process.send!({ port: (server.address() as AddressInfo).port } satisfies OriginReady);
});

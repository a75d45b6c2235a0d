/** The origin under load, a process of its own: answers every request with the same chat completion, and
 * keeps connections; a WebSocket gets back what it says, with the time at which that came in. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { acceptKey, FrameReader, frame } from '../harness/websocket.ts';
import { chat } from './clean-text.ts';
import { HttpReader } from './http-reader.ts';
import { stamp } from './load-sockets.ts';

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

const upgradeOf = (key: string) =>
  `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`;

process.once('disconnect', () => process.exit(0));
process.once('message', async ({ address, port, cert, key, answerBytes }: OriginSettings) => {
  const body = chat(answerBytes, 9);
  const answer = Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ]);
  const server = createServer({ cert, key, ALPNProtocols: ['http/1.1'] }, (socket) => {
    const frames = new FrameReader();
    let isUpgraded = false;
    const reader = new HttpReader((head) => {
      const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1];
      isUpgraded = key !== undefined;
      socket.write(key === undefined ? answer : upgradeOf(key));
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (!isUpgraded) reader.feed(chunk);
      else for (const { opcode: code, payload } of frames.feed(chunk)) socket.write(frame(code, stamp(payload), false));
    });
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.listen({ host: address, port, backlog: 4096 });
  await once(server, 'listening');
  process.send!({ port: (server.address() as AddressInfo).port } satisfies OriginReady);
});

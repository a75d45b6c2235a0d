import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { pattern } from '../harness/answer.ts';
import { nextChunk, openWay, type Route, readHead } from '../harness/tunnel.ts';
import { within } from '../harness/wait.ts';
import { acceptKey, type Frame, FrameReader, frame, opcode } from '../harness/websocket.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Upgrades a connection and gives a way to send a frame and one to read the next. */
async function upgraded(
  url: string,
  route: Route,
): Promise<{ head: string; send(frame: Buffer): void; next(): Promise<Frame>; key: string }> {
  const target = new URL(url);
  const socket = await openWay(route, target);
  sockets.push(socket);
  const key = randomBytes(16).toString('base64');
  const isAbsolute = target.protocol === 'http:' && route.proxy !== undefined;
  socket.write(
    [
      `GET ${isAbsolute ? url : target.pathname} HTTP/1.1`,
      `Host: ${target.host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: chat',
      '\r\n',
    ].join('\r\n'),
  );
  const { head, rest } = await within('the answer to the upgrade', readHead(socket));
  const reader = new FrameReader();
  const frames: Frame[] = reader.feed(rest);
  const next = async (): Promise<Frame> => {
    while (frames.length === 0) {
      const chunk = await within('a frame', nextChunk(socket));
      if (chunk === undefined) throw new Error('closed before the next frame');
      frames.push(...reader.feed(chunk));
    }
    return frames.shift()!;
  };
  return { head, send: (bytes) => socket.write(bytes), next, key };
}

describe.each(['https://api.penstock.test/socket', 'http://api.penstock.test/socket'])('%s', (url) => {
  test('an upgrade passes and frames go both ways', async () => {
    const { head, send, next, key } = await upgraded(url, stage.gateway.route);
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    expect(head.toLowerCase()).toContain(`sec-websocket-accept: ${acceptKey(key).toLowerCase()}`);
    expect(head.toLowerCase()).toContain('sec-websocket-protocol: chat');
    for (let turn = 0; turn < 20; turn++) {
      send(frame(opcode.text, Buffer.from(`message ${turn}`), true));
      expect((await next()).payload.toString()).toBe(`message ${turn}`);
    }
    const large = pattern(300_000);
    send(frame(opcode.binary, large, true));
    expect((await next()).payload.equals(large)).toBe(true);
    send(frame(opcode.ping, Buffer.from('are you there'), true));
    expect(await next()).toEqual({ opcode: opcode.pong, payload: Buffer.from('are you there') });
    send(frame(opcode.close, Buffer.from([0x03, 0xe8]), true));
    expect(await next()).toEqual({ opcode: opcode.close, payload: Buffer.from([0x03, 0xe8]) });
  });

  test('a frame in single bytes arrives', async () => {
    const { send, next } = await upgraded(url, stage.gateway.route);
    for (const byte of frame(opcode.text, Buffer.from('bit by bit'), true)) {
      send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    expect((await next()).payload.toString()).toBe('bit by bit');
  });

  test('ten sockets at once', async () => {
    const open = await Promise.all(Array.from({ length: 10 }, () => upgraded(url, stage.gateway.route)));
    for (const [index, { send }] of open.entries()) send(frame(opcode.text, Buffer.from(`socket ${index}`), true));
    const answers = await Promise.all(open.map(({ next }) => next()));
    expect(answers.map(({ payload }) => payload.toString())).toEqual(open.map((_, index) => `socket ${index}`));
  });
});

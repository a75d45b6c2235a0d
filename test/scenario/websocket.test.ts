import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { pattern } from '../harness/answer.ts';
import { githubToken } from '../harness/secret.ts';
import type { Route } from '../harness/tunnel.ts';
import { acceptKey, fragments, frame, opcode } from '../harness/websocket.ts';
import { openExtended, runNodeClient, upgrade } from '../harness/websocket-client.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Upgrades a connection that ends with the test. */
async function upgraded(url: string, route: Route): ReturnType<typeof upgrade> {
  const socket = await upgrade(route, url);
  sockets.push(socket.socket);
  return socket;
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

const token = githubToken();
const stopped = Buffer.from([0x03, 0xf0]);

describe.each(['https', 'http'] as const)('a credential over %s', (scheme) => {
  const origin = () => (scheme === 'https' ? stage.world.api : stage.world.plain);
  test.each([
    ['in a message', [frame(opcode.text, Buffer.from(`{"text":"${token}"}`), true)]],
    ['in fragments', [fragments(opcode.text, [Buffer.from(token.slice(0, 9)), Buffer.from(token.slice(9))], true)]],
    ['over two messages', [token.slice(0, 20), token.slice(20)].map((t) => frame(opcode.text, Buffer.from(t), true))],
  ])('%s is stopped on both sides with 1008', async (_, frames) => {
    const { send, next } = await upgraded(`${scheme}://api.penstock.test/socket`, stage.gateway.route);
    send(frame(opcode.text, Buffer.from('hello'), true));
    expect((await next()).payload.toString()).toBe('hello');
    for (const bytes of frames) send(bytes);
    let last = await next();
    while (last.opcode === opcode.text) last = await next();
    expect(last.opcode).toBe(opcode.close);
    expect(last.payload.readUInt16BE()).toBe(1008);
    expect(last.payload.subarray(2).toString()).toMatch(/^blocked by Penstock, request [0-9a-f]{16}: credential/);
    const request = /request ([0-9a-f]{16})/.exec(last.payload.toString())![1];
    await stage.gateway.waitForLog({ event: 'finding', verdict: 'block', surface: 'request-body', request });
    expect(origin().frames.at(-1)).toEqual({ opcode: opcode.close, payload: stopped });
    expect(Buffer.concat(origin().frames.map(({ payload }) => payload)).toString('latin1')).not.toContain(token);
  });
});

describe.each(['https', 'http'] as const)('events of a model that is talked to in real time, over %s', (scheme) => {
  const origin = () => (scheme === 'https' ? stage.world.api : stage.world.plain);
  const event = (delta: string) =>
    Buffer.from(JSON.stringify({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta }));
  const text = (delta: string) => frame(opcode.text, event(delta), true);
  const begun = token.slice(0, 16);

  test('a token in pieces is stopped before any of it has gone on', async () => {
    const { send, next } = await upgraded(`${scheme}://api.penstock.test/socket`, stage.gateway.route);
    send(text('Hello, '));
    expect((await next()).payload).toEqual(event('Hello, '));
    for (const delta of [begun, token.slice(16, 30), token.slice(30)]) send(text(delta));
    const last = await next();
    expect([last.opcode, last.payload.readUInt16BE()]).toEqual([opcode.close, 1008]);
    expect(origin().frames).toEqual([
      { opcode: opcode.text, payload: event('Hello, ') },
      { opcode: opcode.close, payload: stopped },
    ]);
  });

  test('what only looked like the beginning of one comes a moment later, or with what follows', async () => {
    const { send, next } = await upgraded(`${scheme}://api.penstock.test/socket`, stage.gateway.route);
    // It waits on the way to the origin, and its echo on the way back.
    send(text(begun));
    expect((await next()).payload).toEqual(event(begun));
    send(text(' is how a key begins.'));
    expect((await next()).payload).toEqual(event(' is how a key begins.'));
    const deltas = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? `sk-ant-api03-${i}` : ` and word ${i} `));
    for (const delta of deltas) send(text(delta));
    for (const delta of deltas) expect((await next()).payload).toEqual(event(delta));
    send(frame(opcode.close, Buffer.from([0x03, 0xe8]), true));
    expect((await next()).opcode).toBe(opcode.close);
  });
});

describe('a client of HTTP/2', () => {
  test('has its frames passed, and stopped with 1008', async () => {
    const socket = await openExtended(stage.gateway.route, 'https://api.penstock.test/socket');
    sockets.push(socket.tcp);
    socket.send(frame(opcode.text, Buffer.from('hello'), true));
    expect((await socket.next()).payload.toString()).toBe('hello');
    const arrived = stage.world.api.arrived.at(-1)!;
    const keyOf = (name: string) => arrived.fields.find(([field]) => field.toLowerCase() === name)?.[1];
    expect(Buffer.from(keyOf('sec-websocket-key') ?? '', 'base64').length).toBe(16);
    expect(keyOf('sec-websocket-extensions')).toBeUndefined();
    socket.send(frame(opcode.text, Buffer.from(token), true));
    const last = await socket.next();
    expect([last.opcode, last.payload.readUInt16BE()]).toEqual([opcode.close, 1008]);
    expect(stage.world.api.frames.at(-1)).toEqual({ opcode: opcode.close, payload: stopped });
  });
});

test("Node's own client speaks, and reads why it was stopped", async () => {
  const { events } = await runNodeClient(stage.gateway.route, 'wss://api.penstock.test/socket', [
    'hello',
    '{"type":"response.create"}',
    token,
  ]);
  expect(events.slice(0, -1)).toEqual(['open', 'message hello', 'message {"type":"response.create"}']);
  expect(events.at(-1)).toMatch(/^close 1008 blocked by Penstock, request [0-9a-f]{16}: credential\.github\./);
});

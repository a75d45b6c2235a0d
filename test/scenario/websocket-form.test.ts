// websocket_proxy switched on: the form /ws?url=, and the limits of the section, on the form and on ordinary upgrades.
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { githubToken } from '../harness/secret.ts';
import { frame, opcode } from '../harness/websocket.ts';
import { upgrade } from '../harness/websocket-client.ts';
import { useStage } from './stage.ts';

const stage = useStage({
  sections: {
    websocket_proxy: { enabled: true, max_message_bytes: 2000, max_concurrent_connections: 3, idle_timeout_seconds: 2 },
    fetch_proxy: { monitoring: { blocklist: ['other.penstock.test'] } },
  },
});
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Opens a WebSocket, by the form or through the proxy as usual. */
async function open(url: string, form: boolean, fields: [string, string][] = []) {
  const { proxy, ca } = stage.gateway.route;
  const own = `http://127.0.0.1:${proxy!.port}/ws?url=${encodeURIComponent(url.replace(/^http/, 'ws'))}`;
  const socket = form ? await upgrade({ ca }, own, fields) : await upgrade(stage.gateway.route, url, fields);
  sockets.push(socket.socket);
  return socket;
}

const ways = ['http', 'https'].flatMap((scheme) => [true, false].map((form) => [scheme, form] as const));

test.each(ways)('%s, by the form %s: frames pass, a credential is stopped with 1008', async (scheme, form) => {
  const url = `${scheme}://api.penstock.test/socket?a=1&b=2`;
  const socket = await open(url, form, [
    ['Cookie', 'a=b'],
    ['Origin', 'https://page.example'],
  ]);
  expect(socket.head).toMatch(/^HTTP\/1\.1 101 /);
  const origin = scheme === 'https' ? stage.world.api : stage.world.plain;
  expect(origin.arrived.at(-1)).toMatchObject({ target: '/socket?a=1&b=2', authority: 'api.penstock.test' });
  const fields = Object.fromEntries(origin.arrived.at(-1)!.fields.map(([name, value]) => [name.toLowerCase(), value]));
  expect(fields.origin).toBe(`${scheme}://api.penstock.test`);
  expect(fields).not.toHaveProperty('cookie');
  socket.send(frame(opcode.text, Buffer.from('hello'), true));
  expect((await socket.next()).payload.toString()).toBe('hello');
  socket.send(frame(opcode.text, Buffer.from(githubToken()), true));
  const last = await socket.next();
  expect([last.opcode, last.payload.readUInt16BE()]).toEqual([opcode.close, 1008]);
});

test.each(ways)('%s, by the form %s: binary, long and too many are refused', async (scheme, form) => {
  const url = `${scheme}://api.penstock.test/socket`;
  for (const [bytes, code] of [
    [frame(opcode.binary, Buffer.from('x'), true), 1008],
    [frame(opcode.text, Buffer.alloc(2001, 'x'), true), 1009],
  ] as const) {
    const socket = await open(url, form);
    socket.send(bytes);
    const last = await socket.next();
    expect([last.opcode, last.payload.readUInt16BE()]).toEqual([opcode.close, code]);
    socket.socket.destroy();
  }
  const heads: string[] = [];
  while (heads.length < 40 && !heads.at(-1)?.includes(' 503 ')) heads.push((await open(url, form)).head);
  expect(heads.at(-1)).toContain(' 503 ');
  for (const socket of sockets.splice(0)) socket.destroy();
  // What has ended counts no more.
  for (let tries = 0; ; tries++) {
    const socket = await open(url, form);
    socket.socket.destroy();
    if (socket.head.includes(' 101 ')) break;
    expect(tries).toBeLessThan(100);
  }
});

test.each(ways)('%s, by the form %s: a silent connection ends', async (scheme, form) => {
  const socket = await open(`${scheme}://api.penstock.test/socket`, form);
  socket.send(frame(opcode.text, Buffer.from('hello'), true));
  await socket.next();
  await expect(socket.next()).rejects.toThrow('closed before the next frame');
});

test('the form keeps to the destination rules, and says what it takes', async () => {
  const blocked = await open('https://other.penstock.test/socket', true);
  expect(blocked.head).toContain(' 403 ');
  for (const url of ['', 'ftp://api.penstock.test/', 'ws://a@api.penstock.test/', 'ws:///socket', 'ws://x y/']) {
    expect((await open(url, true)).head, url).toContain(' 400 ');
  }
});

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { readConfig } from '../config/read.ts';
import { openEmitter } from './emit.ts';
import type { Emitted } from './event.ts';
import { emitPlan } from './plan.ts';
import { createQueue } from './queue.ts';
import { formatSyslog } from './syslog.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const event = (severity: Emitted['severity'], request = 'r1'): Emitted => ({
  ...{ severity, type: 'exchange', timestamp: '2026-11-25T10:00:00.250Z' },
  fields: { request, verdict: 'block', rules: ['credential.github.token'] },
});
const receiver = { min_severity: 'warn', queue_size: 8, instance: 'gw-1' } as const;
const none = { webhook: undefined, syslog: undefined, otlp: undefined };

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await sleep(10);
  expect(condition()).toBe(true);
}

/** A server that keeps what it gets. */
async function serve(statuses: number[] = []) {
  const got: { url: string; headers: Record<string, unknown>; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    got.push({ url: request.url!, headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(statuses.shift() ?? 200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('a webhook gets what weighs enough, with the token, again where it was not taken', async () => {
  const { got, url } = await serve([500]);
  const emitter = await openEmitter({ ...none, webhook: { ...receiver, url, auth_token: 't', timeout_seconds: 2 } });
  emitter.emit(event('info'));
  emitter.emit(event('critical'));
  await until(() => emitter.counts[0]!.sent === 1);
  expect(got).toHaveLength(2);
  expect(got[1]!.headers.authorization).toBe('Bearer t');
  expect(JSON.parse(got[1]!.body.toString())).toEqual({ ...event('critical'), pipelock_instance: 'gw-1' });
});

test('OTLP gets log records by the standard path', async () => {
  const { got, url } = await serve();
  const otlp = { ...receiver, endpoint: url, headers: { 'x-tenant': 'a' }, timeout_seconds: 2, gzip: true };
  const emitter = await openEmitter({ ...none, otlp });
  emitter.emit(event('warn', 'r7'));
  await until(() => emitter.counts[0]!.sent === 1);
  expect(got[0]!.url).toBe('/v1/logs');
  expect(got[0]!.headers['x-tenant']).toBe('a');
  const [resource] = JSON.parse(gunzipSync(got[0]!.body).toString()).resourceLogs;
  expect(JSON.stringify(resource.resource)).toContain('gw-1');
  const [record] = resource.scopeLogs[0].logRecords;
  expect(record).toMatchObject({ severityText: 'warn', timeUnixNano: '1795600800250000000' });
  expect(JSON.stringify(record.attributes)).toContain('r7');
});

test('syslog goes by UDP and by TCP', async () => {
  const options = { ...receiver, facility: 'local0', tag: 'pipelock' };
  const message = `<132>1 2026-11-25T10:00:00.250Z gw-1 pipelock ${process.pid} exchange - {"severity":"warn","type":"exchange","request":"r1","verdict":"block","rules":["credential.github.token"]}`;
  expect(formatSyslog(event('warn'), { ...options, address: '' })).toBe(message);

  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  closing.push(() => udp.close());
  const overUdp = await openEmitter({
    ...none,
    syslog: { ...options, address: `udp://127.0.0.1:${udp.address().port}` },
  });
  const datagram = once(udp, 'message');
  overUdp.emit(event('warn'));
  expect(String((await datagram)[0])).toBe(message);

  let text = '';
  const tcp = createTcpServer((socket) => socket.on('data', (chunk) => (text += chunk))).listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  closing.push(() => tcp.close());
  const { port } = tcp.address() as AddressInfo;
  const overTcp = await openEmitter({ ...none, syslog: { ...options, address: `tcp://127.0.0.1:${port}` } });
  overTcp.emit(event('warn'));
  overTcp.emit(event('warn'));
  await until(() => text === `${message.length} ${message}`.repeat(2));
});

test('what has no room is dropped and counted, and nobody waits', async () => {
  const gate = Promise.withResolvers<void>();
  const queue = createQueue<number>(4, () => gate.promise);
  for (let i = 0; i < 10; i++) queue.add(i);
  await sleep(5);
  expect(queue.dropped).toBe(6);
  gate.resolve();
  await until(() => queue.sent === 4);
});

test('the token of the webhook may come from the environment', () => {
  const { emit } = readConfig('emit: {webhook: {url: "https://hooks.example/"}}', 'pipelock.yaml').config;
  expect(emitPlan(emit, {})!.webhook!.auth_token).toBe('');
  expect(emitPlan(emit, { PENSTOCK_WEBHOOK_TOKEN: 'from-there' })!.webhook!.auth_token).toBe('from-there');
  const given = { ...emit, webhook: { ...emit.webhook, auth_token: 'given' } };
  expect(emitPlan(given, { PENSTOCK_WEBHOOK_TOKEN: 'from-there' })!.webhook!.auth_token).toBe('given');
});

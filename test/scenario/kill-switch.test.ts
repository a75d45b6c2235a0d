// The kill switch: thrown by a file or through its API, it stops all traffic within a second, open tunnels included.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { event, eventStream } from '../harness/answer.ts';
import { type Client, h1Client, h2Client } from '../harness/client.ts';
import { StreamReader } from '../harness/stream-reader.ts';
import { waitFor, within } from '../harness/wait.ts';
import { attempt } from './attempt.ts';
import { useStage } from './stage.ts';

const sentinel = join(tmpdir(), `penstock-stop-${process.pid}`);
const api = '127.0.0.1:18977';
const metrics = '127.0.0.1:18978';
const token = ['kill', 'switch', 'token'].join('-');
const stage = useStage({
  sections: {
    kill_switch: { sentinel_file: sentinel, api_listen: api, api_token: token, message: 'stopped, 100%' },
    metrics_listen: metrics,
    tls_interception: { passthrough_domains: ['other.penstock.test'] },
  },
});
/** How soon it must be done. */
const limitMs = 1_000;
const clients: Client[] = [];
afterEach(async () => {
  rmSync(sentinel, { force: true });
  for (const client of clients.splice(0)) client.close();
});
afterAll(() => rmSync(sentinel, { force: true }));

async function status(url: string): Promise<{ status: number; text: string }> {
  const client = h1Client(stage.gateway.route);
  try {
    const reply = await client.send({ url, body: '{}' });
    return { status: reply.status, text: reply.body.toString() };
  } finally {
    client.close();
  }
}

const goesOn = () => waitFor('traffic', async () => (await status('http://api.penstock.test/')).status === 200);

/** Begins an event stream that never ends by itself; what it gives settles when it breaks. */
async function streaming(client: Client, url: string): Promise<() => Promise<unknown>> {
  clients.push(client);
  const answer = eventStream(['first', 'never'], async (index) => (index === 0 ? undefined : new Promise(() => {})));
  for (const origin of [stage.world.api, stage.world.plain, stage.world.other]) origin.answer = answer;
  const reader = new StreamReader(await client.begin({ url, body: '{}' }));
  expect(await reader.upTo('\n\n')).toBe(event('first'));
  const broken = reader.rest().catch(() => {});
  return () => broken;
}

test('a file stops everything, tunnels that pass unread too, and its end lets it go on', async () => {
  await goesOn();
  const unread = { proxy: stage.gateway.proxy, ca: stage.world.ca.pem };
  const streams = await Promise.all(
    [
      [h1Client(stage.gateway.route), 'https://api.penstock.test/'] as const,
      [h2Client(stage.gateway.route), 'https://api.penstock.test/'] as const,
      [h1Client(stage.gateway.route), 'http://api.penstock.test/'] as const,
      [h1Client(unread), 'https://other.penstock.test/'] as const,
    ].map(([client, url]) => streaming(client, url)),
  );
  const mark = stage.gateway.mark();
  writeFileSync(sentinel, '');
  const began = performance.now();
  await Promise.all(streams.map((broken) => within('the cut', broken(), 10_000)));
  const tookMs = performance.now() - began;
  expect(tookMs).toBeLessThan(limitMs);
  await stage.gateway.waitForLog({ event: 'kill-switch', active: true }, mark);
  stage.world.reset();

  const plain = await status('http://api.penstock.test/');
  expect(plain.status).toBe(503);
  expect(JSON.parse(plain.text)).toEqual({
    error: { message: 'stopped, 100%', type: 'penstock_block', param: null, code: 'kill-switch' },
  });
  expect(await attempt(stage.gateway.route, 'https://api.penstock.test/')).toMatchObject({
    at: 'connect',
    status: 503,
  });
  const mcp = await fetch(`${stage.gateway.mcpUrl}/mcp`, {
    method: 'POST',
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  });
  expect(mcp.status).toBe(503);
  expect(await mcp.json()).toMatchObject({ error: { message: 'stopped, 100%', data: { code: 'kill-switch' } } });
  expect(JSON.parse((await stage.gateway.page('/health')).body)).toMatchObject({
    status: 'healthy',
    kill_switch_active: true,
  });
  expect((await stage.gateway.page('/metrics')).body).toMatch(/^penstock_kill_switch_active\{source="sentinel"\} 1$/m);
  expect(stage.world.plain.arrived).toEqual([]);

  rmSync(sentinel);
  await goesOn();
  expect((await status('https://api.penstock.test/')).status).toBe(200);
  expect(existsSync(sentinel)).toBe(false);
});

test('the API throws it and takes it back, for who has the token', async () => {
  await goesOn();
  const ask = (body: string, bearer: string) =>
    fetch(`http://${api}/api/v1/killswitch`, { method: 'POST', headers: { authorization: `Bearer ${bearer}` }, body });
  expect((await ask('{"active":true}', 'a guess')).status).toBe(401);
  expect((await status('http://api.penstock.test/')).status).toBe(200);
  expect((await ask('{"active":"yes"}', token)).status).toBe(400);
  expect((await ask('{"active":true}', token)).status).toBe(200);
  await waitFor('the stop', async () => (await status('http://api.penstock.test/')).status === 503, limitMs);
  const told = await fetch(`http://${api}/api/v1/killswitch/status`, { headers: { authorization: `Bearer ${token}` } });
  expect(await told.json()).toEqual({ active: true, sources: ['api'] });
  expect((await ask('{"active":false}', token)).status).toBe(200);
  await goesOn();
});

test('metrics are on a listener of their own as well', async () => {
  const page = await fetch(`http://${metrics}/metrics`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('penstock_info{');
});

// session_profiling, adaptive_enforcement and address_protection against the real Envoy with two workers: what one client does by
// any way in leads to a level that holds for all.
import { describe, expect, test } from 'vitest';
import { fixed } from '../harness/answer.ts';
import { h1Client } from '../harness/client.ts';
import { githubToken } from '../harness/secret.ts';
import { openTunnel, type TunnelRefused } from '../harness/tunnel.ts';
import { type Stage, useStage } from './stage.ts';

const leak = JSON.stringify({ note: githubToken() });
const more = ['--concurrency', '2'];
const call = (text: string) =>
  JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'echo', arguments: { text } } });

async function send(stage: Stage, url: string, body?: string) {
  const client = h1Client(stage.gateway.route);
  const { status, body: text } = await client.send({ url, ...(body !== undefined && { body }) });
  client.close();
  return { status, text: text.toString() };
}

function ask(stage: Stage, body: string) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return fetch(`${stage.gateway.mcpUrl}/mcp`, { method: 'POST', body, headers });
}

describe.each([
  ['balanced', 403],
  ['audit', 200],
] as const)('levels in mode %s', (mode, stopped) => {
  const stage = useStage({
    more,
    sections: {
      mode,
      tls_interception: { passthrough_domains: ['passed.penstock.test'] },
      session_profiling: { enabled: true, domain_burst: 50 },
      adaptive_enforcement: { enabled: true },
    },
  });
  const blocked = mode === 'balanced';

  test('leaks over http, https and MCP lead up, and then nothing passes anywhere', async () => {
    const mark = stage.gateway.mark();
    const isBlocked = blocked ? 'block' : 'warn';
    expect((await send(stage, 'https://api.penstock.test/', 'hello')).status).toBe(200);
    for (let i = 0; i < 3; i++) {
      await send(stage, 'http://api.penstock.test/', leak);
      await send(stage, 'https://api.penstock.test/', leak);
      await ask(stage, call(githubToken()));
    }
    const changes = stage.gateway.logged({ event: 'level' }, mark).map(({ from, to }) => `${from} ${to}`);
    // In mode audit a leak is a warning, and worth a point.
    expect(changes).toEqual(
      blocked ? ['normal elevated', 'elevated high', 'high critical'] : expect.arrayContaining(['normal elevated']),
    );
    for (let i = 0; i < 12; i++) await send(stage, 'https://api.penstock.test/', leak);
    for (const base of ['http://api.penstock.test/', 'https://other.penstock.test/'])
      expect((await send(stage, base, 'hello')).status).toBe(stopped);
    const answer = await ask(stage, call('hello'));
    expect(answer.status).toBe(stopped);
    if (blocked) expect(await answer.json()).toMatchObject({ error: { data: { reason: 'client-level' } } });
    await stage.gateway.waitForLog({ event: 'limit', verdict: isBlocked, reason: 'client-level' }, mark);
    const { body } = await stage.gateway.page('/metrics');
    expect(body).toMatch(/penstock_level_changes_total\{penstock_from="high",penstock_to="critical"\} 1/);
    if (!blocked) return;
    // A tunnel that is opened lets nothing through; one that passes unread is not there.
    const refused = openTunnel(stage.gateway.proxy, 'passed.penstock.test:443');
    await expect(refused).rejects.toMatchObject({ status: 403 } satisfies Partial<TunnelRefused>);
  });
});

describe('new domains', () => {
  const stage = useStage({
    more,
    sections: { session_profiling: { enabled: true, domain_burst: 1, anomaly_action: 'block' } },
  });
  test('one more than may be is refused, and those before go on', async () => {
    expect((await send(stage, 'https://api.penstock.test/')).status).toBe(200);
    // The server of 8889 is a domain of its own.
    const answer = await ask(stage, call('hello'));
    expect(answer.status).toBe(429);
    expect(await answer.json()).toMatchObject({ error: { data: { reason: 'domain-burst' } } });
    expect((await send(stage, 'https://other.penstock.test/')).status).toBe(200);
  });
});

describe('address_protection', () => {
  const known = '0x52908400098527886E0F7030069857D2E4169EE7';
  const alike = `${known.slice(0, 6)}${'7c1d83f0'.repeat(4)}${known.slice(-4)}`;
  const section = { enabled: true, allowed_addresses: [known] };
  const stage = useStage({ sections: { address_protection: section } });
  test('a look-alike is not sent, by any way in; the known one is, and answers may list what they like', async () => {
    const text = (address: string) => JSON.stringify({ to: address });
    for (const base of ['http://api.penstock.test/', 'https://api.penstock.test/']) {
      expect((await send(stage, base, text(known))).status).toBe(200);
      const reply = await send(stage, base, text(alike));
      expect(reply.status).toBe(403);
      expect(reply.text).toContain('address.look-alike');
    }
    expect((await send(stage, `https://api.penstock.test/pay?to=${alike}`)).status).toBe(403);
    expect(await (await ask(stage, call(alike))).json()).toHaveProperty('error');
    expect(await (await ask(stage, call(known))).json()).toHaveProperty('result');
    stage.world.api.answer = fixed(200, [['Content-Type', 'application/json']], text(alike));
    expect(await send(stage, 'https://api.penstock.test/')).toEqual({ status: 200, text: text(alike) });
  });
});

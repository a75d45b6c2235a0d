// fetch_proxy.monitoring: how long a URL may be, what may look drawn in it, and how much may go to a domain in a minute.
import { afterEach, describe, expect, test } from 'vitest';
import { type Client, h1Client, type Reply } from '../harness/client.ts';
import { openTunnel, type TunnelRefused } from '../harness/tunnel.ts';
import { type Stage, useStage } from './stage.ts';

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function send(stage: Stage, url: string, body?: string): Promise<Reply> {
  const client = h1Client(stage.gateway.route);
  clients.push(client);
  return client.send({ url, ...(body !== undefined && { body }) });
}
const codeOf = (reply: Reply) => (JSON.parse(reply.body.toString()) as { error: { code: string } }).error.code;
const bases = ['http://api.penstock.test', 'https://api.penstock.test'];

// 48 random letters and digits.
const drawn = ['q7Zt2Lw9Xb4Rm8Vc', '1Kd6Ph3Ns5Jg0Fy', 'TaUeIoWzCrQx8BvM'].join('');

describe.each(['balanced', 'strict'])('%s', (mode) => {
  const stage = useStage({
    sections: {
      mode,
      api_allowlist: ['*.penstock.test'],
      fetch_proxy: {
        monitoring: {
          max_url_length: 300,
          entropy_threshold: 4.5,
          subdomain_entropy_exclusions: ['other.penstock.test'],
        },
      },
    },
  });

  test.each(bases)('%s: a URL that is too long', async (base) => {
    const mark = stage.gateway.mark();
    expect((await send(stage, `${base}/${'a/'.repeat(100)}`)).status).toBe(200);
    const reply = await send(stage, `${base}/${'a/'.repeat(200)}`);
    expect([reply.status, codeOf(reply)]).toEqual([414, 'url-too-long']);
    expect(reply.body.toString()).toContain('fetch_proxy.monitoring.max_url_length');
    await stage.gateway.waitForLog({ event: 'limit', verdict: 'block', reason: 'url-too-long' }, mark);
    const line = await stage.gateway.waitForLog({ event: 'exchange', verdict: 'block' }, mark);
    expect(line.rules).toEqual(['url-too-long']);
  });

  test.each(bases)('%s: parts of a URL that look drawn', async (base) => {
    for (const [path, code] of [
      [`/v1/${drawn}`, 'entropy.path'],
      [`/v1?x=${drawn}`, 'entropy.query'],
      ['/v1/models?name=gpt-4o-mini-2024-07-18', undefined],
      ['/repos/penstock/penstock/commits/5f2b1c9e8d7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c', undefined],
    ] as const) {
      const reply = await send(stage, base + path);
      if (code === undefined) expect(reply.status, path).toBe(200);
      else expect([reply.status, codeOf(reply)], path).toEqual([403, code]);
    }
  });

  test('a label that looks drawn, and a host that is excluded', async () => {
    const name = `${drawn.slice(0, 30)}.penstock.test`;
    await expect(send(stage, `http://${name}/`).then(codeOf)).resolves.toBe('entropy.host');
    expect((await send(stage, `https://other.penstock.test/${drawn}`)).status).toBe(200);
    expect((await send(stage, `https://other.penstock.test/?x=${drawn}`)).status).toBe(403);
  });
});

const connect = (stage: Stage, authority: string) =>
  openTunnel(stage.gateway.proxy, authority).then(
    (socket) => {
      socket.destroy();
      return 200;
    },
    (error: TunnelRefused) => error.status,
  );

describe('requests in a minute', () => {
  const stage = useStage({
    sections: {
      fetch_proxy: { monitoring: { max_requests_per_minute: 6 } },
      tls_interception: { passthrough_domains: ['other.penstock.test'] },
    },
  });
  test('are those of all ways to a domain together, and 429 says which key', async () => {
    const statuses: number[] = [];
    for (const base of [...bases, ...bases]) statuses.push((await send(stage, `${base}/`)).status);
    statuses.push(await connect(stage, 'other.penstock.test:443'), await connect(stage, 'other.penstock.test:443'));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
    const mark = stage.gateway.mark();
    for (const base of bases) {
      const reply = await send(stage, `${base}/`);
      expect([reply.status, codeOf(reply)]).toEqual([429, 'requests-per-minute']);
      expect(reply.body.toString()).toContain('fetch_proxy.monitoring.max_requests_per_minute');
    }
    expect(await connect(stage, 'other.penstock.test:443')).toBe(429);
    await stage.gateway.waitForLog({ event: 'limit', verdict: 'block', reason: 'requests-per-minute' }, mark);
  });
  test('8889 answers with a JSON-RPC error', async () => {
    const body = '{"jsonrpc":"2.0","id":7,"method":"ping"}';
    const ask = () =>
      fetch(`${stage.gateway.mcpUrl}/mcp`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      });
    let last = await ask();
    for (let i = 0; i < 7 && last.status !== 429; i++) last = await ask();
    expect(last.status).toBe(429);
    expect(await last.json()).toMatchObject({
      jsonrpc: '2.0',
      error: { message: expect.stringContaining('max_requests') },
    });
  });
});

describe('bytes in a minute', () => {
  const stage = useStage({ sections: { fetch_proxy: { monitoring: { max_data_per_minute: 100_000 } } } });
  test('of both directions together', async () => {
    expect((await send(stage, 'https://api.penstock.test/', 'x'.repeat(40_000))).status).toBe(200);
    expect((await send(stage, 'http://api.penstock.test/', 'x'.repeat(70_000))).status).toBe(200);
    await expect
      .poll(async () => {
        const reply = await send(stage, 'https://api.penstock.test/');
        return [reply.status, reply.status === 429 && codeOf(reply)];
      })
      .toEqual([429, 'data-per-minute']);
  });
});

describe.each([
  ['mode: audit', { mode: 'audit' }],
  ['enforce: false', { enforce: false }],
])('%s', (_, mode) => {
  const stage = useStage({
    sections: {
      ...mode,
      fetch_proxy: {
        monitoring: {
          max_url_length: 300,
          entropy_threshold: 4.5,
          max_requests_per_minute: 3,
          max_data_per_minute: 10,
        },
      },
    },
  });
  test('blocks nothing, and says what it saw', async () => {
    const mark = stage.gateway.mark();
    for (let i = 0; i < 5; i++)
      for (const base of bases) {
        expect((await send(stage, `${base}/${drawn}/${'a/'.repeat(200)}`, 'some text')).status).toBe(200);
      }
    for (const reason of ['url-too-long', 'data-per-minute'])
      await stage.gateway.waitForLog({ event: 'limit', verdict: 'warn', reason }, mark);
    await stage.gateway.waitForLog({ event: 'finding', verdict: 'warn', rule: 'entropy.path' }, mark);
  });
});

describe('nothing set', () => {
  const stage = useStage();
  test('an ordinary client meets no limit', async () => {
    const client = h1Client(stage.gateway.route);
    clients.push(client);
    for (let i = 0; i < 150; i++) {
      expect((await client.send({ url: `https://api.penstock.test/${drawn}?x=${'ab'.repeat(1500)}` })).status).toBe(
        200,
      );
    }
  });
});

// suppress: findings of a rule that are left out for a destination and a path, and those that are not.
import { afterEach, describe, expect, test } from 'vitest';
import { fixed } from '../harness/answer.ts';
import { type Client, h1Client } from '../harness/client.ts';
import { everythingShown, leaksIn } from '../harness/leak.ts';
import { cardNumber, githubToken } from '../harness/secret.ts';
import { useStage } from './stage.ts';

const secret = githubToken();
const rule = 'credential.github.token';
const suppress = [
  { rule, path: 'api.penstock.test/public/', reason: 'published examples' },
  { rule, path: '*/fixtures/*.json', reason: 'test data' },
  { rule, path: 'mcp.penstock.test', reason: 'its server hands tokens out' },
  { rule: 'credential.aws.access-key-id', path: '*', reason: 'never used' },
];

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function open(route?: Parameters<typeof h1Client>[0]): Client {
  const client = h1Client(route ?? { ca: '' });
  clients.push(client);
  return client;
}

describe.each(['balanced', 'audit'])('mode %s', (mode) => {
  const stage = useStage({ sections: { mode, suppress } });
  const post = (url: string) => open(stage.gateway.route).send({ url, body: `key ${secret}` });
  const counted = async (entry: number) => {
    const { body } = await stage.gateway.page('/metrics');
    const line = body
      .split('\n')
      .find((one) => one.startsWith('penstock_suppressed_total') && one.includes(`entry="${entry}"`));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };

  test.each([
    ['http://api.penstock.test/public/a', 0],
    ['https://api.penstock.test/public/a/b?c=/../', 0],
    ['https://API.penstock.test/public/', 0],
    ['https://other.penstock.test/v1/fixtures/deep/a.json', 1],
    ['https://other.penstock.test/fixtures/a.json?b', 1],
  ])('%s: left out and counted', async (url, entry) => {
    const mark = stage.gateway.mark();
    const before = (await counted(entry)) ?? 0;
    expect((await post(url)).status).toBe(200);
    const line = await stage.gateway.waitForLog({ event: 'exchange', method: 'POST' }, mark);
    expect(line.verdict).toBe('allow');
    expect(stage.gateway.logged({ event: 'finding' }, mark)).toEqual([]);
    expect(await counted(entry)).toBe(before + 1);
  });

  test.each([
    'http://api.penstock.test/private',
    'https://api.penstock.test/public',
    'https://api.penstock.test/Public/a',
    'https://api.penstock.test/public/%2e%2e/private',
    'https://api.penstock.test/public/%252E%252e/private',
    'https://api.penstock.test/x/public/',
    'https://api.penstock.test/?/public/',
    'https://other.penstock.test/public/a',
    'https://other.penstock.test/api.penstock.test/public/a',
    'https://other.penstock.test/fixtures/a.json.txt',
    'https://other.penstock.test/mcp.penstock.test',
  ])('%s: a finding', async (url) => {
    const mark = stage.gateway.mark();
    expect((await post(url)).status).toBe(mode === 'audit' ? 200 : 403);
    await stage.gateway.waitForLog({ event: 'finding', rule, verdict: mode === 'audit' ? 'warn' : 'block' }, mark);
  });

  test('another rule in the same text is a finding all the same', async () => {
    const mark = stage.gateway.mark();
    const body = `key ${secret} and card ${cardNumber} cvv 123`;
    const reply = await open(stage.gateway.route).send({ url: 'https://api.penstock.test/public/a', body });
    expect(reply.status).toBe(mode === 'audit' ? 200 : 403);
    await stage.gateway.waitForLog({ event: 'exchange', method: 'POST' }, mark);
    const found = stage.gateway.logged({ event: 'finding' }, mark).map((line) => line.rule);
    expect(found).not.toContain(rule);
    expect(found.length).toBeGreaterThan(0);
  });

  test('an answer of such a URL passes with what is in it', async () => {
    stage.world.api.answer = fixed(200, [['Content-Type', 'text/plain']], `key ${secret}`);
    const passed = await open(stage.gateway.route).send({ url: 'https://api.penstock.test/public/a' });
    expect(passed.body.toString()).toBe(`key ${secret}`);
    const other = await open(stage.gateway.route).send({ url: 'https://api.penstock.test/private' });
    expect(other.status).toBe(mode === 'audit' ? 200 : 403);
  });

  test('a stream of such a URL passes to its end, and is counted once', async () => {
    const event = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: `key ${secret} ` } }] })}\n\n`;
    const body = `${event}${event}data: [DONE]\n\n`;
    stage.world.api.answer = fixed(200, [['Content-Type', 'text/event-stream']], body);
    const before = (await counted(0)) ?? 0;
    const passed = await open(stage.gateway.route).send({ url: 'https://api.penstock.test/public/a' });
    expect(passed.body.toString()).toBe(body);
    expect(await counted(0)).toBe(before + 1);
    const other = await open(stage.gateway.route).send({ url: 'https://api.penstock.test/private' });
    expect(other.body.toString() === body).toBe(mode === 'audit');
  });

  test('on 8889 an entry without a path holds for its server', async () => {
    const before = (await counted(2)) ?? 0;
    const params = { name: 'echo', arguments: { text: `key ${secret}` } };
    const reply = await open().send({
      url: `${stage.gateway.mcpUrl}/mcp`,
      fields: [['Content-Type', 'application/json']],
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    });
    expect(JSON.parse(reply.body.toString())).not.toHaveProperty('error');
    expect(await counted(2)).toBeGreaterThan(before);
  });

  test('an entry that was not used stands at 0', async () => {
    expect(await counted(3)).toBe(0);
    expect(leaksIn(await everythingShown(stage.gateway), [secret])).toEqual([]);
  });
});

describe('on 8889', () => {
  const stage = useStage({
    sections: {
      suppress: [
        { rule, path: 'mcp.penstock.test/mcp' },
        { rule, path: '/mcp' },
      ],
    },
  });
  test('a path, which a client asks for as it likes, lets nothing pass', async () => {
    const params = { name: 'echo', arguments: { text: `key ${secret}` } };
    const reply = await open().send({
      url: `${stage.gateway.mcpUrl}/mcp`,
      fields: [['Content-Type', 'application/json']],
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    });
    expect(JSON.parse(reply.body.toString())).toHaveProperty('error.data.rule', rule);
  });
});

import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { event, fixed } from '../harness/answer.ts';
import { type Client, h1Client, type Reply } from '../harness/client.ts';
import { type Fields, fieldValue } from '../harness/field.ts';
import { Gateway } from '../harness/gateway.ts';
import { everythingShown, leaksIn } from '../harness/leak.ts';
import { serveMcp } from '../harness/mcp-server.ts';
import { githubToken } from '../harness/secret.ts';
import { StreamReader } from '../harness/stream-reader.ts';
import { Gate } from '../harness/wait.ts';
import { expectRpcError } from './block.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

const fields: Fields = [
  ['Accept', 'application/json, text/event-stream'],
  ['Content-Type', 'application/json'],
  ['Mcp-Session-Id', 'session-0001'],
];

/** A client that calls 8889 as agents do, without a proxy. */
function agent(): Client {
  const client = h1Client({ ca: '' });
  clients.push(client);
  return client;
}

function call(id: string | number, name: string, args: unknown = {}): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });
}

/** The JSON-RPC messages of a reply, be it JSON or an event stream. */
function messagesOf(reply: Reply): unknown[] {
  const text = reply.body.toString();
  if (fieldValue(reply.fields, 'content-type')?.includes('text/event-stream') !== true) return [JSON.parse(text)];
  return text
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => JSON.parse(line.slice(5)) as unknown);
}

test('an event-stream answer is passed on event by event', async () => {
  const gate = new Gate();
  serveMcp(stage.mcp, { streams: true, gate });
  const streaming = await agent().begin({
    url: `${stage.gateway.mcpUrl}/mcp`,
    fields,
    body: call(1, 'echo', { text: 'a' }),
  });
  expect(streaming.status).toBe(200);
  expect(fieldValue(streaming.fields, 'content-type')).toBe('text/event-stream');
  expect(fieldValue(streaming.fields, 'mcp-session-id')).toBe('session-0001');
  const reader = new StreamReader(streaming);
  expect(await reader.upTo('\n\n')).toContain('notifications/progress');
  gate.open();
  expect(await reader.rest()).toMatch(/^id: 7\ndata: .*"id":1.*\n\n$/);
});

test('a GET stream is passed on event by event', async () => {
  const gate = new Gate();
  serveMcp(stage.mcp, { gate });
  const streaming = await agent().begin({
    url: `${stage.gateway.mcpUrl}/mcp`,
    fields: [['Accept', 'text/event-stream']],
  });
  const reader = new StreamReader(streaming);
  expect(await reader.upTo('\n\n')).toContain('tools/list_changed');
  gate.open();
  expect(await reader.rest()).toContain('resources/list_changed');
});

test.each([
  { method: 'DELETE', status: 200 },
  { method: 'PUT', status: 405 },
])('$method passes with its answer', async ({ method, status }) => {
  const reply = await agent().send({ method, url: `${stage.gateway.mcpUrl}/mcp`, fields });
  expect(reply.status).toBe(status);
  expect(stage.mcp.arrived[0]).toMatchObject({ method, target: '/mcp' });
});

test.each([202, 204, 400, 401, 404, 500])('a %i of the server passes unchanged', async (status) => {
  const body = status === 204 ? '' : 'as the server said';
  stage.mcp.answer = fixed(status, [['WWW-Authenticate', 'Bearer resource_metadata="x"']], body);
  const reply = await agent().send({ url: `${stage.gateway.mcpUrl}/mcp`, fields, body: call(1, 'echo') });
  expect(reply.status).toBe(status);
  expect(reply.body.toString()).toBe(body);
  expect(fieldValue(reply.fields, 'www-authenticate')).toBe('Bearer resource_metadata="x"');
});

test('the bearer token of the caller passes', async () => {
  const authorization: [string, string] = ['Authorization', `Bearer ${githubToken()}`];
  const reply = await agent().send({
    url: `${stage.gateway.mcpUrl}/`,
    fields: [...fields, authorization],
    body: call(1, 'echo'),
  });
  expect(reply.status).toBe(200);
  expect(messagesOf(reply)).toMatchObject([{ id: 1, result: { isError: false } }]);
});

test('many calls on one connection', async () => {
  const client = agent();
  for (let id = 0; id < 50; id++) {
    const reply = await client.send({
      url: `${stage.gateway.mcpUrl}/mcp`,
      fields,
      body: call(id, 'echo', { text: `call ${id}` }),
    });
    expect(messagesOf(reply)).toMatchObject([{ id }]);
  }
  expect(client.connections).toBe(1);
});

describe('a token in a result', () => {
  const secret = githubToken();

  test('of an event stream is answered with an error for the id', async () => {
    serveMcp(stage.mcp, { streams: true, results: { read: `the key is ${secret}` } });
    const mark = stage.gateway.mark();
    const reply = await agent().send({ url: `${stage.gateway.mcpUrl}/mcp`, fields, body: call('q-1', 'read') });
    expect(reply.body.toString().includes(secret), 'the reply shows the secret').toBe(false);
    expectRpcError(messagesOf(reply).at(-1), 'q-1', 'credential.github.token');
    await stage.gateway.waitForLog(
      { event: 'finding', verdict: 'block', rule: 'credential.github.token', surface: 'mcp-response' },
      mark,
    );
  });

  test('cut over two writes is found', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 9, result: { content: [{ type: 'text', text: secret }] } });
    const at = body.indexOf(secret) + 10;
    stage.mcp.answer = async (answering) => {
      answering.begin(200, [['Content-Type', 'application/json']]);
      await answering.send(body.slice(0, at));
      await new Promise((resolve) => setTimeout(resolve, 50));
      await answering.send(body.slice(at));
      answering.end();
    };
    const reply = await agent().send({ url: `${stage.gateway.mcpUrl}/mcp`, fields, body: call(9, 'read') });
    expect(reply.body.toString().includes(secret), 'the reply shows the secret').toBe(false);
    expectRpcError(messagesOf(reply).at(-1), 9, 'credential.github.token');
  });

  test('in an event of the GET stream does not arrive', async () => {
    const message = { jsonrpc: '2.0', method: 'notifications/message', params: { data: secret } };
    stage.mcp.answer = fixed(200, [['Content-Type', 'text/event-stream']], event(JSON.stringify(message)));
    const outcome = await agent()
      .send({ url: `${stage.gateway.mcpUrl}/mcp`, fields: [['Accept', 'text/event-stream']] })
      .then(
        (reply) => reply.body.toString(),
        () => 'broken',
      );
    expect(outcome.includes(secret), 'the reply shows the secret').toBe(false);
  });

  afterAll(async () => {
    expect(leaksIn(await everythingShown(stage.gateway), [secret])).toEqual([]);
  });
});

test('a body over the limit is refused with 413', async () => {
  const reply = await agent().send({
    url: `${stage.gateway.mcpUrl}/mcp`,
    fields,
    body: call(1, 'echo', { text: 'x'.repeat(6 * 1024 * 1024) }),
  });
  expect([413, 200]).toContain(reply.status);
  expect(reply.body.toString()).toContain('request-too-large');
  expect(stage.mcp.arrived.filter((one) => one.complete)).toEqual([]);
});

test('without --mcp-upstream 8889 answers every request with an error that names the option', async () => {
  const gateway = await Gateway.start({ configuration: stage.world.configuration() });
  try {
    for (const path of ['/', '/mcp']) {
      const reply = await agent().send({ url: `${gateway.mcpUrl}${path}`, fields, body: call(3, 'echo') });
      expect(reply.body.toString()).toContain('--mcp-upstream');
      expect(reply.status === 200 || reply.status >= 500).toBe(true);
    }
    const got = await agent().send({ url: `${gateway.mcpUrl}/mcp` });
    expect(got.body.toString()).toContain('--mcp-upstream');
  } finally {
    await gateway.stop();
  }
});

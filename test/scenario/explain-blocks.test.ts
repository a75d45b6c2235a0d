// explain_blocks: what a blocked answer says of what can be done about it, and that without it nothing is said.
import { afterEach, describe, expect, test } from 'vitest';
import { fixed } from '../harness/answer.ts';
import { type Client, h1Client, type Reply } from '../harness/client.ts';
import { githubToken } from '../harness/secret.ts';
import { expectBlock, expectRpcBlock } from './block.ts';
import { useStage } from './stage.ts';

const secret = githubToken();
const rule = 'credential.github.token';

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function messageOf(reply: Reply): string {
  return (JSON.parse(reply.body.toString()) as { error: { message: string } }).error.message;
}

const call = (text: string) => ({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name: 'echo', arguments: { text } },
});

describe.each([
  ['on', { explain_blocks: true }],
  ['off', {}],
] as const)('explain_blocks %s', (name, sections) => {
  const isOn = name === 'on';
  const limits = { max_url_length: 200, blocklist: ['other.penstock.test'] };
  const stage = useStage({ sections: { ...sections, fetch_proxy: { monitoring: limits } } });
  const send = (url: string, body?: string) => {
    const client = h1Client(stage.gateway.route);
    clients.push(client);
    return client.send({ url, ...(body !== undefined && { body }) });
  };
  const expectHint = (message: string, hint: string) => {
    if (isOn) expect(message).toContain(`in pipelock.yaml ${hint}`);
    else expect(message).not.toContain('pipelock.yaml');
    expect(message).not.toContain(secret.slice(4));
  };

  test.each(['http', 'https'])('a request body over %s', async (scheme) => {
    const reply = await send(`${scheme}://api.penstock.test/`, `key ${secret}`);
    expect(reply.status).toBe(403);
    expectBlock(reply, rule);
    expectHint(messageOf(reply), 'request_body_scanning and mode decide');
    expect(messageOf(reply).includes('take it out and send the rest again')).toBe(isOn);
  });

  test('a URL', async () => {
    const reply = await send(`https://api.penstock.test/?q=${secret}`);
    expectBlock(reply, rule);
    expectHint(messageOf(reply), 'enforce and mode decide');
  });

  test('an answer', async () => {
    stage.world.api.answer = fixed(200, [['Content-Type', 'text/plain']], `key ${secret}`);
    const reply = await send('https://api.penstock.test/');
    expectBlock(reply, rule);
    expectHint(messageOf(reply), 'response_scanning and mode decide');
  });

  test('a limit', async () => {
    const reply = await send(`https://api.penstock.test/${'a/'.repeat(200)}`);
    expect(reply.status).toBe(414);
    expectHint(messageOf(reply), 'fetch_proxy.monitoring and mode decide');
  });

  test('a destination', async () => {
    const reply = await send('http://other.penstock.test/');
    expect(reply.status).toBe(403);
    expectHint(messageOf(reply), 'fetch_proxy.monitoring.blocklist lists it');
  });

  test('a call on 8889', async () => {
    const client = h1Client({ ca: '' });
    clients.push(client);
    const reply = await client.send({
      url: `${stage.gateway.mcpUrl}/mcp`,
      method: 'POST',
      fields: [['content-type', 'application/json']],
      body: JSON.stringify(call(`key ${secret}`)),
    });
    expectRpcBlock(reply, 7, rule);
    expectHint(messageOf(reply), 'mcp_input_scanning and mode decide');
  });
});

describe('in audit', () => {
  const stage = useStage({ sections: { mode: 'audit', explain_blocks: true } });
  test('nothing is blocked, so nothing is explained', async () => {
    const client = h1Client(stage.gateway.route);
    clients.push(client);
    const reply = await client.send({ url: 'https://api.penstock.test/', body: `key ${secret}` });
    expect(reply.status).toBe(200);
    expect(reply.body.toString()).not.toContain('pipelock.yaml');
  });
});

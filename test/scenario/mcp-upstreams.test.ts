// Several MCP servers behind 8889, each by the first name of its path, and servers over https, against the real Envoy.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { type Client, h1Client, type Reply } from '../harness/client.ts';
import { checkout, cleanEnvironment } from '../harness/command.ts';
import type { Fields } from '../harness/field.ts';
import { Gateway } from '../harness/gateway.ts';
import { serveMcp } from '../harness/mcp-server.ts';
import { StreamReader } from '../harness/stream-reader.ts';
import { expectRpcError } from './block.ts';
import { useStage } from './stage.ts';

const badNames = ['unknown-ca.penstock.test', 'wrong-name.penstock.test', 'expired.penstock.test'];
const servers = {
  files: 'https://api.penstock.test/mcp',
  search: 'http://api.penstock.test',
  'people-2': 'https://other.penstock.test/a/b',
  ...Object.fromEntries(badNames.map((name) => [name.split('.')[0]!, `https://${name}/mcp`])),
};
const stage = useStage({
  sections: {
    mcp_upstreams: servers,
    mcp_tool_scanning: { action: 'block' },
    dlp: { patterns: [{ name: 'Badge', regex: 'BDG-[0-9]{8}', exempt_domains: ['other.penstock.test'] }] },
    mcp_input_scanning: { action: 'block' },
  },
});

const fields: Fields = [
  ['Accept', 'application/json, text/event-stream'],
  ['Content-Type', 'application/json'],
];
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
function agent(): Client {
  const client = h1Client({ ca: '' });
  clients.push(client);
  return client;
}

const call = (args: unknown) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: args } });
const list = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
const post = (gateway: Gateway, path: string, body: string) =>
  agent().send({ url: `${gateway.mcpUrl}${path}`, fields, body });
const json = (reply: Reply) => JSON.parse(reply.body.toString());

describe('a path leads to the server whose name begins it', () => {
  test.each([
    ['/files', 'api', '/mcp'],
    ['/files/', 'api', '/mcp'],
    ['/files/mcp', 'api', '/mcp'],
    ['/files/mcp?a=b/c&d', 'api', '/mcp?a=b/c&d'],
    ['/files?a=1', 'api', '/mcp?a=1'],
    // A URL without a path is a server with paths of its own.
    ['/search', 'plain', '/'],
    ['/search/', 'plain', '/'],
    ['/search/mcp', 'plain', '/mcp'],
    ['/search/messages/?session=1', 'plain', '/messages/?session=1'],
    ['/search/../x', 'plain', '/../x'],
    ['/people-2/anything', 'other', '/a/b'],
  ] as const)('%s', async (path, origin, target) => {
    const server = stage.world[origin];
    serveMcp(server);
    const reply = await post(stage.gateway, path, call({ a: 1 }));
    expect(json(reply).result.content[0].text).toBe('{"a":1}');
    expect(server.arrived).toHaveLength(1);
    const host = origin === 'other' ? 'other.penstock.test' : 'api.penstock.test';
    expect(server.arrived[0]).toMatchObject({ target, authority: host });
    expect(stage.mcp.arrived).toEqual([]);
  });

  test.each(['/', '/mcp', '/filesystem', '/Files', '/files%2Fmcp', '/x/files', '//files', '/files;a'])(
    '%s leads to --mcp-upstream',
    async (path) => {
      const reply = await post(stage.gateway, path, call({}));
      expect(reply.status).toBe(200);
      expect(stage.mcp.arrived[0]).toMatchObject({ target: '/mcp', authority: 'mcp.penstock.test' });
    },
  );

  test('streams, and sessions with their end', async () => {
    serveMcp(stage.world.api);
    const streaming = await agent().begin({
      url: `${stage.gateway.mcpUrl}/files`,
      fields: [['Accept', 'text/event-stream']],
    });
    expect(await new StreamReader(streaming).rest()).toContain('resources/list_changed');
    const gone = await agent().send({ method: 'DELETE', url: `${stage.gateway.mcpUrl}/files`, fields });
    expect(gone.status).toBe(200);
  });
});

test("each server has pins of its own, though its tools have another's names", async () => {
  const pins = async (...args: string[]) => {
    const main = join(checkout, 'control/main.ts');
    const { stdout } = await promisify(execFile)(
      join(checkout, 'node_modules/.bin/node'),
      [main, 'pins', ...args, '--state-dir', stage.gateway.stateDir],
      { env: cleanEnvironment({}) },
    );
    return stdout;
  };
  const tool = (description: string) => ({ name: 'read', description, inputSchema: { type: 'object' } });
  const listed = async (path: string) => {
    const { result, error } = json(await post(stage.gateway, path, list));
    return error ? error.data.rule : result.tools.map(({ description }: { description: string }) => description);
  };
  serveMcp(stage.world.api, { tools: [tool('Reads a file')] });
  serveMcp(stage.world.plain, { tools: [tool('Reads a page')] });
  serveMcp(stage.mcp, { tools: [tool('Reads a mind')] });
  expect([await listed('/files'), await listed('/search'), await listed('/mcp')]).toEqual([
    ['Reads a file'],
    ['Reads a page'],
    ['Reads a mind'],
  ]);
  serveMcp(stage.world.api, { tools: [tool('Reads a page')] });
  expect([await listed('/files'), await listed('/search'), await listed('/mcp')]).toEqual([
    'drift.description',
    ['Reads a page'],
    ['Reads a mind'],
  ]);
  expect(await pins('list')).toMatch(/^files [\s\S]*^mcp [\s\S]*^search /m);
  await pins('approve', 'files/read');
  expect(await listed('/files')).toEqual(['Reads a page']);
});

test('a domain that a pattern exempts is that of the server', async () => {
  serveMcp(stage.world.api);
  serveMcp(stage.world.other);
  const badge = { text: 'BDG-12345678' };
  expect(json(await post(stage.gateway, '/people-2', call(badge))).result).toBeDefined();
  expectRpcError(json(await post(stage.gateway, '/files', call(badge))), 1, 'dlp.badge');
  expectRpcError(json(await post(stage.gateway, '/mcp', call(badge))), 1, 'dlp.badge');
});

function expectUntrusted(reply: Reply): void {
  expect(reply.status).toBe(502);
  expect(json(reply)).toMatchObject({
    jsonrpc: '2.0',
    error: { code: -32002, data: { code: 'upstream-certificate' } },
  });
}

test.each(badNames)('a server whose certificate is bad is not spoken to: %s', async (name) => {
  expectUntrusted(await post(stage.gateway, `/${name.split('.')[0]}`, call({})));
  expect(stage.world.bad.get(name)!.arrived).toEqual([]);
});

describe('--mcp-upstream over https', () => {
  const started: Gateway[] = [];
  afterEach(() => Promise.all(started.splice(0).map((gateway) => gateway.stop())));
  async function start(mcpUpstream: string | undefined, sections = {}): Promise<Gateway> {
    const gateway = await Gateway.start({ mcpUpstream, configuration: stage.world.configuration(sections) });
    started.push(gateway);
    return gateway;
  }

  test('is verified', { timeout: 240_000 }, async () => {
    serveMcp(stage.world.other);
    const gateway = await start('https://other.penstock.test/mcp');
    expect((await post(gateway, '/mcp', call({}))).status).toBe(200);
    expect(stage.world.other.arrived[0]).toMatchObject({ target: '/mcp' });
    const stranger = await start('https://wrong-name.penstock.test/mcp');
    expectUntrusted(await post(stranger, '/mcp', call({})));
    expect(stage.world.bad.get('wrong-name.penstock.test')!.arrived).toEqual([]);
  });

  test('left out, other paths get an error that names the servers; a reload adds one', {
    timeout: 240_000,
  }, async () => {
    const { files, search } = servers;
    const gateway = await start(undefined, { mcp_upstreams: { files } });
    const reply = await post(gateway, '/mcp', call({}));
    expect(reply.status).toBe(404);
    expect(json(reply).error).toMatchObject({ code: -32001 });
    expect(json(reply).error.message).toContain('there are /files');
    serveMcp(stage.world.plain);
    const mark = gateway.mark();
    writeFileSync(gateway.configFile, stage.world.configuration({ mcp_upstreams: { files, search } }));
    await gateway.waitForLog({ event: 'reload' }, mark, 120_000);
    expect((await post(gateway, '/search', call({}))).status).toBe(200);
    expect(json(await post(gateway, '/mcp', call({}))).error.message).toContain('there are /files, /search');
  });
});

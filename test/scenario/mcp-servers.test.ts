// Published MCP servers behind 8889, used by the official SDK's client: nothing of an ordinary session is lost.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkout, cleanEnvironment } from '../harness/command.ts';
import { freePorts, Gateway } from '../harness/gateway.ts';
import { githubToken } from '../harness/secret.ts';
import { waitFor } from '../harness/wait.ts';

const packages = join(checkout, 'node_modules/@modelcontextprotocol');
const undo: (() => unknown)[] = [];

afterAll(async () => {
  for (const end of undo.reverse()) await end();
});

/** An ordinary client calls what it was shown, and nothing that looks like a plot. */
const configuration = `mode: balanced
mcp_session_binding: { enabled: true, unknown_tool_action: block, no_baseline_action: block }
tool_chain_detection: { enabled: true, action: block }
`;

/** A gateway before a server, and a client of it. */
async function connect(upstream: string): Promise<{ client: Client; transport: StreamableHTTPClientTransport }> {
  const gateway = await Gateway.start({ configuration, mcpUpstream: upstream });
  undo.push(() => gateway.stop());
  const client = new Client({ name: 'penstock-test', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(`${gateway.mcpUrl}/mcp`));
  await client.connect(transport as never);
  return { client, transport };
}

/** server-everything on a port of its own; gives the origin. */
async function everything(transport: 'streamableHttp' | 'sse', path: string): Promise<string> {
  const [port] = await freePorts(1);
  const child: ChildProcess = spawn(process.execPath, [join(packages, 'server-everything/dist/index.js'), transport], {
    env: cleanEnvironment({ PORT: String(port) }),
    stdio: 'ignore',
  });
  undo.push(() => child.kill('SIGKILL'));
  const origin = `http://127.0.0.1:${port}`;
  const answers = async () => {
    const ended = new AbortController();
    const answer = fetch(`${origin}${path}`, { signal: ended.signal });
    return answer.then(
      () => {
        ended.abort();
        return true;
      },
      () => false,
    );
  };
  await waitFor('the server', answers, 30_000);
  return origin;
}

test('server-everything over Streamable HTTP', { timeout: 120_000 }, async () => {
  const url = `${await everything('streamableHttp', '/mcp')}/mcp`;
  const { client, transport } = await connect(url);
  expect(transport.sessionId).toBeTruthy();
  const { tools } = await client.listTools();
  expect(tools.length).toBeGreaterThan(5);
  const echoed = await client.callTool({ name: 'echo', arguments: { message: 'through the gate' } });
  expect(JSON.stringify(echoed.content)).toContain('through the gate');
  expect((await client.listResources()).resources.length).toBeGreaterThan(0);
  const { prompts } = await client.listPrompts();
  expect(prompts.length).toBeGreaterThan(0);
  await transport.terminateSession();
  await client.close();
});

describe('server-everything over the older transport, whose first event names another path for messages', () => {
  let origin = '';
  let gateway: Gateway;
  beforeAll(async () => {
    origin = await everything('sse', '/sse');
    gateway = await Gateway.start({
      configuration: `${configuration}mcp_upstreams: { all: ${origin}/sse, root: ${origin} }\n`,
      mcpUpstream: `${origin}/sse`,
    });
    undo.push(() => gateway.stop());
  }, 60_000);

  test.each([
    ['the only one', '/sse', '/~'],
    ['the only one, by any path', '/', '/~'],
    ['one with a name', '/all', '/all/~'],
    ['one whose paths are all open', '/root/sse', '/root/~'],
  ])('%s', { timeout: 60_000 }, async (_, path, endpoints) => {
    const client = new Client({ name: 'penstock-test', version: '1.0.0' });
    const transport = new SSEClientTransport(new URL(`${gateway.mcpUrl}${path}`));
    await client.connect(transport as never);
    const { tools } = await client.listTools();
    expect(tools.length).toBeGreaterThan(5);
    const echoed = await client.callTool({ name: 'echo', arguments: { message: 'through the gate' } });
    expect(JSON.stringify(echoed.content)).toContain('through the gate');
    const mark = gateway.mark();
    const call = client.callTool({ name: 'echo', arguments: { message: githubToken() } });
    await expect(call).rejects.toThrow(/HTTP 403.*blocked by Penstock/);
    await gateway.waitForLog({ event: 'finding', verdict: 'block' }, mark);
    await client.close();
    // Another path of the server is none of the client's business.
    for (const other of ['/admin', '/messages', '/message%2F..%2Fadmin', '/']) {
      const unknown = await fetch(`${gateway.mcpUrl}${endpoints}${other}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"jsonrpc":"2.0","id":7,"method":"ping"}',
        signal: AbortSignal.timeout(5_000),
      });
      expect(unknown.status, other).toBe(404);
      expect(await unknown.json()).toMatchObject({ id: null, error: { data: { code: 'mcp-endpoint' } } });
    }
  });
});

test('server-filesystem over a bridge from Streamable HTTP to its standard input', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-files-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'a.txt'), 'Twelve apples');
  const stdio = new StdioClientTransport({
    command: process.execPath,
    args: [join(packages, 'server-filesystem/dist/index.js'), folder],
    stderr: 'ignore',
  });
  const bridge = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
  stdio.onmessage = (message) => void bridge.send(message);
  bridge.onmessage = (message) => void stdio.send(message);
  await Promise.all([stdio.start(), bridge.start()]);
  const http = createServer((request, response) => void bridge.handleRequest(request, response));
  await new Promise<void>((settle) => http.listen(0, '127.0.0.1', settle));
  undo.push(() => {
    http.closeAllConnections();
    http.close();
    return stdio.close();
  });
  const { client } = await connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['read_text_file', 'write_file', 'list_directory']),
  );
  const read = await client.callTool({ name: 'read_text_file', arguments: { path: join(folder, 'a.txt') } });
  expect(JSON.stringify(read.content)).toContain('Twelve apples');
  await client.callTool({ name: 'write_file', arguments: { path: join(folder, 'b.txt'), content: 'And two pears' } });
  expect(readFileSync(join(folder, 'b.txt'), 'utf8')).toBe('And two pears');
  await client.close();
});

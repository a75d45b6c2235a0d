// Tools that change after they were seen, against the real Envoy: what a client is given, what a person sees and does.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, h1Client, type Reply } from '../harness/client.ts';
import { checkout, cleanEnvironment } from '../harness/command.ts';
import type { Fields } from '../harness/field.ts';
import { Gateway } from '../harness/gateway.ts';
import { serveMcp } from '../harness/mcp-server.ts';
import { waitFor } from '../harness/wait.ts';
import { type Stage, useStage } from './stage.ts';

const fields: Fields = [
  ['Accept', 'application/json, text/event-stream'],
  ['Content-Type', 'application/json'],
];
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

const tool = (name: string, description: string) => ({
  name,
  description,
  inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
});
const calm = tool('read_file', 'Reads a file of the project');
const changed = tool('read_file', 'Reads a file of the project or of any other folder');
const other = tool('list_files', 'Lists the files of a folder');

/** Answers tools/list with an event stream: a notification, then the result, cut in small pieces, then another one. */
function streamTools(stage: Stage, tools: unknown[]): void {
  stage.mcp.answer = async (answering, request) => {
    const { id } = JSON.parse(request.body.toString()) as { id: number };
    answering.begin(200, [['Content-Type', 'text/event-stream']]);
    const notice = (level: string) =>
      `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { level, data: 'x' } })}\n\n`;
    await answering.send(notice('info'));
    const event = `id: 7\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result: { tools } })}\n\n`;
    for (let at = 0; at < event.length; at += 60) await answering.send(event.slice(at, at + 60));
    await answering.send(notice('debug'));
    answering.end();
  };
}

interface Listed {
  reply: Reply;
  /** Names of the tools that the client was given. */
  tools: string[] | undefined;
  /** The rule of the error that it was given instead. */
  rule: string | undefined;
  /** Levels of the notifications around it. */
  notices: string[];
}

// biome-ignore lint/suspicious/noExplicitAny: what a client gets is the test
type Message = any;

async function list(gateway: Gateway): Promise<Listed> {
  const client = h1Client({ ca: '' });
  clients.push(client);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'tools/list' });
  const reply = await client.send({ url: `${gateway.mcpUrl}/mcp`, fields, body });
  const text = reply.body.toString();
  const messages: Message[] = text.startsWith('{')
    ? [JSON.parse(text)]
    : text
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => JSON.parse(line.slice(5)));
  const answer = messages.find(({ id }) => id === 3);
  return {
    reply,
    tools: answer?.result?.tools.map(({ name }: { name: string }) => name),
    rule: answer?.error?.data.rule,
    notices: messages.filter(({ method }) => method !== undefined).map(({ params }) => params.level),
  };
}

/** `penstock pins …` of the gateway's state directory. */
async function pins(stateDir: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    join(checkout, 'node_modules/.bin/node'),
    [join(checkout, 'control/main.ts'), 'pins', ...args, '--state-dir', stateDir],
    { env: cleanEnvironment({}) },
  );
  return stdout;
}

/** Lets the gateway see tools and a person approve all of them. */
async function approved(gateway: Gateway): Promise<void> {
  await list(gateway);
  await pins(gateway.stateDir, 'approve', '--all');
}

describe('drift that is blocked', () => {
  const stage = useStage({ sections: { mcp_tool_scanning: { action: 'block' } } });

  test.each([
    ['as JSON', (tools: unknown[]) => serveMcp(stage.mcp, { tools }), 'read_file'],
    ['as an event', (tools: unknown[]) => streamTools(stage, tools), 'read_event'],
  ])('a description changes, %s: blocked twice, approved it passes, revoked it is blocked', async (_, serve, name) => {
    const { gateway } = stage;
    serve([{ ...calm, name }, other]);
    await approved(gateway);
    expect((await list(gateway)).tools).toEqual([name, 'list_files']);

    serve([{ ...changed, name }, other]);
    const mark = gateway.mark();
    for (let i = 0; i < 2; i++)
      expect(await list(gateway)).toMatchObject({ tools: undefined, rule: 'drift.description' });
    const line = await gateway.waitForLog({ event: 'finding', verdict: 'block', rule: 'drift.description' }, mark);
    expect(line).toMatchObject({ surface: 'mcp-tool', tool: name });
    expect(gateway.log.text).not.toContain('other folder');
    await waitFor('the counter', async () =>
      /penstock_findings_total\{[^}]*drift\.description[^}]*\} [1-9]/.test((await gateway.page('/metrics')).body),
    );

    const difference = await pins(gateway.stateDir, 'diff', name);
    expect(difference).toMatch(/^- description: "Reads a file of the project"$/m);
    expect(difference).toMatch(/^\+ description: "Reads a file of the project or of any other folder"$/m);
    expect(await pins(gateway.stateDir, 'approve', name)).toMatch(/^approved {2}mcp\//);
    const start = performance.now();
    await waitFor('the approval to be noticed', async () => (await list(gateway)).tools?.includes(name), 2_000);
    expect(performance.now() - start).toBeLessThan(2_000);
    // What was approved before is drift now.
    serve([{ ...calm, name }, other]);
    expect((await list(gateway)).rule).toBe('drift.description');

    serve([{ ...changed, name }, other]);
    expect((await list(gateway)).tools).toEqual([name, 'list_files']);
    await pins(gateway.stateDir, 'revoke', `mcp/${name}`);
    expect((await list(gateway)).rule).toBe('pin.held');
  });

  test('what is cosmetic passes without a finding', async () => {
    const named = { ...calm, name: 'cosmetic' };
    serveMcp(stage.mcp, { tools: [named] });
    await approved(stage.gateway);
    const mark = stage.gateway.mark();
    serveMcp(stage.mcp, {
      tools: [{ annotations: { readOnlyHint: true }, ...named, description: ' Reads a  file of the project' }],
    });
    expect((await list(stage.gateway)).tools).toEqual(['cosmetic']);
    expect(stage.gateway.logged({ event: 'finding' }, mark)).toEqual([]);
  });

  test('the other events of the stream pass', async () => {
    streamTools(stage, [{ ...calm, name: 'streamed' }]);
    await approved(stage.gateway);
    expect(await list(stage.gateway)).toMatchObject({ tools: ['streamed'], notices: ['info', 'debug'] });
    streamTools(stage, [{ ...changed, name: 'streamed' }]);
    expect(await list(stage.gateway)).toMatchObject({ rule: 'drift.description', notices: ['info', 'debug'] });
  });

  test('a tool that was added is refused every time until it is approved', async () => {
    const added = { ...calm, name: 'added' };
    serveMcp(stage.mcp, { tools: [other] });
    await approved(stage.gateway);
    serveMcp(stage.mcp, { tools: [other, added] });
    for (let i = 0; i < 2; i++) expect((await list(stage.gateway)).rule).toBe('drift.added');
    await pins(stage.gateway.stateDir, 'approve', 'added');
    expect((await list(stage.gateway)).tools).toEqual(['list_files', 'added']);
  });

  test('two tools of one name that differ do not pass', async () => {
    serveMcp(stage.mcp, {
      tools: [
        { ...calm, name: 'double' },
        { ...changed, name: 'double' },
      ],
    });
    expect((await list(stage.gateway)).rule).toBe('drift.name');
  });

  test('lists of many clients at once are each answered', async () => {
    const tools = Array.from({ length: 40 }, (_, i) => tool(`many_${i}`, `The tool with the number ${i}`));
    serveMcp(stage.mcp, { tools });
    await approved(stage.gateway);
    const all = await Promise.all(Array.from({ length: 20 }, () => list(stage.gateway)));
    expect(all.map((each) => each.tools?.length)).toEqual(Array(20).fill(40));
  });

  test('while the store cannot be read, tools are held; when it works again they pass', async () => {
    const file = join(stage.gateway.stateDir, 'pins', 'pins.json');
    serveMcp(stage.mcp, { tools: [other] });
    await approved(stage.gateway);
    expect((await list(stage.gateway)).tools).toEqual(['list_files']);
    const mark = stage.gateway.mark();
    renameSync(file, `${file}.away`);
    mkdirSync(file);
    expect((await list(stage.gateway)).rule).toBe('pin.held');
    await stage.gateway.waitForLog(
      { event: 'control', level: 'error', message: '*until then all tools are held' },
      mark,
    );
    rmSync(file, { recursive: true });
    renameSync(`${file}.away`, file);
    expect((await list(stage.gateway)).tools).toEqual(['list_files']);
  });

  test('while the worker is away tools are held, and the list is answered', async () => {
    serveMcp(stage.mcp, { tools: [other] });
    await approved(stage.gateway);
    process.kill(stage.gateway.workerPid(), 'SIGKILL');
    expect((await list(stage.gateway)).rule).toBe('pin.held');
    await waitFor('the worker to be back', async () => (await list(stage.gateway)).tools?.length === 1, 10_000);
  });
});

describe('tools that are held until they are approved', () => {
  const stage = useStage({ sections: { mcp_tool_scanning: { first_seen: 'hold' } } });

  test.each([
    ['as JSON', (tools: unknown[]) => serveMcp(stage.mcp, { tools }), 'json'],
    ['as an event', (tools: unknown[]) => streamTools(stage, tools), 'event'],
  ])('are taken out of the list, %s', async (_, serve, kind) => {
    const [one, two] = [`${kind}_one`, `${kind}_two`];
    serve([
      { ...calm, name: one },
      { ...other, name: two },
    ]);
    for (let i = 0; i < 2; i++) expect((await list(stage.gateway)).tools).toEqual([]);
    expect(await pins(stage.gateway.stateDir, 'list')).toContain('held');
    await pins(stage.gateway.stateDir, 'approve', two);
    expect((await list(stage.gateway)).tools).toEqual([two]);
    // Drift alone warns in mode balanced, and is told of every time.
    serve([
      { ...calm, name: one },
      { ...other, name: two, title: 'Two' },
    ]);
    for (let i = 0; i < 2; i++) {
      const mark = stage.gateway.mark();
      expect((await list(stage.gateway)).tools).toEqual([two]);
      await stage.gateway.waitForLog({ event: 'finding', verdict: 'warn', rule: 'drift.title', tool: two }, mark);
    }
  });
});

describe('from one start to the next', () => {
  let stateDir = '';
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'penstock-state-'));
  });
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));
  const stage = useStage({ sections: { mode: 'audit' } });

  test('pins are kept, and a person can approve while nothing runs', { timeout: 180_000 }, async () => {
    const start = () =>
      Gateway.start({
        stateDir,
        mcpUpstream: `${stage.mcp.urlFor('mcp.penstock.test')}/mcp`,
        configuration: stage.world.configuration({ mode: 'strict', api_allowlist: ['*.penstock.test'] }),
      });
    serveMcp(stage.mcp, { tools: [calm] });
    let gateway = await start();
    expect((await list(gateway)).tools).toEqual(['read_file']);
    serveMcp(stage.mcp, { tools: [changed] });
    expect((await list(gateway)).rule).toBe('drift.description');
    // What was seen is kept though the gateway ends at once.
    await gateway.stop();

    gateway = await start();
    expect((await list(gateway)).rule).toBe('drift.description');
    await gateway.stop();

    await pins(stateDir, 'approve', 'read_file');
    const exported = await pins(stateDir, 'export');
    expect(exported).toBe(readFileSync(join(stateDir, 'pins', 'pins.json'), 'utf8'));
    gateway = await start();
    expect((await list(gateway)).tools).toEqual(['read_file']);
    await gateway.stop();
  });

  test('mode audit blocks nothing and tells of all', async () => {
    serveMcp(stage.mcp, { tools: [calm] });
    await list(stage.gateway);
    serveMcp(stage.mcp, { tools: [changed] });
    const mark = stage.gateway.mark();
    expect((await list(stage.gateway)).tools).toEqual(['read_file']);
    await stage.gateway.waitForLog({ event: 'finding', verdict: 'warn', rule: 'drift.description' }, mark);
  });
});

// Sessions bound to the tools that they were shown, and sequences of calls, against the real Envoy with two workers. Each
// request comes over a connection of its own, so that both workers have a part in every session. Longer than most files: a
// server with sessions of its own, and a stage for each mode.
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { event, fixed } from '../harness/answer.ts';
import { type Client, h1Client, type Reply } from '../harness/client.ts';
import { type Fields, fieldValue } from '../harness/field.ts';
import { waitFor } from '../harness/wait.ts';
import { type Stage, useStage } from './stage.ts';

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

interface Message {
  id?: number;
  method?: string;
  params?: { name?: string };
}

/** Lets the stage's server give out sessions and know its own, list these tools, and answer every call. */
function serve(stage: Stage, { names, streams = false }: { names: string[]; streams?: boolean }, origin = stage.mcp) {
  const sessions = new Set<string>();
  origin.answer = (answering, request) => {
    const asked = JSON.parse(request.body.toString()) as Message | Message[];
    const session = fieldValue(request.fields, 'mcp-session-id');
    const isNew = !Array.isArray(asked) && asked.method === 'initialize';
    if (!isNew && session !== undefined && !sessions.has(session) && !session.startsWith('ignored'))
      return fixed(404, [['Content-Type', 'text/plain']], 'no such session')(answering, request);
    const given = isNew ? randomUUID() : session;
    if (isNew) sessions.add(given!);
    const result = ({ id, method, params }: Message) => ({
      jsonrpc: '2.0',
      id,
      result:
        method === 'tools/list'
          ? { tools: names.map((name) => ({ name, description: 'a tool', inputSchema: { type: 'object' } })) }
          : { content: [{ type: 'text', text: `called ${params?.name}` }] },
    });
    const body = JSON.stringify(Array.isArray(asked) ? asked.map(result) : result(asked));
    const isStream = streams && !isNew;
    const fields: Fields = [
      ['Content-Type', isStream ? 'text/event-stream' : 'application/json'],
      ...(given === undefined ? [] : ([['Mcp-Session-Id', given]] as Fields)),
    ];
    return fixed(200, fields, isStream ? event(body) : body)(answering, request);
  };
}

/** Sends messages over a new connection. */
async function send(stage: Stage, body: unknown, session?: string, path = '/mcp'): Promise<Reply> {
  const client = h1Client({ ca: '' });
  clients.push(client);
  return client.send({
    url: `${stage.gateway.mcpUrl}${path}`,
    fields: [
      ['Accept', 'application/json, text/event-stream'],
      ['Content-Type', 'application/json'],
      ...(session === undefined ? [] : ([['Mcp-Session-Id', session]] as Fields)),
    ],
    body: JSON.stringify(body),
  });
}

let id = 0;
const call = (name: string) => ({ jsonrpc: '2.0', id: ++id, method: 'tools/call', params: { name, arguments: {} } });

async function initialize(stage: Stage): Promise<string> {
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const reply = await send(stage, { jsonrpc: '2.0', id: ++id, method: 'initialize', params });
  return fieldValue(reply.fields, 'mcp-session-id')!;
}

const list = (stage: Stage, session?: string) =>
  send(stage, { jsonrpc: '2.0', id: ++id, method: 'tools/list' }, session);

/** What comes of a call: the code and the rule of an error, or what the server said. */
async function outcome(stage: Stage, name: string, session?: string, path?: string): Promise<string> {
  const message = call(name);
  const reply = await send(stage, message, session, path);
  const text = reply.body.toString().replace(/^(?:event: message\n)?data: /, '');
  if (reply.status !== 200) return `${reply.status} ${text}`;
  const answer = JSON.parse(text);
  expect(answer.id).toBe(message.id);
  return answer.error ? `${answer.error.code} ${answer.error.data.rule}` : answer.result.content[0].text;
}

const unknown = '-32006 session.unknown-tool';
const none = '-32006 session.no-baseline';
const twoWorkers = ['--concurrency', '2'];

describe('sessions that are bound and sequences that are blocked', () => {
  const stage = useStage({
    more: twoWorkers,
    sections: {
      mcp_session_binding: { enabled: true, unknown_tool_action: 'block', no_baseline_action: 'block' },
      tool_chain_detection: { enabled: true, action: 'block' },
    },
  });

  test.each([
    ['JSON', false],
    ['events', true],
  ])('a session may call what it was shown, in %s', async (_, streams) => {
    serve(stage, { names: ['alpha', 'beta'], streams });
    const session = await initialize(stage);
    expect(await outcome(stage, 'alpha', session)).toBe(none);
    await list(stage, session);
    stage.mcp.arrived.length = 0;
    for (let i = 0; i < 8; i++) {
      expect(await outcome(stage, 'alpha', session)).toBe('called alpha');
      expect(await outcome(stage, 'gamma', session)).toBe(unknown);
    }
    expect(stage.mcp.arrived.map(({ body }) => JSON.parse(body.toString()).params.name)).toEqual(
      Array(8).fill('alpha'),
    );
    const other = await initialize(stage);
    for (let i = 0; i < 4; i++) expect(await outcome(stage, 'alpha', other)).toBe(none);
  });

  test('ids that the client makes up are worth nothing', async () => {
    serve(stage, { names: ['alpha', 'get_secret', 'http_post'] });
    const session = await initialize(stage);
    await list(stage, session);
    for (let i = 0; i < 6; i++) expect(await outcome(stage, 'alpha', `ignored-${i}`)).toBe(none);
    await list(stage);
    expect(await outcome(stage, 'get_secret', 'ignored-a')).toBe('called get_secret');
    for (let i = 0; i < 6; i++)
      expect(await outcome(stage, 'http_post', `ignored-${i}`)).toBe('-32007 chain.env-then-network');
    expect(await outcome(stage, 'http_post', session)).toBe('called http_post');
  });

  test('a sequence is blocked at its last call, and the line and the counter tell of it', async () => {
    serve(stage, { names: ['readSecret', 'list_files', 'httpPost'] });
    const session = await initialize(stage);
    await list(stage, session);
    for (const name of ['readSecret', 'list_files', 'list_files'])
      expect(await outcome(stage, name, session)).toBe(`called ${name}`);
    const mark = stage.gateway.mark();
    for (let i = 0; i < 6; i++) expect(await outcome(stage, 'httpPost', session)).toBe('-32007 chain.env-then-network');
    await stage.gateway.waitForLog(
      { event: 'finding', verdict: 'block', rule: 'chain.env-then-network', surface: 'mcp-request', tool: 'httpPost' },
      mark,
    );
    await waitFor('the counter', async () =>
      /penstock_findings_total\{[^}]*chain\.env-then-network[^}]*\} [1-9]/.test(
        (await stage.gateway.page('/metrics')).body,
      ),
    );
  });

  test('a batch is walked call by call', async () => {
    serve(stage, { names: ['get_secret', 'http_post', 'alpha'] });
    const session = await initialize(stage);
    await list(stage, session);
    const batch = [call('get_secret'), call('alpha'), call('http_post')];
    const errors = JSON.parse((await send(stage, batch, session)).body.toString());
    expect(errors).toMatchObject(batch.map((message) => ({ id: message.id, error: { code: -32007 } })));
    const shorter = JSON.parse((await send(stage, batch.slice(0, 2), session)).body.toString());
    expect(shorter).toMatchObject(batch.slice(0, 2).map((message) => ({ id: message.id, result: {} })));
    const other = [call('alpha'), call('delta')];
    expect(JSON.parse((await send(stage, other, session)).body.toString())).toMatchObject(
      other.map((message) => ({ id: message.id, error: { code: -32006 } })),
    );
  });

  test('of calls that come all at once to both workers, no more pass than one after the other', async () => {
    serve(stage, { names: ['run_command'] });
    for (let round = 0; round < 3; round++) {
      const session = await initialize(stage);
      await list(stage, session);
      const outcomes = await Promise.all(Array.from({ length: 24 }, () => outcome(stage, 'run_command', session)));
      expect(outcomes.filter((one) => one === 'called run_command')).toHaveLength(3);
      expect(outcomes.filter((one) => one === '-32007 chain.shell-burst')).toHaveLength(21);
    }
  });
});

describe("the sections of Sure's own chart", () => {
  const stage = useStage({
    more: twoWorkers,
    sections: {
      mcp_input_scanning: { enabled: true, action: 'block', on_parse_error: 'block' },
      mcp_tool_scanning: { enabled: true, action: 'warn', detect_drift: true },
      mcp_session_binding: { enabled: true, unknown_tool_action: 'warn' },
      tool_chain_detection: { enabled: true, action: 'warn', window_size: 20, max_gap: 3 },
    },
  });

  test('are taken, and tell of what they find', async () => {
    serve(stage, { names: ['get_secret', 'http_post'] });
    const mark = stage.gateway.mark();
    for (const name of ['get_secret', 'http_post']) expect(await outcome(stage, name)).toBe(`called ${name}`);
    await list(stage);
    expect(await outcome(stage, 'get_balance')).toBe('called get_balance');
    for (const rule of ['session.no-baseline', 'chain.env-then-network', 'session.unknown-tool'])
      await stage.gateway.waitForLog({ event: 'finding', verdict: 'warn', rule }, mark);
    expect(stage.gateway.logged({ event: 'finding', verdict: 'block' }, mark)).toEqual([]);
  });
});

describe('mode audit', () => {
  const stage = useStage({
    more: twoWorkers,
    sections: {
      mode: 'audit',
      mcp_session_binding: { enabled: true, unknown_tool_action: 'block', no_baseline_action: 'block' },
      tool_chain_detection: { enabled: true, action: 'block', pattern_overrides: { 'env-then-network': 'block' } },
    },
  });
  beforeEach(() => serve(stage, { names: ['get_secret'] }));

  test('blocks nothing and tells of all', async () => {
    const mark = stage.gateway.mark();
    const session = await initialize(stage);
    for (const name of ['get_secret', 'http_post']) expect(await outcome(stage, name, session)).toBe(`called ${name}`);
    await list(stage, session);
    expect(await outcome(stage, 'http_post', session)).toBe('called http_post');
    for (const rule of ['session.no-baseline', 'chain.env-then-network', 'session.unknown-tool'])
      await stage.gateway.waitForLog({ event: 'finding', verdict: 'warn', rule }, mark);
  });
});

describe('what the actions leave to mode balanced', () => {
  const stage = useStage({
    more: twoWorkers,
    sections: {
      mcp_session_binding: { enabled: true },
      tool_chain_detection: {
        enabled: true,
        window_seconds: 2,
        tool_categories: { payment: ['*transfer*'] },
        custom_patterns: [{ name: 'Paid after reading', sequence: ['read', 'payment'] }],
      },
    },
  });

  test('a tool that a session was not shown is blocked; where no list was seen it is told of', async () => {
    serve(stage, { names: ['get_secret', 'http_post', 'read_mail', 'bankTransfer'] });
    const session = await initialize(stage);
    expect(await outcome(stage, 'get_secret', session)).toBe('called get_secret');
    await list(stage, session);
    expect(await outcome(stage, 'http_post', session)).toBe('called http_post');
    expect(await outcome(stage, 'drop', session)).toBe(unknown);
    expect(await outcome(stage, 'read_mail', session)).toBe('called read_mail');
    expect(await outcome(stage, 'bankTransfer', session)).toBe('-32007 chain.paid-after-reading');
    await waitFor(
      'the window to be over',
      async () => (await outcome(stage, 'bankTransfer', session)) === 'called bankTransfer',
      10_000,
    );
  });
});

describe('a changed file', () => {
  const sections = {
    mcp_session_binding: { enabled: true, unknown_tool_action: 'warn', no_baseline_action: 'block' },
    tool_chain_detection: { enabled: true, action: 'warn' },
  };
  const stage = useStage({ more: twoWorkers, sections });

  test('does not make the gateway forget sessions or their calls', async () => {
    serve(stage, { names: ['get_secret', 'http_post'] });
    const session = await initialize(stage);
    await list(stage, session);
    for (const name of ['get_secret', 'other']) expect(await outcome(stage, name, session)).toBe(`called ${name}`);
    const mark = stage.gateway.mark();
    const changed = {
      mcp_session_binding: { ...sections.mcp_session_binding, unknown_tool_action: 'block' },
      // Sequences of its own need a new table, and a new instance of the filter.
      tool_chain_detection: {
        ...{ enabled: true, action: 'block', window_seconds: 600 },
        custom_patterns: [{ name: 'mine', sequence: ['read', 'list'] }],
      },
    };
    writeFileSync(stage.gateway.configFile, stage.world.configuration(changed));
    await stage.gateway.waitForLog({ event: 'reload' }, mark, 60_000);
    for (let i = 0; i < 4; i++) {
      expect(await outcome(stage, 'http_post', session)).toBe('-32007 chain.env-then-network');
      expect(await outcome(stage, 'other', session)).toBe(unknown);
    }
  });
});

describe('several servers', () => {
  const stage = useStage({
    more: twoWorkers,
    sections: {
      mcp_upstreams: { search: 'http://api.penstock.test/mcp' },
      mcp_session_binding: { enabled: true, unknown_tool_action: 'block', no_baseline_action: 'block' },
    },
  });

  test('what one has shown is not what another has, in a session and without one', async () => {
    serve(stage, { names: ['alpha'] });
    serve(stage, { names: ['alpha', 'beta'] }, stage.world.plain);
    const session = await initialize(stage);
    await list(stage, session);
    await list(stage);
    for (const by of [session, undefined]) {
      expect(await outcome(stage, 'alpha', by)).toBe('called alpha');
      expect(await outcome(stage, 'alpha', by, '/search')).toBe(none);
    }
    await send(stage, { jsonrpc: '2.0', id: ++id, method: 'tools/list' }, undefined, '/search/');
    expect(await outcome(stage, 'beta', undefined, '/search?a=b')).toBe('called beta');
    expect(await outcome(stage, 'beta')).toBe(unknown);
  });
});

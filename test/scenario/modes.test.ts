// What each mode does with what is sure and what is not, wherever in an exchange it stands.
import { afterEach, describe, expect, test } from 'vitest';
import { fixed, json } from '../harness/answer.ts';
import { type Ask, type Client, h1Client, type Reply } from '../harness/client.ts';
import { fieldValue } from '../harness/field.ts';
import { echoTool, serveMcp } from '../harness/mcp-server.ts';
import { githubToken } from '../harness/secret.ts';
import { type Stage, useStage } from './stage.ts';

const sure = { rule: 'credential.github.token', text: githubToken() };
const unsure = {
  rule: 'credential.generic.assigned-secret',
  text: ['client_secret=h4Nq81bZ', 't0Wc6yRx2m5TkP9sLd3F'].join(''),
};
type Leak = typeof sure;

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function send(route: Parameters<typeof h1Client>[0], ask: Ask): Promise<Reply> {
  const client = h1Client(route);
  clients.push(client);
  return client.send(ask);
}

async function callMcp(stage: Stage, method: string, params: unknown): Promise<Reply> {
  return send(
    { ca: '' },
    {
      url: `${stage.gateway.mcpUrl}/mcp`,
      fields: [['Content-Type', 'application/json']],
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    },
  );
}

/** Plays an exchange with the leak on a surface; gives what came back. */
const surfaces: Record<string, (stage: Stage, leak: Leak, scheme: string) => Promise<Reply>> = {
  url: (stage, { text }, scheme) =>
    send(stage.gateway.route, { url: `${scheme}://api.penstock.test/?${text.includes('=') ? text : `q=${text}`}` }),
  header: (stage, { text }, scheme) =>
    send(stage.gateway.route, { url: `${scheme}://api.penstock.test/`, fields: [['X-Config', text]] }),
  'request-body': (stage, { text }, scheme) =>
    send(stage.gateway.route, { url: `${scheme}://api.penstock.test/`, body: `it is ${text} here` }),
  'response-body': (stage, { text }, scheme) => {
    for (const origin of [stage.world.api, stage.world.plain]) origin.answer = json({ said: `it is ${text} here` });
    return send(stage.gateway.route, { url: `${scheme}://api.penstock.test/` });
  },
  'response-header': (stage, { text }, scheme) => {
    for (const origin of [stage.world.api, stage.world.plain]) origin.answer = fixed(200, [['X-Config', text]], '{}');
    return send(stage.gateway.route, { url: `${scheme}://api.penstock.test/` });
  },
  'mcp-request': (stage, { text }) =>
    callMcp(stage, 'tools/call', { name: 'echo', arguments: { text: `it is ${text} here` } }),
  'mcp-response': (stage, { text }) => {
    serveMcp(stage.mcp, { results: { echo: `it is ${text} here` } });
    return callMcp(stage, 'tools/call', { name: 'echo', arguments: { text: 'say it' } });
  },
  'mcp-tool': (stage, { text }) => {
    serveMcp(stage.mcp, { tools: [echoTool, { ...echoTool, name: 'other', description: `it is ${text} here` }] });
    return callMcp(stage, 'tools/list', {});
  },
};

describe.each([
  ['strict', { mode: 'strict', api_allowlist: ['*.penstock.test'] }, { sure: 'block', unsure: 'block' }],
  ['balanced', { mode: 'balanced' }, { sure: 'block', unsure: 'warn' }],
  ['audit', { mode: 'audit' }, { sure: 'warn', unsure: 'warn' }],
  ['enforce: false', { mode: 'balanced', enforce: false }, { sure: 'warn', unsure: 'warn' }],
  [
    'audit with actions that block',
    {
      mode: 'audit',
      ...Object.fromEntries(
        ['request_body_scanning', 'response_scanning', 'mcp_input_scanning', 'mcp_tool_scanning'].map((name) => [
          name,
          { action: 'block' },
        ]),
      ),
    },
    { sure: 'warn', unsure: 'warn' },
  ],
] as const)('%s', (_, sections, verdicts) => {
  const stage = useStage({ sections });
  const rows = Object.keys(surfaces).flatMap((surface) =>
    (surface.startsWith('mcp') ? ['http'] : ['https', 'http']).flatMap((scheme) =>
      (['sure', 'unsure'] as const).map((how) => ({ surface, scheme, how, verdict: verdicts[how] })),
    ),
  );

  test.each(rows)('$surface over $scheme, $how: $verdict', async ({ surface, scheme, how, verdict }) => {
    serveMcp(stage.mcp);
    const leak = how === 'sure' ? sure : unsure;
    const mark = stage.gateway.mark();
    const reply = await surfaces[surface]!(stage, leak, scheme);
    const line = await stage.gateway.waitForLog({ event: 'finding', rule: leak.rule, surface }, mark);
    expect(line.verdict).toBe(verdict);
    const text = reply.body.toString();
    if (surface.startsWith('mcp')) {
      expect(reply.status).toBe(200);
      if (verdict === 'warn') expect(JSON.parse(text)).toHaveProperty('result');
      if (verdict === 'block') expect(text).not.toContain(leak.text);
    } else expect(reply.status).toBe(verdict === 'block' ? 403 : 200);
    if (surface === 'response-header')
      expect(fieldValue(reply.fields, 'x-config')).toBe(verdict === 'block' ? undefined : leak.text);
  });
});

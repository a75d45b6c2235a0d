/**
 * The story of the demo, on this machine alone: an assistant, a model and a tool server of ours, and between them a real
 * gateway with a real Envoy. `tell` is called with each thing that happens; demo.ts prints it and demo.test.ts checks it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { eventStream, json } from '../harness/answer.ts';
import { h1Client, type Reply } from '../harness/client.ts';
import { Gateway } from '../harness/gateway.ts';
import type { LogLine } from '../harness/log.ts';
import { serveMcp } from '../harness/mcp-server.ts';
import { Origin } from '../harness/origin.ts';
import { TestCa } from '../harness/pki.ts';
import { cardNumber, githubToken } from '../harness/secret.ts';
import { StreamReader } from '../harness/stream-reader.ts';
import { Gate } from '../harness/wait.ts';

/** Who says something in the story. */
export type Speaker = 'assistant' | 'model' | 'tool server' | 'gateway';

export interface Telling {
  chapter(title: string): void;
  says(speaker: Speaker, text: string): void;
  waits(text: string): void;
}

/** What came of it, for the test. */
export interface Ending {
  passed: { status: number; body: string; requestsSeen: number };
  leak: { status: number; body: string; requestsSeen: number; rule: string };
  stream: { words: string[]; eventsHeldAhead: number };
  mcp: { id: unknown; code: unknown; rule: unknown; callsSeen: number };
  exit: number;
}

const words = ['Snow ', 'until ', 'noon, ', 'then ', 'sun.'];

interface Cast {
  model: Origin;
  tools: Origin;
  gateway: Gateway;
}

/** Plays the story from start to end and cleans up after itself, whatever happens. */
export async function playStory(telling: Telling): Promise<Ending> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-demo-'));
  const open: { close(): Promise<unknown> }[] = [];
  try {
    const ca = new TestCa('penstock demo');
    const model = await Origin.start({ address: '127.0.0.1', leaf: ca.leaf({ names: ['localhost'] }) });
    open.push(model);
    const tools = await Origin.start({ address: '127.0.0.1' });
    open.push(tools);
    telling.waits('starting the gateway: Envoy, its filter and its control worker');
    const gateway = await Gateway.start({
      configuration: configurationOf(folder, ca),
      mcpUpstream: `http://127.0.0.1:${tools.port}/mcp`,
    });
    open.push({ close: () => gateway.destroy() });
    telling.says('gateway', `proxy on ${gateway.proxyUrl}, MCP on ${gateway.mcpUrl}`);
    const cast = { model, tools, gateway };
    const passed = await callThatPasses(cast, telling);
    const leak = await callThatLeaks(cast, telling);
    const stream = await answerThatStreams(cast, telling);
    const mcp = await toolCallThatLeaks(cast, telling);
    const exit = await gateway.stop();
    return { passed, leak, stream, mcp, exit };
  } finally {
    await Promise.all(open.map((one) => one.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Interception on; the model is at a loopback address, which only a trusted domain may be. */
function configurationOf(folder: string, ca: TestCa): string {
  const caFile = join(folder, 'model-ca.pem');
  writeFileSync(caFile, ca.pem);
  return stringify({
    mode: 'balanced',
    trusted_domains: ['localhost'],
    forward_proxy: { enabled: true },
    tls_interception: { enabled: true, upstream_ca_file: caFile },
  });
}

async function callThatPasses({ model, gateway }: Cast, telling: Telling): Promise<Ending['passed']> {
  telling.chapter('A call that passes');
  model.answer = json({ choices: [{ message: { role: 'assistant', content: 'Cold and clear.' } }] });
  const reply = await chat({ model, gateway }, 'What is the weather in Oslo?', telling);
  const [arrived] = model.arrived;
  telling.says(
    'model',
    `saw ${model.arrived.length} request: ${arrived?.method} ${arrived?.target}, ${arrived?.body.length} bytes`,
  );
  telling.says('assistant', `got ${reply.status}: ${contentOf(reply)}`);
  return { status: reply.status, body: reply.body.toString(), requestsSeen: model.arrived.length };
}

async function callThatLeaks({ model, gateway }: Cast, telling: Telling): Promise<Ending['leak']> {
  telling.chapter('A leak that is stopped');
  model.arrived.length = 0;
  const mark = gateway.mark();
  const shown = 'Summarise this file: GITHUB_TOKEN=(a real-looking token)';
  const reply = await chat({ model, gateway }, `Summarise this file: GITHUB_TOKEN=${githubToken()}`, telling, shown);
  telling.says('model', `saw ${model.arrived.length} requests`);
  telling.says('assistant', `got ${reply.status}: ${reply.body.toString()}`);
  const line = await gateway.waitForLog({ event: 'finding', verdict: 'block' }, mark);
  telling.says('gateway', `logged ${oneLine(line)}`);
  return {
    status: reply.status,
    body: reply.body.toString(),
    requestsSeen: model.arrived.length,
    rule: String(line.rule),
  };
}

async function answerThatStreams({ model, gateway }: Cast, telling: Telling): Promise<Ending['stream']> {
  telling.chapter('An answer that streams: the model waits with each word until the last one has arrived');
  const gates = words.map(() => new Gate());
  gates[0]!.open();
  let sent = 0;
  model.answer = eventStream(words.map(delta), async (index) => {
    await gates[index]!.passed();
    telling.says('model', `sends ${JSON.stringify(words[index])}`);
    sent = index + 1;
  });
  const client = h1Client(gateway.route);
  try {
    const body = JSON.stringify({
      model: 'demo',
      stream: true,
      messages: [{ role: 'user', content: 'And tomorrow?' }],
    });
    const reader = new StreamReader(
      await client.begin({ url: `${model.urlFor('localhost')}/v1/chat/completions`, body }),
    );
    const got: string[] = [];
    let eventsHeldAhead = 0;
    for (const [index] of words.entries()) {
      const text = await reader.upTo('\n\n');
      got.push((JSON.parse(text.slice('data:'.length)) as Delta).choices[0]!.delta.content);
      eventsHeldAhead = Math.max(eventsHeldAhead, sent - got.length);
      telling.says('assistant', `reads ${JSON.stringify(got.at(-1))}`);
      gates[index + 1]?.open();
    }
    await reader.rest();
    return { words: got, eventsHeldAhead };
  } finally {
    client.close();
  }
}

async function toolCallThatLeaks({ tools, gateway }: Cast, telling: Telling): Promise<Ending['mcp']> {
  telling.chapter('A tool call whose result would leave with a card number');
  serveMcp(tools, { results: { read_statement: `card ${cardNumber}, balance 1,204.50` } });
  const mark = gateway.mark();
  const client = h1Client({ ca: '' });
  try {
    telling.says('assistant', 'calls the tool read_statement, JSON-RPC id 7');
    const reply = await client.send({
      url: `${gateway.mcpUrl}/mcp`,
      fields: [['Content-Type', 'application/json']],
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 7,
        method: 'tools/call',
        params: { name: 'read_statement', arguments: {} },
      }),
    });
    telling.says('tool server', `answered ${tools.arrived.length} call with a card number in it`);
    telling.says('assistant', `got ${reply.body.toString()}`);
    const line = await gateway.waitForLog({ event: 'finding', verdict: 'block' }, mark);
    telling.says('gateway', `logged ${oneLine(line)}`);
    const message = JSON.parse(reply.body.toString()) as {
      id?: unknown;
      error?: { code?: unknown; data?: { rule?: unknown } };
    };
    return {
      id: message.id,
      code: message.error?.code,
      rule: message.error?.data?.rule,
      callsSeen: tools.arrived.length,
    };
  } finally {
    client.close();
  }
}

interface Delta {
  choices: { delta: { content: string } }[];
}

function delta(content: string): string {
  return JSON.stringify({ choices: [{ delta: { content } }] } satisfies Delta);
}

/** One chat call through the gateway; `shown` stands in the story for a text that must not be printed. */
async function chat(
  cast: Pick<Cast, 'model' | 'gateway'>,
  content: string,
  telling: Telling,
  shown = content,
): Promise<Reply> {
  const client = h1Client(cast.gateway.route);
  try {
    const url = `${cast.model.urlFor('localhost')}/v1/chat/completions`;
    telling.says('assistant', `POST ${url}: "${shown}"`);
    return await client.send({
      url,
      fields: [['Content-Type', 'application/json']],
      body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content }] }),
    });
  } finally {
    client.close();
  }
}

function contentOf(reply: Reply): string {
  const value = JSON.parse(reply.body.toString()) as { choices?: { message: { content: string } }[] };
  return `"${value.choices?.[0]?.message.content ?? reply.body.toString()}"`;
}

function oneLine({ event, verdict, rule, surface, view, host }: LogLine): string {
  return Object.entries({ event, verdict, rule, surface, view, host })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
}

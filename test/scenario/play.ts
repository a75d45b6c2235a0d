import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Answer, encode, fixed, pattern } from '../harness/answer.ts';
import { type Ask, type Client, cut, h1Client, h2Client, type Reply } from '../harness/client.ts';
import { type Fields, fieldValue, fieldValues } from '../harness/field.ts';
import type { Gateway } from '../harness/gateway.ts';
import { everythingShown, leaksIn } from '../harness/leak.ts';
import { holds, type LogLine } from '../harness/log.ts';
import { serveMcp } from '../harness/mcp-server.ts';
import type { Arrived } from '../harness/origin.ts';
import { expectBlock, expectRpcBlock } from './block.ts';
import {
  type Body,
  type ExpectedArrival,
  type ExpectedReply,
  type Scenario,
  type ScriptedAnswer,
  type Step,
  scriptOf,
} from './format.ts';
import type { Stage } from './stage.ts';
import type { Variables } from './value.ts';

/** A finding is logged before its exchange ends, and takes a few milliseconds through the supervisor. */
const settleMillis = 60;

/** Events that tell of something found or not readable. */
const tellingEvents = ['finding', 'unreadable'];

/** Plays one run of a scenario and the check that comes after every one: no secret shows anywhere. */
export async function play(scenario: Scenario, variables: Variables, stage: Stage): Promise<void> {
  const { world, gateway, mcp } = stage;
  world.reset();
  mcp.reset();
  const script = scriptOf(scenario, variables);
  serveMcp(mcp, script.mcp);
  if (script.answer !== undefined) {
    const scripted = answerOf(script.answer);
    for (const origin of [world.api, world.plain, world.other]) origin.answer = scripted;
  }
  const blocked = new Map<string, string>();
  const clients = new Map<string, Client>();
  try {
    for (const [index, step] of script.steps.entries()) {
      const reply = await playStep(step, stage, clients);
      const isBlock = step.reply.block !== undefined || step.reply.rpcBlock !== undefined;
      if (reply !== undefined && isBlock) blocked.set(`reply to steps[${index}]`, reply.body.toString());
    }
  } finally {
    for (const client of clients.values()) client.close();
  }
  if (script.secrets.length > 0) {
    expect(
      leaksIn(new Map([...(await everythingShown(gateway)), ...blocked]), script.secrets),
      'places that show a secret',
    ).toEqual([]);
  }
}

async function playStep(
  step: Step,
  { world, gateway, mcp }: Stage,
  clients: Map<string, Client>,
): Promise<Reply | undefined> {
  const origins = [world.api, world.plain, world.other, mcp];
  for (const origin of origins) origin.arrived.length = 0;
  if (step.log === 'nothing') await sleep(settleMillis);
  const mark = gateway.mark();
  const ask = askOf(step, gateway);
  const client = clientFor(step, ask, gateway, clients);
  let reply: Reply | undefined;
  try {
    reply = await client.send(ask);
  } catch (error) {
    if (step.reply.broken !== true) throw error;
  }
  if (reply !== undefined) await checkReply(reply, step.reply);
  if (step.origin !== undefined) {
    checkArrival(
      origins.flatMap((origin) => origin.arrived),
      step.origin,
      plainBody(step),
    );
  }
  await checkLog(step, gateway, mark);
  return reply;
}

function askOf({ to, ask }: Step, gateway: Gateway): Ask {
  const url = to.replace(/^mcp:/, gateway.mcpUrl) + ask.target;
  const fields = listed(ask.fields);
  let bytes = ask.body === undefined ? undefined : bytesOf(ask.body);
  if (ask.body?.json !== undefined && fieldValue(fields, 'content-type') === undefined) {
    fields.push(['Content-Type', 'application/json']);
  }
  if (bytes !== undefined && ask.coding !== undefined) {
    bytes = encode(ask.coding, bytes);
    fields.push(['Content-Encoding', ask.coding]);
  }
  return {
    method: ask.method,
    url,
    fields,
    body: bytes === undefined || ask.cut === undefined ? bytes : cut(bytes, ask.cut),
    chunked: ask.chunked,
    trailers: ask.trailers === undefined ? undefined : listed(ask.trailers),
  };
}

/** One client for each kind and origin, so that the steps of a scenario share a connection where a client would. */
function clientFor({ to, ask: { client } }: Step, ask: Ask, gateway: Gateway, clients: Map<string, Client>): Client {
  const isMcp = to.startsWith('mcp:');
  const key = `${client} ${new URL(ask.url).origin}`;
  let found = clients.get(key);
  if (found === undefined) {
    const route = isMcp ? { ca: gateway.ca } : gateway.route;
    found = client === 'h2' ? h2Client(route) : h1Client(route);
    clients.set(key, found);
  }
  return found;
}

async function checkReply(reply: Reply, expected: ExpectedReply): Promise<void> {
  const text = reply.body.toString();
  const statuses = expected.status === undefined ? undefined : [expected.status].flat();
  if (statuses !== undefined)
    expect(statuses, `status of the reply, whose body is ${text.slice(0, 300)}`).toContain(reply.status);
  for (const [name, value] of listed(expected.fields ?? {}))
    expect(fieldValues(reply.fields, name), name).toContain(value);
  if (expected.text !== undefined) expect(text).toBe(expected.text);
  if (expected.json !== undefined) expect(holds(JSON.parse(text), expected.json), `the reply ${text}`).toBe(true);
  if (expected.block !== undefined) expectBlock(reply, expected.block);
  if (expected.rpcBlock !== undefined) expectRpcBlock(reply, expected.rpcBlock.id, expected.rpcBlock.rule);
}

function checkArrival(arrived: Arrived[], expected: ExpectedArrival, sent: Buffer | undefined): void {
  if (expected === 'nothing') {
    expect(
      arrived.map(({ method, target }) => `${method} ${target}`),
      'requests the origin saw',
    ).toEqual([]);
    return;
  }
  expect(arrived.length, 'requests the origin saw').toBe(1);
  const one = arrived[0]!;
  if (expected.method !== undefined) expect(one.method).toBe(expected.method);
  if (expected.target !== undefined) expect(one.target).toBe(expected.target);
  for (const [name, value] of listed(expected.fields ?? {}))
    expect(fieldValues(one.fields, name), name).toContain(value);
  if (expected.body === 'as sent')
    expect(one.body.equals(sent ?? Buffer.alloc(0)), 'the body arrived as it was sent').toBe(true);
  else if (expected.body !== undefined) expect(one.body.toString()).toBe(expected.body.text);
}

async function checkLog(step: Step, gateway: Gateway, mark: number): Promise<void> {
  if (step.log === undefined) return;
  if (step.log === 'nothing') {
    await sleep(settleMillis);
    const telling = gateway.log.lines.slice(mark).filter((line: LogLine) => tellingEvents.includes(line.event ?? ''));
    expect(telling, 'findings in the log').toEqual([]);
    return;
  }
  for (const expected of step.log) await gateway.waitForLog(expected, mark);
}

function answerOf(scripted: ScriptedAnswer): Answer {
  const fields = listed(scripted.fields ?? {});
  const text = scripted.json === undefined ? (scripted.text ?? '') : JSON.stringify(scripted.json);
  if (scripted.json !== undefined && fieldValue(fields, 'content-type') === undefined)
    fields.push(['Content-Type', 'application/json']);
  if (scripted.coding === undefined) return fixed(scripted.status ?? 200, fields, text);
  return fixed(
    scripted.status ?? 200,
    [...fields, ['Content-Encoding', scripted.coding]],
    encode(scripted.coding, text),
  );
}

function bytesOf(body: Body): Buffer {
  if (body.json !== undefined) return Buffer.from(JSON.stringify(body.json));
  if (body.bytes !== undefined) return pattern(body.bytes);
  return Buffer.from(body.text ?? '');
}

function plainBody({ ask: { body } }: Step): Buffer | undefined {
  return body === undefined ? undefined : bytesOf(body);
}

function listed(fields: Record<string, string | string[]>): Fields {
  return Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one]));
}

// Answers that are held: what they say is known before a byte of them is out, however they were written.
import { deflateSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { type Encoding, encode, encoded, fixed, json, pieces } from '../harness/answer.ts';
import { type Client, h1Client, h2Client } from '../harness/client.ts';
import { fieldValue } from '../harness/field.ts';
import { githubToken } from '../harness/secret.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

const url = 'https://api.penstock.test/v1/chat/completions';
const said = (content: string) => JSON.stringify({ choices: [{ message: { content } }] });
const leak = said(`take ${githubToken()} and go`);
const clean = said('nothing to see');
const type: [string, string] = ['Content-Type', 'application/json'];
const kinds = [
  { name: 'HTTP/1.1', open: h1Client },
  { name: 'HTTP/2', open: h2Client },
];

describe.each(kinds)('$name', ({ open }) => {
  const ask = async () => {
    const client = open(stage.gateway.route);
    clients.push(client);
    return client.send({ url, body: '{}' });
  };

  test.each<Encoding>(['identity', 'gzip', 'br', 'zstd'])('%s is read', async (encoding) => {
    stage.world.api.answer = encoding === 'identity' ? fixed(200, [type], leak) : encoded(encoding, [type], leak);
    expect((await ask()).status).toBe(403);
    stage.world.api.answer = encoding === 'identity' ? fixed(200, [type], clean) : encoded(encoding, [type], clean);
    const reply = await ask();
    expect(reply.status).toBe(200);
    expect(reply.body.toString()).toBe(clean);
  });

  // Envoy's decompressors end such a text early. What is compressed more than that is said to be unreadable.
  test.each<Encoding>(['br', 'zstd'])('%s that opens to more than Envoy gives is a warning', async (encoding) => {
    stage.world.api.answer = encoded(encoding, [type], said('a'.repeat(1_000_000)));
    const mark = stage.gateway.mark();
    expect((await ask()).status).toBe(200);
    await stage.gateway.waitForLog({ event: 'unreadable', reason: 'response-expansion', verdict: 'warn' }, mark);
  });

  // After gzip Envoy counts what it opens of others under the name of gzip.
  test.each<Encoding>(['br', 'zstd'])('so are events in %s', async (encoding) => {
    const event = `data: ${'a'.repeat(1_000_000)}\n\n`;
    stage.world.api.answer = encoded(encoding, [['Content-Type', 'text/event-stream']], event);
    const mark = stage.gateway.mark();
    expect((await ask()).status).toBe(200);
    await stage.gateway.waitForLog({ event: 'unreadable', reason: 'response-expansion', verdict: 'warn' }, mark);
  });

  test('deflate is read, and comes as it was', async () => {
    const deflated = (text: string) => fixed(200, [type, ['Content-Encoding', 'deflate']], deflateSync(text));
    stage.world.api.answer = deflated(leak);
    expect((await ask()).status).toBe(403);
    stage.world.api.answer = deflated(clean);
    const reply = await ask();
    expect(fieldValue(reply.fields, 'content-encoding')).toBe('deflate');
    expect(reply.body).toEqual(deflateSync(clean));
  });

  test('events in gzip are read', async () => {
    const events = ['take ', ...(githubToken().match(/../g) as string[]), ' and go'].map(
      (content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`,
    );
    const fields: [string, string][] = [
      ['Content-Type', 'text/event-stream'],
      ['Content-Encoding', 'gzip'],
    ];
    stage.world.api.answer = pieces(fields, [encode('gzip', events.join(''))]);
    const reply = await ask();
    expect(reply.status).toBe(200);
    expect(reply.body.toString()).toContain('blocked by Penstock: credential.github.token');
    expect(reply.body.toString()).not.toContain('and go');
  });

  test('an answer over the limit comes whole', async () => {
    const long = said('some words '.repeat(700_000));
    stage.world.api.answer = fixed(200, [type], long);
    const reply = await ask();
    expect(reply.status).toBe(200);
    expect(reply.body.toString() === long).toBe(true);
  });

  test('an answer under the limit comes whole, chunked or not', async () => {
    const long = said('some words '.repeat(300_000));
    for (const answer of [fixed(200, [type], long), pieces([type], [long.slice(0, 900_000), long.slice(900_000)])]) {
      stage.world.api.answer = answer;
      const reply = await ask();
      expect(reply.status).toBe(200);
      expect(reply.body.toString() === long).toBe(true);
    }
  });

  test('an answer that pauses goes on', async () => {
    stage.world.api.answer = async (answering) => {
      answering.begin(200, [type]);
      await answering.send('{"first":1}\n');
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      await answering.send('{"second":2}\n');
      answering.end();
    };
    const client = open(stage.gateway.route);
    clients.push(client);
    const begun = Date.now();
    const streaming = await client.begin({ url, body: '{}' });
    expect(Date.now() - begun).toBeLessThan(2_400);
    let text = '';
    for await (const chunk of streaming.body) text += chunk.toString();
    expect(text).toBe('{"first":1}\n{"second":2}\n');
  });
});

test("an answer in JSON is the origin's when it holds nothing", async () => {
  stage.world.api.answer = json({ fine: true });
  const client = h1Client(stage.gateway.route);
  clients.push(client);
  expect((await client.send({ url, body: '{}' })).body.toString()).toBe('{"fine":true}');
});

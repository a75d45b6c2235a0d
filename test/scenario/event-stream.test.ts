import { afterEach, describe, expect, test } from 'vitest';
import { type Answering, event, eventStream } from '../harness/answer.ts';
import { type Client, h1Client, h2Client } from '../harness/client.ts';
import { fieldValue } from '../harness/field.ts';
import { StreamReader } from '../harness/stream-reader.ts';
import { Gate, within } from '../harness/wait.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

const kinds = [
  { name: 'HTTP/1.1, https', open: h1Client, url: 'https://api.penstock.test/v1/chat' },
  { name: 'HTTP/2', open: h2Client, url: 'https://api.penstock.test/v1/chat' },
  { name: 'HTTP/1.1, http', open: h1Client, url: 'http://api.penstock.test/v1/chat' },
];

const delta = (content: string): string => JSON.stringify({ choices: [{ delta: { content } }] });
const ask = { fields: [['Accept', 'text/event-stream'] as [string, string]], body: '{"stream": true}' };

describe.each(kinds)('$name', ({ open, url }) => {
  test('each event reaches the client before the origin sends the next', async () => {
    const events = [...Array.from({ length: 12 }, (_, index) => delta(`word ${index} `)), '[DONE]'];
    const gates = events.map(() => new Gate());
    gates[0]!.open();
    const answer = eventStream(events, (index) => gates[index]!.passed());
    stage.world.api.answer = answer;
    stage.world.plain.answer = answer;
    const client = open(stage.gateway.route);
    clients.push(client);
    const streaming = await client.begin({ url, ...ask });
    expect(streaming.status).toBe(200);
    expect(fieldValue(streaming.fields, 'content-type')).toBe('text/event-stream');
    const reader = new StreamReader(streaming);
    for (const [index, data] of events.entries()) {
      // The gate of the next event is still shut: had the gateway kept anything back, this would not come.
      expect(await reader.upTo('\n\n')).toBe(event(data));
      gates[index + 1]?.open();
    }
    expect(await reader.rest()).toBe('');
  });

  test('the headers come before the first event', async () => {
    const gate = new Gate();
    const answer = eventStream(['late'], () => gate.passed());
    stage.world.api.answer = answer;
    stage.world.plain.answer = answer;
    const client = open(stage.gateway.route);
    clients.push(client);
    const streaming = await within('the headers', client.begin({ url, ...ask }), 5_000);
    gate.open();
    expect(await new StreamReader(streaming).rest()).toBe(event('late'));
  });

  test('events in pieces and several in one write arrive unchanged', async () => {
    const text = [
      event('a'),
      ': a comment\n\n',
      'event: x\nid: 1\nretry: 5\ndata: b\ndata: c\n\n',
      'data: d\r\n\r\n',
      event('grüße 🦊'),
    ].join('');
    const bytes = Buffer.from(text);
    const answer = async (answering: Answering): Promise<void> => {
      answering.begin(200, [['Content-Type', 'text/event-stream; charset=utf-8']]);
      for (let at = 0; at < bytes.length; at += 5) await answering.send(bytes.subarray(at, at + 5));
      await answering.send(bytes);
      answering.end();
    };
    stage.world.api.answer = answer;
    stage.world.plain.answer = answer;
    const client = open(stage.gateway.route);
    clients.push(client);
    const reply = await client.send({ url, ...ask });
    expect(reply.body.toString()).toBe(text + text);
  });

  test('a client that goes away closes the stream to the origin', async () => {
    const gate = new Gate();
    let gone = false;
    const answer = async (answering: Answering): Promise<void> => {
      answering.begin(200, [['Content-Type', 'text/event-stream']]);
      await answering.send(event('one'));
      for (let turn = 0; turn < 200 && !answering.gone; turn++) await new Promise((resolve) => setTimeout(resolve, 50));
      gone = answering.gone;
      gate.open();
    };
    stage.world.api.answer = answer;
    stage.world.plain.answer = answer;
    const client = open(stage.gateway.route);
    clients.push(client);
    const streaming = await client.begin({ url, ...ask });
    await new StreamReader(streaming).upTo('\n\n');
    streaming.cancel();
    client.close();
    await within('the origin to see the end', gate.passed(), 15_000);
    expect(gone).toBe(true);
  });
});

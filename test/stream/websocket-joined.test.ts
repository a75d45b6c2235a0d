// APIs that models are talked to by in real time: texts that JSON messages carry a few letters at a time are put together, both
// ways, and the messages wait while one of them may go on to a match.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRules } from '../../control/rules/read.ts';
import { Host, type Stream } from '../../filter/proxy-wasm-as/host/index.ts';
import { githubToken } from '../harness/secret.ts';
import { FrameReader, fragments, frame, opcode } from '../harness/websocket.ts';
import { compileRules } from '../rules/table.ts';

const rules = readRules();
const filter = new WebAssembly.Module(readFileSync(join(import.meta.dirname, '../../build/filter.wasm')));
let now = 1n;
const host = new Host(filter, { vmId: 'penstock', logLevel: 'info', nowNanoseconds: () => now });
const plugin = host.configure(compileRules(rules).table, { rootId: 'penstock' });
const token = githubToken();

type Side = 'client' | 'origin';

function open(): Stream {
  const stream = plugin.stream({ properties: { 'filter_state\0penstock.tunnel': 'a.example:443 a.example' } });
  stream.requestHeaders([
    [':method', 'GET'],
    [':path', '/v1/realtime'],
    [':authority', 'a.example'],
    ['connection', 'Upgrade'],
    ['upgrade', 'websocket'],
    ['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
  ]);
  stream.responseHeaders([[':status', '101']]);
  return stream;
}

const pass = (stream: Stream, side: Side, bytes: Buffer) =>
  stream[side === 'client' ? 'requestBody' : 'responseBody'](bytes);
const sent = (stream: Stream, side: Side) =>
  Buffer.concat((side === 'client' ? stream.sentUpstream : stream.sentDownstream).chunks);
const textsOf = (stream: Stream, side: Side) =>
  new FrameReader()
    .feed(sent(stream, side))
    .filter((one) => one.opcode === opcode.text)
    .map(({ payload }) => payload.toString());
const isClosed = (stream: Stream, side: Side) =>
  new FrameReader().feed(sent(stream, side)).at(-1)?.opcode === opcode.close;

/** Ways in which APIs write a piece of a text. */
const events: Record<string, (delta: string) => string> = {
  'OpenAI realtime': (delta) =>
    JSON.stringify({
      type: 'response.output_text.delta',
      event_id: 'event_5678',
      response_id: 'resp_001',
      item_id: 'msg_007',
      output_index: 0,
      content_index: 0,
      delta,
    }),
  'arguments of a call': (delta) =>
    JSON.stringify({ type: 'response.function_call_arguments.delta', output_index: 1, call_id: 'call_001', delta }),
  'Gemini live': (delta) => JSON.stringify({ serverContent: { modelTurn: { parts: [{ text: delta }] } } }),
  'Engine.IO': (delta) => `42${JSON.stringify(['delta', { content: delta }])}`,
};

describe.each(['client', 'origin'] as const)('from the %s', (side) => {
  const message = (text: string) => frame(opcode.text, Buffer.from(text), side === 'client');

  test.each(Object.entries(events))(
    '%s: a token in pieces ends the connection, and next to nothing of it has gone on',
    (_, event) => {
      for (const pieceBytes of [1, 3, 13]) {
        const stream = open();
        pass(stream, side, message(event('The key is ')));
        expect(textsOf(stream, side)).toEqual([event('The key is ')]);
        const pieces = token.match(new RegExp(`.{1,${pieceBytes}}`, 'gs'))!;
        for (const piece of pieces) pass(stream, side, message(event(piece)));
        // Some letters begin so much that they go on at once.
        const gone = textsOf(stream, side).length - 1;
        expect(gone * pieceBytes, `${gone} of ${pieceBytes}`).toBeLessThanOrEqual(8);
        expect(isClosed(stream, side)).toBe(true);
        expect(
          host.logs
            .splice(0)
            .map(({ message }) => message)
            .join(),
        ).toContain('"view":"stream"');
        stream.done();
      }
    },
  );

  test('ordinary deltas pass at once, and in the order in which they came, whatever they are cut into', () => {
    const words = 'The balance of your account is 1,204.50 and three payments are due before the end of May. '.repeat(
      20,
    );
    const all = words.match(/.{1,7}/gs)!.map((piece) => events['OpenAI realtime']!(piece));
    for (const chunkBytes of [1_000_000, 100, 17]) {
      const stream = open();
      const bytes = Buffer.concat(all.map(message));
      for (let at = 0; at < bytes.length; at += chunkBytes) pass(stream, side, bytes.subarray(at, at + chunkBytes));
      expect(textsOf(stream, side)).toEqual(all);
      stream.done();
    }
    expect(host.logs.splice(0)).toEqual([]);
  });

  test('what waits goes on when its time is over, with the next message, or with the end', () => {
    const event = events['OpenAI realtime']!;
    const begun = event(token.slice(0, 14));
    for (const way of ['time', 'message', 'end'] as const) {
      const stream = open();
      pass(stream, side, message(begun));
      // A ping may wait behind it, and the other side goes on.
      pass(stream, side, frame(opcode.ping, Buffer.from('x'), side === 'client'));
      const other: Side = side === 'client' ? 'origin' : 'client';
      pass(stream, other, frame(opcode.text, Buffer.from('{"type":"session.updated"}'), other === 'client'));
      expect([textsOf(stream, side), textsOf(stream, other).length]).toEqual([[], 1]);
      if (way === 'time') {
        now += 300_000_000n;
        plugin.tick();
      } else if (way === 'message') pass(stream, side, message(event(' and no more of it')));
      else stream[side === 'client' ? 'requestBody' : 'responseBody'](new Uint8Array(), true);
      expect(textsOf(stream, side)[0]).toBe(begun);
      stream.done();
    }
    expect(host.logs.splice(0)).toEqual([]);
  });

  test('a stop of the other side ends what waits in order', () => {
    const stream = open();
    pass(stream, side, message(events['OpenAI realtime']!(token.slice(0, 14))));
    const other: Side = side === 'client' ? 'origin' : 'client';
    pass(stream, other, frame(opcode.text, Buffer.from(token), other === 'client'));
    expect(isClosed(stream, other)).toBe(true);
    pass(stream, side, frame(opcode.close, Buffer.from([3, 240]), side === 'client'));
    expect(isClosed(stream, side)).toBe(true);
    stream.done();
    host.logs.splice(0);
  });

  test('fragments are one message', () => {
    const stream = open();
    const event = events['OpenAI realtime']!;
    pass(stream, side, message(event(token.slice(0, 20))));
    const rest = event(token.slice(20));
    const parts = [rest.slice(0, 30), rest.slice(30, 100), rest.slice(100)].map((part) => Buffer.from(part));
    pass(stream, side, fragments(opcode.text, parts, side === 'client'));
    expect([textsOf(stream, side), isClosed(stream, side)]).toEqual([[], true]);
    stream.done();
    host.logs.splice(0);
  });
});

test('memory stays as it is over many connections with messages that wait', () => {
  const play = () => {
    const stream = open();
    for (const side of ['client', 'origin'] as const)
      pass(
        stream,
        side,
        frame(opcode.text, Buffer.from(events['Gemini live']!(token.slice(0, 14))), side === 'client'),
      );
    stream.done();
  };
  for (let i = 0; i < 200; i++) play();
  const { memoryBytes } = host;
  for (let i = 0; i < 2000; i++) play();
  expect(host.memoryBytes).toBe(memoryBytes);
});

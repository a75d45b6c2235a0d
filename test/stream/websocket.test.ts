// WebSocket frames through the filter in the host emulator: what passes passes unchanged however it is cut, and what is
// stopped ends with a close frame on both sides.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { setVerdicts } from '../../control/compile/verdicts.ts';
import { readRules } from '../../control/rules/read.ts';
import { type HeaderPairs, Host, type Stream } from '../../filter/proxy-wasm-as/host/index.ts';
import { githubToken } from '../harness/secret.ts';
import { FrameReader, fragments, frame, opcode } from '../harness/websocket.ts';
import { compileRules, policyOf } from '../rules/table.ts';

const rules = readRules();
const filter = new WebAssembly.Module(readFileSync(join(import.meta.dirname, '../../build/filter.wasm')));
const { table } = compileRules(rules);
const limited = 'mode: balanced\nwebsocket_proxy: { enabled: true, max_message_bytes: 1000 }\n';
const pieceBytes = 65_536;
let now = 1n;

/** A filter with the verdicts of a configuration. */
function started(config = 'mode: balanced\n'): { host: Host; open(headers?: HeaderPairs): Stream } {
  const host = new Host(filter, { vmId: 'penstock', logLevel: 'info', nowNanoseconds: () => now });
  const own = table.slice();
  setVerdicts(own, rules, policyOf(rules, config));
  const plugin = host.configure(own, { rootId: 'penstock' });
  const open = (headers: HeaderPairs = [['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA==']]) => {
    const stream = plugin.stream({ properties: { 'filter_state\0penstock.tunnel': 'a.example:443 a.example' } });
    stream.requestHeaders([
      [':method', 'GET'],
      [':path', '/live'],
      [':authority', 'a.example'],
      ['connection', 'keep-alive, Upgrade'],
      ['upgrade', 'websocket'],
      ...headers,
    ]);
    if (!stream.localResponse)
      stream.responseHeaders([
        [':status', '101'],
        ['sec-websocket-extensions', 'permessage-deflate'],
      ]);
    return stream;
  };
  return { host, open };
}

const balanced = started();

function sent(stream: Stream, side: 'client' | 'origin'): Buffer {
  const { chunks } = side === 'client' ? stream.sentUpstream : stream.sentDownstream;
  return Buffer.concat(chunks);
}

function send(stream: Stream, side: 'client' | 'origin', bytes: Buffer, chunkBytes = bytes.length): void {
  for (let at = 0; at < bytes.length; at += chunkBytes)
    stream[side === 'client' ? 'requestBody' : 'responseBody'](bytes.subarray(at, at + chunkBytes));
}

/** What the client reads in the close frame that ends what it gets. */
function closeFor(stream: Stream): { code: number; reason: string } | undefined {
  // The origin's answer to the close frame that it got.
  stream.responseBody(frame(opcode.close, Buffer.from([3, 240]), false));
  const last = new FrameReader().feed(sent(stream, 'origin')).at(-1);
  if (last?.opcode !== opcode.close) return undefined;
  return { code: last.payload.readUInt16BE(), reason: last.payload.subarray(2).toString() };
}

const token = githubToken();
const text = (value: string, masked = true) => frame(opcode.text, Buffer.from(value), masked);
const lines = (host: Host) => host.logs.splice(0).map(({ message }) => JSON.parse(message) as Record<string, unknown>);

describe.each(['client', 'origin'] as const)('frames of the %s', (side) => {
  const isMasked = side === 'client';
  const clean = Buffer.concat([
    text('hello', isMasked),
    frame(opcode.ping, Buffer.from('are you there still'), isMasked),
    fragments(opcode.text, [Buffer.from('in '), Buffer.from(''), Buffer.from('three')], isMasked),
    frame(opcode.binary, Buffer.from(Array.from({ length: 300 }, (_, i) => i & 255)), isMasked),
    frame(opcode.text, Buffer.alloc(0), isMasked),
    frame(opcode.close, Buffer.from([3, 232]), isMasked),
  ]);

  test('pass unchanged, cut anywhere', () => {
    for (let cut = 1; cut < clean.length; cut++) {
      const stream = balanced.open();
      send(stream, side, clean.subarray(0, cut));
      send(stream, side, clean.subarray(cut));
      expect(sent(stream, side).equals(clean)).toBe(true);
      stream.done();
    }
    expect(lines(balanced.host)).toEqual([]);
  });

  test.each([3, 1000, pieceBytes - 3, 1_000_000])(
    'long messages pass unchanged in chunks of %i bytes',
    (chunkBytes) => {
      const words = Buffer.from(
        'the quick brown fox jumps over the lazy dog. '.repeat(chunkBytes < 1000 ? 3000 : 10_000),
      );
      const long = Buffer.concat([
        frame(opcode.text, words, isMasked),
        fragments(opcode.binary, [words.subarray(0, pieceBytes), words, words], isMasked),
        frame(opcode.text, words.subarray(0, pieceBytes), isMasked),
      ]);
      const stream = balanced.open();
      send(stream, side, long, chunkBytes);
      expect(sent(stream, side).equals(long)).toBe(true);
      stream.done();
      expect(lines(balanced.host)).toEqual([]);
    },
  );
});

describe('a credential from the client', () => {
  const forms: [string, Buffer][] = [
    ['in one frame', text(`{"key":"${token}"}`)],
    [
      'in fragments',
      fragments(
        opcode.text,
        [...`key ${token}`].map((c) => Buffer.from(c)),
        true,
      ),
    ],
    [
      'in fragments with a ping between them',
      (() => {
        const [head, tail] = [Buffer.from(token.slice(0, 20)), Buffer.from(token.slice(20))];
        return Buffer.concat([
          frame(opcode.text, head, true, false),
          frame(opcode.ping, Buffer.from('x'), true),
          frame(0, tail, true),
        ]);
      })(),
    ],
    ['in a binary frame', frame(opcode.binary, Buffer.from(token), true)],
    ['in a ping', frame(opcode.ping, Buffer.from(token), true)],
    ['as the reason of a close', frame(opcode.close, Buffer.from(`\u0003\u00e8${token}`, 'latin1'), true)],
    ['in base64', text(Buffer.from(`key ${token}`).toString('base64'))],
    ['over two messages', Buffer.concat([text(token.slice(0, 15)), text(token.slice(15))])],
    [
      'over two messages behind others',
      Buffer.concat(['a word', token.slice(0, 20), token.slice(20)].map((t) => text(t))),
    ],
    [
      'over messages behind others',
      Buffer.concat(['abc', 'def', ...(token.match(/.{1,3}/g) ?? [])].map((t) => text(t))),
    ],
    ['over a message for each letter', Buffer.concat([...token].map((c) => text(c)))],
  ];

  test.each(forms)('%s is stopped with 1008, cut anywhere', (_, bytes) => {
    for (let cut = 1; cut < bytes.length; cut += 3) {
      const stream = balanced.open();
      send(stream, 'client', bytes.subarray(0, cut));
      send(stream, 'client', bytes.subarray(cut));
      send(stream, 'client', text('and something more'));
      const frames = new FrameReader().feed(sent(stream, 'client'));
      const said = frames.map(({ payload }) => payload.toString('latin1')).join('');
      expect(said).not.toContain(token);
      expect(said).not.toContain('more');
      expect(frames.at(-1)).toEqual({ opcode: opcode.close, payload: Buffer.from([3, 240]) });
      const closed = closeFor(stream);
      expect(closed?.code).toBe(1008);
      expect(closed?.reason).toMatch(/^blocked by Penstock, request [0-9a-f]{16}: credential\.github\./);
      stream.done();
    }
    const all = lines(balanced.host);
    expect(all.length).toBeGreaterThan(0);
    for (const line of all) expect(line).toMatchObject({ event: 'finding', verdict: 'block', surface: 'request-body' });
  });

  test('late in a long message is stopped where a frame ends', () => {
    const words = 'lorem ipsum dolor sit amet '.repeat(10_000);
    const message = text(words + token + words);
    for (const chunkBytes of [1000, 50_000, message.length]) {
      const stream = balanced.open();
      send(stream, 'client', message, chunkBytes);
      const out = sent(stream, 'client');
      const frames = new FrameReader().feed(out);
      expect(frames.map((f) => f.opcode)).toEqual([opcode.text, opcode.close]);
      expect(frames[0]!.payload.length).toBe(words.length * 2 + token.length);
      expect(frames[0]!.payload.toString()).not.toContain(token.slice(0, 12));
      expect(frames[0]!.payload.toString().startsWith(words.slice(0, 200_000))).toBe(true);
      expect(closeFor(stream)?.code).toBe(1008);
      stream.done();
    }
    balanced.host.logs.length = 0;
  });

  test('is reported and passes in mode audit', () => {
    const { host, open } = started('mode: audit\n');
    const stream = open();
    const bytes = Buffer.concat([
      text(token),
      text(token),
      frame(3, Buffer.from('no frame'), false),
      Buffer.from(token),
    ]);
    send(stream, 'client', bytes, 5);
    expect(sent(stream, 'client').equals(bytes)).toBe(true);
    expect(lines(host).map(({ event, verdict, reason }) => [event, verdict, reason])).toEqual([
      ['finding', 'warn', undefined],
      ['unreadable', 'warn', 'websocket-frame'],
    ]);
  });
});

describe('what is no frame', () => {
  const cases: [string, Buffer][] = [
    ['without a mask', frame(opcode.text, Buffer.from('x'), false)],
    [
      'compressed',
      (() => {
        const bytes = text('x');
        bytes[0]! |= 0x40;
        return bytes;
      })(),
    ],
    ['of an opcode that nobody knows', frame(3, Buffer.from('x'), true)],
    ['that goes on with nothing', frame(0, Buffer.from('x'), true)],
    ['that begins a message inside another', Buffer.concat([frame(1, Buffer.from('x'), true, false), text('y')])],
    ['a long ping', frame(opcode.ping, Buffer.alloc(126), true)],
    ['a ping in two', frame(opcode.ping, Buffer.alloc(1), true, false)],
  ];
  test.each(cases)('%s is stopped with 1002', (_, bytes) => {
    const stream = balanced.open();
    send(stream, 'client', bytes, 1);
    expect(new FrameReader().feed(sent(stream, 'client'))).toEqual([
      { opcode: opcode.close, payload: Buffer.from([3, 234]) },
    ]);
    expect(closeFor(stream)?.code).toBe(1002);
    stream.done();
    expect(lines(balanced.host)).toMatchObject([{ event: 'unreadable', reason: 'websocket-frame', verdict: 'block' }]);
  });
});

describe('limits', () => {
  const { host, open } = started(limited);

  test.each([
    ['a binary frame', frame(opcode.binary, Buffer.from('x'), true), 'websocket-binary', 1008],
    ['a long message', frame(opcode.text, Buffer.alloc(1001, 'x'), true).subarray(0, 9), 'websocket-too-large', 1009],
    [
      'a long message in fragments',
      fragments(opcode.text, [Buffer.alloc(600, 'x'), Buffer.alloc(600, 'x')], true),
      'websocket-too-large',
      1009,
    ],
  ])('%s is stopped where policy says so', (_, bytes, reason, code) => {
    const stream = open();
    send(stream, 'client', bytes);
    expect(closeFor(stream)).toMatchObject({ code, reason: expect.stringContaining(reason) });
    stream.done();
    expect(lines(host)).toMatchObject([{ event: 'unreadable', reason, verdict: 'block' }]);
  });

  test('the handshake goes on without extensions and cookies, and with the origin of the destination', () => {
    const stream = open([
      ['sec-websocket-extensions', 'permessage-deflate'],
      ['cookie', 'a=b'],
      ['origin', 'https://page.example'],
    ]);
    const headers = Object.fromEntries(stream.sentUpstream.headers!);
    expect(headers).not.toHaveProperty('sec-websocket-extensions');
    expect(headers).not.toHaveProperty('cookie');
    expect(headers.origin).toBe('https://a.example');
    expect(Buffer.from(headers['sec-websocket-key']!, 'base64').length).toBe(16);
    expect(Object.fromEntries(stream.sentDownstream.headers!)).not.toHaveProperty('sec-websocket-extensions');
    stream.done();
  });

  test('without the section the handshake keeps its cookies and origin', () => {
    const stream = balanced.open([
      ['cookie', 'a=b'],
      ['origin', 'https://page.example'],
    ]);
    expect(Object.fromEntries(stream.sentUpstream.headers!)).toMatchObject({
      cookie: 'a=b',
      origin: 'https://page.example',
    });
    stream.done();
  });

  test('so many connections and no more', () => {
    const few = started('mode: balanced\nwebsocket_proxy: { enabled: true, max_concurrent_connections: 2 }\n');
    const [first, , third] = [few.open(), few.open(), few.open()];
    expect(third!.localResponse).toMatchObject({ status: 503 });
    third!.done();
    first!.done();
    expect(few.open().localResponse).toBeUndefined();
  });
});

test('a close frame that nobody answers is followed by a cut', () => {
  const { host, open } = started();
  const stream = open();
  send(stream, 'client', text(token));
  const [plugin] = [stream.root];
  plugin.tick();
  expect(stream.reset).toBe(false);
  now += 4_000_000_000n;
  plugin.tick();
  expect(stream.reset).toBe(true);
  stream.done();
  host.logs.length = 0;
});

/** The harness over direct connections: what a scenario says about the gateway must not be a fault of its tools. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encoded, event, eventStream, fixed, pattern, pieces } from './answer.ts';
import { cut, h1Client, h2Client } from './client.ts';
import { fieldValues } from './field.ts';
import { formsOf, leaksIn } from './leak.ts';
import { holds, LogCollector } from './log.ts';
import { Origin } from './origin.ts';
import { TestCa } from './pki.ts';
import { cardNumber, githubToken } from './secret.ts';
import { StreamReader } from './stream-reader.ts';
import { openWay, secure } from './tunnel.ts';
import { Gate } from './wait.ts';
import { FrameReader, frame, opcode } from './websocket.ts';

const ca = new TestCa('harness');
let origin: Origin;
beforeAll(async () => {
  origin = await Origin.start({ address: '127.0.0.1', leaf: ca.leaf({ names: ['localhost'] }) });
});
afterAll(async () => {
  await origin.close();
});

describe.each([
  { name: 'HTTP/1.1', open: h1Client },
  { name: 'HTTP/2', open: h2Client },
])('$name', ({ name, open }) => {
  test('what is sent is recorded, and the answer comes back, on one connection', async () => {
    origin.reset();
    origin.answer = pieces([['X-A', '1']], ['a', 'b'], [['X-T', '2']]);
    const client = open({ ca: ca.pem });
    for (let turn = 0; turn < 3; turn++) {
      const reply = await client.send({
        url: `${origin.urlFor('localhost')}/t/../x?q=%20`,
        fields: [
          ['X-Twice', 'one'],
          ['X-Twice', 'two'],
        ],
        body: cut('hello world', 3),
        trailers: [['X-Q', '1']],
      });
      expect(reply.status).toBe(200);
      expect(fieldValues(reply.trailers, 'x-t')).toEqual(['2']);
      expect(reply.body.toString()).toBe('ab');
    }
    expect(client.connections).toBe(1);
    const arrived = origin.arrived[0]!;
    expect(arrived).toMatchObject({ protocol: name, method: 'POST', target: '/t/../x?q=%20', complete: true });
    expect(fieldValues(arrived.trailers, 'x-q')).toEqual(['1']);
    expect(arrived.body.toString()).toBe('hello world');
    expect(fieldValues(arrived.fields, 'x-twice').join(', ')).toBe('one, two');
    client.close();
  });

  test('a held event does not come before its gate opens', async () => {
    origin.reset();
    const gate = new Gate();
    origin.answer = eventStream(['one', 'two'], (index) => (index === 0 ? Promise.resolve() : gate.passed()));
    const client = open({ ca: ca.pem });
    const reader = new StreamReader(await client.begin({ url: `${origin.urlFor('localhost')}/` }));
    expect(await reader.upTo('\n\n')).toBe(event('one'));
    gate.open();
    expect(await reader.rest()).toBe(event('two'));
    client.close();
  });

  test('an answer that breaks off is an error', async () => {
    origin.reset();
    origin.answer = async (answering) => {
      answering.begin(200, [['Content-Length', '10']]);
      await answering.send('abc');
      answering.reset();
    };
    const client = open({ ca: ca.pem });
    await expect(client.send({ url: `${origin.urlFor('localhost')}/` })).rejects.toThrow();
    client.close();
  });
});

test('an encoded answer is encoded', async () => {
  origin.reset();
  origin.answer = encoded('gzip', [], 'hello');
  const client = h1Client({ ca: ca.pem });
  const reply = await client.send({ url: `${origin.urlFor('localhost')}/` });
  expect(reply.body.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  client.close();
});

test.each([
  {
    what: 'an expired certificate',
    make: () => ca.leaf({ names: ['localhost'], daysLeft: -1 }),
    code: 'CERT_HAS_EXPIRED',
  },
  { what: 'a wrong name', make: () => ca.leaf({ names: ['elsewhere.test'] }), code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  {
    what: 'an unknown CA',
    make: () => new TestCa('stranger').leaf({ names: ['localhost'] }),
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  },
])('$what is what is wrong', async ({ make, code }) => {
  const bad = await Origin.start({ address: '127.0.0.1', leaf: make() });
  const socket = await openWay({ ca: '' }, new URL(`http://localhost:${bad.port}`));
  await expect(secure(socket, ca.pem, 'localhost', ['http/1.1'])).rejects.toMatchObject({ code });
  socket.destroy();
  await bad.close();
});

test('plain http', async () => {
  const plain = await Origin.start({ address: '127.0.0.1' });
  plain.answer = fixed(200, [], 'hi');
  const client = h1Client({ ca: '' });
  expect((await client.send({ url: `${plain.urlFor('localhost')}/` })).body.toString()).toBe('hi');
  client.close();
  await plain.close();
});

test('frames of every length survive any cut', () => {
  for (const length of [0, 125, 126, 65_535, 65_536]) {
    const payload = pattern(length);
    const bytes = frame(opcode.binary, payload, true);
    const reader = new FrameReader();
    const frames = cut(bytes, Math.max(1, Math.floor(length / 7))).flatMap((piece) => reader.feed(piece));
    expect(frames).toEqual([{ opcode: opcode.binary, payload }]);
  }
});

test('a leak is seen in every form, and a clean text is clean', () => {
  for (const secret of [githubToken(), cardNumber]) {
    for (const form of formsOf(secret))
      expect(leaksIn(new Map([['here', `x${form}y`]]), [secret])).toEqual(['here: secret 0']);
    for (const shift of ['', 'a', 'ab']) {
      const text = Buffer.from(`${shift}${secret} and more`).toString('base64');
      expect(leaksIn(new Map([['here', text]]), [secret])).toEqual(['here: secret 0']);
    }
    expect(leaksIn(new Map([['here', 'credential.github.token in the request body']]), [secret])).toEqual([]);
  }
  expect(leaksIn(new Map([['here', githubToken().slice(10, 25)]]), [githubToken()])).toEqual(['here: secret 0']);
});

test('log lines are matched by what they must hold', () => {
  const log = new LogCollector();
  log.feed('{"event":"finding","rule":"credential.github.token"}\nnot ');
  log.feed('json\n{"event":"ready"}\n');
  expect(log.lines.length).toBe(2);
  expect(log.unparsed).toEqual(['not json']);
  expect(holds(log.lines[0], { rule: 'credential.*' })).toBe(true);
  expect(holds(log.lines[0], { rule: 'financial.*' })).toBe(false);
});

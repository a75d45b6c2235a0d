import { afterEach, describe, expect, test } from 'vitest';
import { type Answer, type Encoding, encode, fixed, pattern, pieces } from '../harness/answer.ts';
import { type Client, cut, h1Client, h2Client } from '../harness/client.ts';
import { curl } from '../harness/curl.ts';
import { Gate, waitFor, within } from '../harness/wait.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const mebibyte = 1024 * 1024;

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function opened(kind: string): Client {
  const client = kind === 'h2' ? h2Client(stage.gateway.route) : h1Client(stage.gateway.route);
  clients.push(client);
  return client;
}

const kinds = [
  { kind: 'h1', base: 'https://api.penstock.test' },
  { kind: 'h2', base: 'https://api.penstock.test' },
  { kind: 'h1', base: 'http://api.penstock.test' },
];

/** Gives the body back. */
const echo: Answer = (answering, request) =>
  fixed(200, [['Content-Type', 'application/octet-stream']], request.body)(answering, request);

function answerWith(answer: Answer): void {
  stage.world.api.answer = answer;
  stage.world.plain.answer = answer;
}

describe.each(kinds)('$kind to $base', ({ kind, base }) => {
  // Envoy's decompressors end such a text early, and the origin would take what it got for the whole.
  test.each<Encoding>(['br', 'zstd'])('an upload in %s that opens to more than Envoy gives', async (coding) => {
    answerWith(echo);
    const body = encode(coding, 'a'.repeat(1_000_000));
    const reply = await opened(kind).send({ url: `${base}/up`, body, fields: [['Content-Encoding', coding]] });
    expect(reply.status).toBe(403);
    expect(reply.body.toString()).toContain('request-expansion');
  });

  test.each<Encoding>(['gzip', 'br', 'zstd'])(
    'an upload in %s, without the counts of decompressors',
    async (coding) => {
      let trailers: unknown;
      answerWith((answering, request) => {
        trailers = request.trailers;
        return echo(answering, request);
      });
      const text = 'the quick brown fox';
      const fields: [string, string][] = [['Content-Encoding', coding]];
      const reply = await opened(kind).send({ url: `${base}/up`, body: encode(coding, text), fields });
      expect(reply.body.toString()).toBe(text);
      expect(trailers).toEqual([]);
    },
  );

  test('a download of 20 MB', async () => {
    const body = pattern(20_000_000);
    answerWith(fixed(200, [['Content-Type', 'application/octet-stream']], body));
    const reply = await opened(kind).send({ url: `${base}/big` });
    expect(reply.status).toBe(200);
    expect(reply.body.equals(body)).toBe(true);
  });

  test('a download of 20 MB of text in chunks', async () => {
    const piece = `${'the quick brown fox '.repeat(819)}\n`;
    const count = Math.ceil(20_000_000 / piece.length);
    answerWith(
      pieces(
        [['Content-Type', 'text/plain']],
        Array.from({ length: count }, () => piece),
      ),
    );
    const reply = await opened(kind).send({ url: `${base}/text` });
    expect(reply.status).toBe(200);
    expect(reply.body.equals(Buffer.from(piece.repeat(count)))).toBe(true);
  });

  test('a JSON answer of 3 MB', async () => {
    const body = JSON.stringify({
      list: Array.from({ length: 60_000 }, (_, index) => ({ index, name: `thing ${index}`, ok: true })),
    });
    answerWith(fixed(200, [['Content-Type', 'application/json']], body));
    const reply = await opened(kind).send({ url: `${base}/list` });
    expect(reply.status).toBe(200);
    expect(reply.body.equals(Buffer.from(body))).toBe(true);
  });

  test('an upload of 4 MiB, of known length and chunked', async () => {
    answerWith(echo);
    const body = pattern(4 * mebibyte);
    const client = opened(kind);
    for (const chunked of [false, true]) {
      const reply = await client.send({ url: `${base}/up`, body: cut(body, 60_000), chunked });
      expect(reply.status).toBe(200);
      expect(reply.body.equals(body)).toBe(true);
    }
  });

  test('a body of exactly the limit passes, one byte more is refused', async () => {
    answerWith(echo);
    const client = opened(kind);
    const limitBytes = 5 * mebibyte;
    const fits = await client.send({ url: `${base}/up`, body: pattern(limitBytes) });
    expect(fits.status).toBe(200);
    expect(fits.body.length).toBe(limitBytes);
    const seen = stage.world.api.arrived.length + stage.world.plain.arrived.length;
    const large = await opened(kind).send({ url: `${base}/up`, body: pattern(limitBytes + 1) });
    expect(large.status).toBe(413);
    expect(JSON.parse(large.body.toString())).toMatchObject({
      error: { type: 'penstock_block', code: 'request-too-large' },
    });
    expect(stage.world.api.arrived.length + stage.world.plain.arrived.length).toBe(seen);
  });

  test('50 requests on one connection', async () => {
    answerWith(echo);
    const client = opened(kind);
    for (let index = 0; index < 50; index++) {
      const reply = await client.send({ url: `${base}/n/${index}`, body: `request ${index}` });
      expect(reply.status).toBe(200);
      expect(reply.body.toString()).toBe(`request ${index}`);
    }
    expect(client.connections).toBe(1);
  });

  test('100 clients at once', async () => {
    answerWith(echo);
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        opened(kind).send({ url: `${base}/n/${index}`, body: `request ${index}` }),
      ),
    );
    expect(replies.map((reply) => reply.status).filter((status) => status !== 200)).toEqual([]);
    expect(replies.map((reply) => reply.body.toString())).toEqual(replies.map((_, index) => `request ${index}`));
  });

  test('an answer that comes slowly, and one that comes late', async () => {
    const gate = new Gate();
    answerWith(async (answering) => {
      answering.begin(200, [['Content-Type', 'application/json']]);
      await answering.send('{"a": ');
      await gate.passed();
      await answering.send('1}');
      answering.end();
    });
    const coming = opened(kind).send({ url: `${base}/slow`, body: '{}' });
    await waitFor('the request', () => stage.world.api.arrived.length + stage.world.plain.arrived.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    gate.open();
    const reply = await within('the slow answer', coming);
    expect(reply.body.toString()).toBe('{"a": 1}');
  });

  test('an origin that breaks off in the middle is not taken for the end', async () => {
    answerWith(async (answering) => {
      answering.begin(200, [
        ['Content-Type', 'text/plain'],
        ['Content-Length', '1000000'],
      ]);
      await answering.send('x'.repeat(1_000));
      answering.reset();
    });
    const outcome = await opened(kind)
      .send({ url: `${base}/broken` })
      .then(
        (reply) => `${reply.status} with ${reply.body.length} bytes`,
        () => 'broken',
      );
    expect(outcome === 'broken' || /^5\d\d /.test(outcome), outcome).toBe(true);
  });
});

describe('HTTP/2', () => {
  test('100 streams at once on one connection', async () => {
    answerWith(echo);
    const client = opened('h2');
    await client.send({ url: 'https://api.penstock.test/first' });
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        client.send({ url: `https://api.penstock.test/${index}`, body: `request ${index}` }),
      ),
    );
    expect(replies.map((reply) => reply.body.toString())).toEqual(replies.map((_, index) => `request ${index}`));
    expect(client.connections).toBe(1);
  });

  test('trailers of an answer reach the client', async () => {
    answerWith(pieces([['Content-Type', 'text/plain']], ['hello'], [['x-checksum', '1']]));
    const reply = await opened('h2').send({ url: 'https://api.penstock.test/' });
    expect(reply.body.toString()).toBe('hello');
    expect(reply.trailers).toEqual([['x-checksum', '1']]);
  });
});

describe('curl', () => {
  const through = (): string[] => ['--proxy', stage.gateway.proxyUrl, '--cacert', stage.gateway.caFile];

  test.each(['--http1.1', '--http2'])('%s reads and writes', async (version) => {
    answerWith(echo);
    const result = await curl(
      [...through(), version, '--data-binary', '@-', 'https://api.penstock.test/echo'],
      'hello from curl',
    );
    expect(result).toEqual({ exit: 0, stdout: 'hello from curl', stderr: '' });
  });

  test('Expect: 100-continue', async () => {
    answerWith(echo);
    const body = 'x'.repeat(2 * mebibyte);
    const result = await curl(
      [
        ...through(),
        '--http1.1',
        '--header',
        'Expect: 100-continue',
        '--data-binary',
        '@-',
        'https://api.penstock.test/echo',
      ],
      body,
    );
    expect(result.exit).toBe(0);
    expect(result.stdout.length).toBe(body.length);
  });

  test('--compressed', async () => {
    answerWith(fixed(200, [['Content-Type', 'text/plain']], 'plain'));
    const result = await curl([...through(), '--compressed', 'https://api.penstock.test/']);
    expect(result.stdout).toBe('plain');
  });

  test('ten URLs in one tunnel', async () => {
    answerWith(echo);
    const urls = Array.from({ length: 10 }, (_, index) => `https://api.penstock.test/${index}`);
    const result = await curl([
      ...through(),
      '--http1.1',
      '--write-out',
      '%{num_connects}\n',
      ...urls.flatMap((url) => ['--output', '/dev/null', url]),
    ]);
    expect(result.exit).toBe(0);
    expect(
      result.stdout
        .trim()
        .split('\n')
        .map(Number)
        .slice(1)
        .reduce((sum, one) => sum + one, 0),
    ).toBe(0);
  });
});

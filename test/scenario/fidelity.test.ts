import { afterEach, describe, expect, test } from 'vitest';
import { type Answer, fixed, pieces } from '../harness/answer.ts';
import { type Ask, type Client, h1Client, h2Client, type Reply } from '../harness/client.ts';
import type { Fields } from '../harness/field.ts';
import type { Arrived, Origin } from '../harness/origin.ts';
import { useStage } from './stage.ts';

const stage = useStage();

/** RFC 9110, section 7.6.1: these are about one connection, and every intermediary writes its own. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
/** Tells the time of the answer. */
const changing = ['date'];

/** What the other side would notice. `accept-encoding` is left out: the gateway asks for identity by design. */
function noticeable(fields: Fields, ignored: string[] = []): Fields {
  const left = [...hopByHop, ...changing, ...ignored];
  return fields.filter(([name]) => !left.includes(name.toLowerCase()));
}

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

interface Exchange {
  reply: Reply;
  arrived: Arrived;
}

/** The same exchange twice: straight to the origin, and through the gateway. */
async function bothWays(
  open: typeof h1Client,
  origin: Origin,
  ask: Ask,
): Promise<{ direct: Exchange; through: Exchange }> {
  const play = async (client: Client): Promise<Exchange> => {
    clients.push(client);
    origin.arrived.length = 0;
    const reply = await client.send(ask);
    expect(origin.arrived.length).toBe(1);
    return { reply, arrived: origin.arrived[0]! };
  };
  const direct = await play(open({ ca: stage.world.ca.pem }));
  const through = await play(open(stage.gateway.route));
  return { direct, through };
}

function expectSame({ direct, through }: { direct: Exchange; through: Exchange }): void {
  expect(noticeable(through.arrived.fields, ['accept-encoding'])).toEqual(
    noticeable(direct.arrived.fields, ['accept-encoding']),
  );
  expect(through.arrived.method).toBe(direct.arrived.method);
  expect(through.arrived.target).toBe(direct.arrived.target);
  expect(through.arrived.authority).toBe(direct.arrived.authority);
  expect(through.arrived.body.equals(direct.arrived.body)).toBe(true);
  expect(through.reply.status).toBe(direct.reply.status);
  expect(noticeable(through.reply.fields)).toEqual(noticeable(direct.reply.fields));
  expect(through.reply.body.equals(direct.reply.body)).toBe(true);
}

const requestFields: Fields = [
  ['User-Agent', 'Ruby'],
  ['ACCEPT', 'text/event-stream'],
  ['X-Agent-Id', 'main'],
  ['x-session-KEY', 'agent:main:main'],
  ['X-Twice', 'one'],
  ['X-Twice', 'two'],
  ['X-Empty', ''],
  ['X-Umlaut', Buffer.from('grüße').toString('latin1')],
  ['Accept-Encoding', 'gzip;q=1.0,deflate;q=0.6,identity;q=0.3'],
  ['Cookie', 'a=1; b=2'],
  ['X-Forwarded-For', '192.0.2.7'],
  ['X-Request-Id', 'mine'],
  ['Forwarded', 'for=192.0.2.7'],
  ['Content-Type', 'application/json'],
];

const replyFields: Fields = [
  ['Content-Type', 'application/json; charset=utf-8'],
  ['X-Request-ID', 'theirs'],
  ['Set-Cookie', 'a=1; Path=/'],
  ['Set-Cookie', 'b=2; Path=/'],
  ['ETag', '"abc"'],
  ['Server', 'origin/1'],
  ['Via', '1.1 far'],
  ['Vary', 'Accept'],
  ['X-Empty', ''],
];

/** HTTP/2 forbids upper case and node joins what is repeated; the rest is the same. */
const lower = (fields: Fields): Fields => fields.map(([name, value]) => [name.toLowerCase(), value]);

const answers: Record<string, Answer> = {
  'of known length': fixed(200, replyFields, '{"a": 1}'),
  'in chunks': pieces(replyFields, ['{"a"', ': 1}']),
  'without a body': fixed(204, replyFields.slice(1), ''),
  'of an error': fixed(500, replyFields, '{"error": {"message": "no"}}'),
  'not found': fixed(404, replyFields, 'no such thing'),
};

describe('no header is added or lost', () => {
  for (const [kind, answer] of Object.entries(answers)) {
    test(`HTTP/1.1, https, answer ${kind}`, async () => {
      const { other } = stage.world;
      other.answer = answer;
      expectSame(
        await bothWays(h1Client, other, {
          url: 'https://other.penstock.test/v1/chat?q=1',
          fields: requestFields,
          body: '{"a": "b"}',
        }),
      );
    });

    test(`HTTP/1.1, http, answer ${kind}`, async () => {
      const { plain } = stage.world;
      plain.answer = answer;
      expectSame(
        await bothWays(h1Client, plain, {
          url: 'http://api.penstock.test/v1/chat?q=1',
          fields: requestFields,
          body: '{"a": "b"}',
        }),
      );
    });

    test(`HTTP/2, answer ${kind}`, async () => {
      const { api } = stage.world;
      api.answer = kind === 'without a body' ? fixed(204, [], '') : answer;
      const fields = lower(requestFields).filter(([name]) => name !== 'x-empty' && name !== 'x-umlaut');
      const { direct, through } = await bothWays(h2Client, api, {
        url: 'https://api.penstock.test/v1/chat?q=1',
        fields,
        body: '{"a": "b"}',
      });
      // The gateway may speak HTTP/1.1 to the origin: then names differ in case, the length and Host are written out.
      const comparable = (exchange: Exchange): Exchange => ({
        reply: { ...exchange.reply, fields: sorted(lower(exchange.reply.fields)) },
        arrived: {
          ...exchange.arrived,
          fields: sorted(lower(exchange.arrived.fields).filter(([name]) => !['host', 'content-length'].includes(name))),
        },
      });
      expectSame({ direct: comparable(direct), through: comparable(through) });
    });
  }

  test('GET without a body', async () => {
    const { other } = stage.world;
    expectSame(
      await bothWays(h1Client, other, { url: 'https://other.penstock.test/v1/models', fields: [['Accept', '*/*']] }),
    );
  });

  test('HEAD', async () => {
    const { other } = stage.world;
    other.answer = fixed(200, [['X-A', '1']], '');
    expectSame(await bothWays(h1Client, other, { method: 'HEAD', url: 'https://other.penstock.test/v1/models' }));
  });

  test('the reason phrase and an unusual method', async () => {
    const { other } = stage.world;
    other.answer = fixed(207, replyFields, 'many');
    expectSame(
      await bothWays(h1Client, other, { method: 'PROPFIND', url: 'https://other.penstock.test/v1/', body: 'x' }),
    );
  });

  test('a target of 15 KiB with every kind of character', async () => {
    const { other } = stage.world;
    const url = `https://other.penstock.test/a//b/./c/../d;e=f/%2e%2E/%20?q=${'x'.repeat(15_000)}&a[]=1&b=%zz&c=a+b~!*'()`;
    expectSame(await bothWays(h1Client, other, { url }));
  });

  test('40 headers of 1 KiB', async () => {
    const { other } = stage.world;
    const fields: Fields = Array.from({ length: 40 }, (_, index) => [`X-Field-${index}`, `word-${index} `.repeat(128)]);
    expectSame(
      await bothWays(h1Client, other, {
        url: 'https://other.penstock.test/',
        fields: fields.map(([name, value]) => [name, value.trim()]),
      }),
    );
  });
});

test('the gateway asks the origin for identity', async () => {
  const { other } = stage.world;
  const { through } = await bothWays(h1Client, other, {
    url: 'https://other.penstock.test/',
    fields: [['Accept-Encoding', 'gzip, br']],
  });
  const asked = through.arrived.fields
    .filter(([name]) => name.toLowerCase() === 'accept-encoding')
    .map(([, value]) => value);
  expect(asked).toEqual(['identity']);
});

function sorted(fields: Fields): Fields {
  return [...fields].sort(([a, x], [b, y]) => (a === b ? x.localeCompare(y) : a.localeCompare(b)));
}

// A stream is stopped in its middle: a token comes cut over twenty events. Clients see the reason as the last of the text
// and a proper end, and no error; the origin's stream is closed within a second.
import { afterEach, describe, expect, test } from 'vitest';
import type { Answer } from '../harness/answer.ts';
import { type Client, h1Client, h2Client } from '../harness/client.ts';
import { curl } from '../harness/curl.ts';
import { githubToken } from '../harness/secret.ts';
import { waitFor } from '../harness/wait.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

const url = 'https://api.penstock.test/v1/chat/completions';
const plainUrl = 'http://api.penstock.test/v1/chat/completions';
const token = githubToken();
const pieces = ['Here', ' you', ' are:', ' ', ...(token.match(/../g) as string[]), ' and', ' more'];
const reason = 'blocked by Penstock: credential.github.token in the response body';

/** What an origin saw of a stream that it went on with. */
interface Seen {
  sent: number;
  /** When its stream was closed by the other side, in milliseconds after its last event of the token; undefined: never. */
  closedAfter: number | undefined;
}

/** Sends an event for each piece, and goes on with further ones for ten seconds or until the stream is closed. */
function goesOn(eventOf: (text: string) => string, type: string, seen: Seen): Answer {
  return async (answering) => {
    answering.begin(200, [['Content-Type', type]]);
    for (const piece of pieces) await answering.send(eventOf(piece));
    const start = Date.now();
    while (Date.now() - start < 10_000) {
      if (answering.gone) {
        seen.closedAfter = Date.now() - start;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      await answering.send(eventOf(' on'));
      seen.sent++;
    }
    answering.end();
  };
}

const chat = (content: string) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;

/** The text that the data lines of a chat stream say, and whether it ended as one should. */
function textOf(body: string): { text: string; isEnded: boolean } {
  const data = body.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
  const chunks = data.filter((line) => line !== '[DONE]').map((line) => JSON.parse(line));
  return {
    text: chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join(''),
    isEnded: data.at(-1) === '[DONE]',
  };
}

function playChat(): Seen {
  const seen: Seen = { sent: 0, closedAfter: undefined };
  stage.world.api.answer = goesOn(chat, 'text/event-stream', seen);
  stage.world.plain.answer = stage.world.api.answer;
  return seen;
}

async function expectStopped(body: string, seen: Seen): Promise<void> {
  const { text, isEnded } = textOf(body);
  expect(text).toContain('Here you are: ');
  expect(text).toContain(reason);
  expect(text).not.toContain(token.slice(0, 12));
  expect(text).not.toContain(' more');
  expect(isEnded).toBe(true);
  await waitFor('the origin to be closed', () => seen.closedAfter !== undefined, 5_000);
  expect(seen.closedAfter).toBeLessThan(1_000);
}

const kinds = [
  { name: 'HTTP/1.1, https', open: h1Client, at: url },
  { name: 'HTTP/2, https', open: h2Client, at: url },
  { name: 'HTTP/1.1, http', open: h1Client, at: plainUrl },
];

describe.each(kinds)('$name', ({ open, at }) => {
  test('a client sees the reason and the end', async () => {
    const seen = playChat();
    const client = open(stage.gateway.route);
    clients.push(client);
    const reply = await client.send({ url: at, body: '{"stream":true}' });
    expect(reply.status).toBe(200);
    await expectStopped(reply.body.toString(), seen);
  });

  test('the next request of the client is answered', async () => {
    playChat();
    const client = open(stage.gateway.route);
    clients.push(client);
    await client.send({ url: at, body: '{"stream":true}' });
    stage.world.reset();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const next = open(stage.gateway.route);
    clients.push(next);
    expect((await next.send({ url: at, body: '{}' })).status).toBe(200);
  });
});

test.each(['--http1.1', '--http2', '--http1.0'])('curl %s ends without an error', async (version) => {
  const seen = playChat();
  const { exit, stdout, stderr } = await curl([
    version,
    ...['--no-buffer', '--proxy', stage.gateway.proxyUrl, '--cacert', stage.gateway.caFile, url],
    ...['--data', '{"stream":true}'],
  ]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  await expectStopped(stdout, seen);
});

test('other streams of the connection go on', async () => {
  const seen = playChat();
  stage.world.api.answers.set('/clean', async (answering) => {
    answering.begin(200, [['Content-Type', 'text/event-stream']]);
    for (let i = 0; i < 20; i++) {
      await answering.send(chat(` ${i}`));
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    answering.end();
  });
  const client = h2Client(stage.gateway.route);
  clients.push(client);
  const [stopped, clean] = await Promise.all([
    client.send({ url, body: '{"stream":true}' }),
    client.send({ url: 'https://api.penstock.test/clean', body: '{}' }),
  ]);
  await expectStopped(stopped.body.toString(), seen);
  expect(textOf(clean.body.toString()).text).toContain(' 18 19');
});

test('the finding is logged once', async () => {
  const mark = stage.gateway.mark();
  playChat();
  const client = h1Client(stage.gateway.route);
  clients.push(client);
  await client.send({ url, body: '{"stream":true}' });
  await stage.gateway.waitForLog({ event: 'finding' }, mark);
  const lines = stage.gateway.logged({ event: 'finding' }, mark);
  expect(lines).toMatchObject([
    { verdict: 'block', rule: 'credential.github.token', surface: 'response-body', view: 'stream' },
  ]);
});

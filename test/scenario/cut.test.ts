import { afterEach, describe, expect, test } from 'vitest';
import { type Client, h1Client, h2Client } from '../harness/client.ts';
import { everythingShown, leaksIn } from '../harness/leak.ts';
import { awsKeyPair, cardNumber, githubToken, iban } from '../harness/secret.ts';
import { expectBlock } from './block.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const secrets = [
  { name: 'GitHub token', text: githubToken(), rule: 'credential.github.token' },
  { name: 'AWS key pair', text: awsKeyPair, rule: 'credential.aws.*' },
  { name: 'card number', text: cardNumber, rule: 'financial.payment-card.number' },
  { name: 'IBAN', text: iban, rule: 'financial.iban.number' },
];

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

/** Envoy hands a body on in slices of 16 KiB: a secret that lies across such an edge is read from two. */
const sliceBytes = 16_384;

describe.each(secrets)('$name', ({ text, rule }) => {
  const bodyOf = (padding: number): string =>
    JSON.stringify({ messages: [{ content: `${'a '.repeat(padding).slice(0, padding)} ${text} b` }] });
  const offsetOf = (body: string): number => body.indexOf(JSON.stringify(text).slice(1, -1));

  test.each([
    { name: 'HTTP/1.1', open: h1Client },
    { name: 'HTTP/2', open: h2Client },
  ])('is found with the body cut once at every offset of it, $name', async ({ open }) => {
    const client = open(stage.gateway.route);
    clients.push(client);
    const body = bodyOf(3);
    const start = offsetOf(body);
    for (let at = start - 1; at <= start + JSON.stringify(text).length; at++) {
      const reply = await client.send({
        url: 'https://api.penstock.test/v1/chat',
        fields: [['Content-Type', 'application/json']],
        body: [Buffer.from(body).subarray(0, at), Buffer.from(body).subarray(at)],
      });
      expect(reply.status, `cut at ${at}`).toBe(403);
      expectBlock(reply, rule);
    }
    expect(stage.world.api.arrived).toEqual([]);
  });

  test('is found where it lies across 16 KiB and 64 KiB', async () => {
    const client = h1Client(stage.gateway.route);
    clients.push(client);
    for (const edge of [sliceBytes, 4 * sliceBytes]) {
      const before = offsetOf(bodyOf(0));
      for (const inside of [1, 5, Math.floor(text.length / 2), text.length - 1, text.length]) {
        const body = bodyOf(edge - before - inside);
        expect(offsetOf(body)).toBe(edge - inside);
        const reply = await client.send({ url: 'https://api.penstock.test/v1/chat', body });
        expect(reply.status, `${inside} bytes before ${edge}`).toBe(403);
      }
    }
    expect(stage.world.api.arrived).toEqual([]);
  });

  test('is found at the very start and the very end of a body', async () => {
    const client = h1Client(stage.gateway.route);
    clients.push(client);
    for (const body of [text, `${text} and more`, `before ${text}`, 'x '.repeat(200_000) + text]) {
      const reply = await client.send({
        url: 'https://api.penstock.test/v1/chat',
        fields: [['Content-Type', 'text/plain']],
        body,
      });
      expect(reply.status).toBe(403);
    }
    expect(stage.world.api.arrived).toEqual([]);
  });
});

test('nothing of it shows anywhere', async () => {
  const texts = await everythingShown(stage.gateway);
  expect(
    leaksIn(
      texts,
      secrets.map(({ text }) => text),
    ),
  ).toEqual([]);
  expect(stage.gateway.logged({ event: 'finding', verdict: 'block' }).length).toBeGreaterThan(100);
});

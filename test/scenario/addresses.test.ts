import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addressOf } from '../harness/names.ts';
import { Origin } from '../harness/origin.ts';
import { dial } from '../harness/tunnel.ts';
import { waitFor } from '../harness/wait.ts';
import { attempt } from './attempt.ts';
import { useStage } from './stage.ts';

const stage = useStage();

/** Origins where a refused request would arrive if it were not refused. */
const canaries: Origin[] = [];
beforeAll(async () => {
  const leaf = stage.world.ca.leaf({ names: ['localhost', 'loopback.elsewhere.test', 'mapped.elsewhere.test'] });
  for (const address of ['127.0.0.1', addressOf('loopback.elsewhere.test')]) {
    canaries.push(await Origin.start({ address, port: 443, leaf }), await Origin.start({ address, port: 80 }));
  }
});
beforeEach(() => {
  for (const canary of canaries) canary.reset();
});
afterAll(async () => {
  await Promise.all(canaries.map((canary) => canary.close()));
});

/** Names that resolve to what must not be reached, and addresses in every spelling that a resolver understands. */
const targets = [
  'loopback.elsewhere.test',
  'mapped.elsewhere.test',
  'six.elsewhere.test',
  'ten.elsewhere.test',
  'lan.elsewhere.test',
  'link-local.elsewhere.test',
  'carrier.elsewhere.test',
  'unique-local.elsewhere.test',
  'metadata.google.internal',
  'localhost',
  'LOCALHOST',
  'localhost.',
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7F.0x0.0x0.0x1',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '0.0.0.0',
  '0',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[fe80::1]',
  '[fd00::1]',
  '[fc00::1]',
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '[::ffff:169.254.169.254]',
  '[fd00:ec2::254]',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
];

/** Spellings that resolvers read differently: not at all, or as a public address. Nothing local may be reached by them. */
const unclearTargets = [
  '127.0.0.1.',
  '0127.0.0.1',
  '127.0.0.1%00',
  '127.0.0.1:80@localhost',
  '127。0。0。1',
  'localhost%2e',
];

/** What the proxy says to a head written by hand; URL would rewrite the spelling. */
async function answerTo(head: string): Promise<{ status: number; text: string }> {
  const socket = await dial(stage.gateway.proxy);
  socket.write(head);
  let text = '';
  const patience = setTimeout(() => socket.destroy(), 8_000);
  for await (const chunk of socket) {
    text += String(chunk);
    if (/^HTTP\/1\.1 200 /.test(text) && head.startsWith('CONNECT')) break;
  }
  clearTimeout(patience);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text };
}

function expectNoneArrived(): void {
  expect(canaries.flatMap((canary) => canary.arrived)).toEqual([]);
  expect(canaries.map((canary) => canary.connections)).toEqual(canaries.map(() => 0));
}

describe.each(targets)('%s', (host) => {
  test('over plain http', async () => {
    const mark = stage.gateway.mark();
    const { status, text } = await answerTo(
      `GET http://${host}/latest/meta-data/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
    expect(status, text).toBeGreaterThanOrEqual(400);
    expect(text).not.toContain('hello');
    expectNoneArrived();
    await stage.gateway.waitForLog({ event: 'refused' }, mark);
  });

  test('by CONNECT', async () => {
    const mark = stage.gateway.mark();
    const { status, text } = await answerTo(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
    if (status === 200) {
      // A tunnel to a name may open before the name is resolved; then it is the request inside that is refused.
      expect(host, 'only a name may get a tunnel').toMatch(/^[a-z.-]+$/i);
      const outcome = await attempt(stage.gateway.route, `https://${host}/`);
      expect(outcome.at !== 'answer' || outcome.status >= 400, JSON.stringify(outcome)).toBe(true);
    } else {
      expect(status, text).toBeGreaterThanOrEqual(400);
    }
    expectNoneArrived();
    // A name that no certificate may carry ends in the handshake.
    const isTold = (): boolean =>
      ['refused', 'handshake-failure'].some((event) => stage.gateway.logged({ event }, mark).length > 0);
    await waitFor('a line in the log', isTold, 5_000);
  });
});

test.each(unclearTargets)('%s leads nowhere local', async (host) => {
  for (const head of [
    `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    `CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`,
  ]) {
    const { status, text } = await answerTo(head);
    expect(status === 0 || status >= 400, text).toBe(true);
  }
  expectNoneArrived();
});

test('a trusted name at a loopback address passes', async () => {
  expect(await attempt(stage.gateway.route, 'https://api.penstock.test/')).toMatchObject({ at: 'answer', status: 200 });
  expect(await attempt(stage.gateway.route, 'http://api.penstock.test/')).toMatchObject({ at: 'answer', status: 200 });
});

test('a refusal says what was refused and why', async () => {
  const mark = stage.gateway.mark();
  const outcome = await attempt(stage.gateway.route, 'http://loopback.elsewhere.test/');
  expect(outcome.text).toMatch(/private|loopback|internal|trusted_domains/i);
  const line = await stage.gateway.waitForLog({ event: 'refused' }, mark);
  expect(JSON.stringify(line)).toContain('loopback.elsewhere.test');
});

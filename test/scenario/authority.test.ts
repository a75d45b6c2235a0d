import { afterEach, describe, expect, test } from 'vitest';
import { type Client, h1Client, h2Client } from '../harness/client.ts';
import { curl } from '../harness/curl.ts';
import { fresh } from '../harness/names.ts';
import { cardNumber } from '../harness/secret.ts';
import { attempt, attemptAs } from './attempt.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

const url = 'https://api.penstock.test/v1/chat';

describe('authorities that disagree are refused', () => {
  test('a Host that is another name than CONNECT', async () => {
    const mark = stage.gateway.mark();
    const outcome = await attemptAs(stage.gateway.route, url, { host: 'other.penstock.test' });
    expect(outcome).toMatchObject({ at: 'answer', status: 421 });
    expect(JSON.parse(outcome.text)).toMatchObject({ error: { type: 'penstock_block', code: 'authority-mismatch' } });
    await stage.gateway.waitForLog({ event: 'unreadable', verdict: 'block', reason: 'authority-mismatch' }, mark);
  });

  test('an :authority that is another name than CONNECT', async () => {
    const client = h2Client(stage.gateway.route);
    clients.push(client);
    const reply = await client.send({ url, fields: [['host', 'other.penstock.test']] });
    expect(reply.status).toBe(421);
  });

  test('a server name that is another than CONNECT', async () => {
    const outcome = await attemptAs(stage.gateway.route, url, { servername: 'other.penstock.test' });
    expect(outcome.at === 'tls' || outcome.status === 421, JSON.stringify(outcome)).toBe(true);
  });

  test('a server name that is another than CONNECT and Host, which agree', async () => {
    const outcome = await attemptAs(stage.gateway.route, 'https://other.penstock.test/', {
      connectAuthority: 'api.penstock.test:443',
      host: 'api.penstock.test',
    });
    expect(outcome.at === 'tls' || outcome.status === 421, JSON.stringify(outcome)).toBe(true);
  });

  test('a Host with another port than CONNECT', async () => {
    const outcome = await attemptAs(stage.gateway.route, url, { host: 'api.penstock.test:8443' });
    expect(outcome.status).toBe(421);
  });

  test('no server name', async () => {
    const outcome = await attemptAs(stage.gateway.route, url, { servername: '' });
    expect(outcome.status === 421 || outcome.at !== 'answer', JSON.stringify(outcome)).toBe(true);
  });

  test('no Host, and two of them', async () => {
    for (const host of ['', 'api.penstock.test\r\nHost: other.penstock.test']) {
      const outcome = await attemptAs(stage.gateway.route, url, { host });
      expect(outcome.status === 0 || outcome.status >= 400, JSON.stringify(outcome)).toBe(true);
    }
  });

  test('an absolute target that names another host than CONNECT', async () => {
    const outcome = await attemptAs(stage.gateway.route, url, { target: 'https://other.penstock.test/x' });
    expect(outcome.status === 0 || outcome.status >= 400, JSON.stringify(outcome)).toBe(true);
  });

  afterEach(() => {
    expect([...stage.world.api.arrived, ...stage.world.other.arrived]).toEqual([]);
  });
});

describe('authorities that differ in form only pass', () => {
  test.each(['API.penstock.test', 'api.penstock.test:443', 'api.penstock.test.', 'Api.Penstock.Test:443'])(
    'Host: %s',
    async (host) => {
      expect(await attemptAs(stage.gateway.route, url, { host })).toMatchObject({ at: 'answer', status: 200 });
    },
  );

  test.each(['API.PENSTOCK.test:443', 'api.penstock.test.:443'])('CONNECT %s', async (connectAuthority) => {
    expect(await attemptAs(stage.gateway.route, url, { connectAuthority })).toMatchObject({
      at: 'answer',
      status: 200,
    });
  });

  test('a server name in upper case', async () => {
    expect(await attemptAs(stage.gateway.route, url, { servername: 'API.penstock.test' })).toMatchObject({
      at: 'answer',
      status: 200,
    });
  });

  test('plain http with a Host that repeats the port', async () => {
    expect(
      await attempt(stage.gateway.route, 'http://api.penstock.test/', [['Host', 'api.penstock.test:80']]),
    ).toMatchObject({ status: 200 });
  });
});

describe('tunnels that are open at the same time are told apart', () => {
  test('a second name while a tunnel to the first is open', async () => {
    const first = h1Client(stage.gateway.route);
    clients.push(first);
    for (let turn = 0; turn < 3; turn++) {
      expect((await first.send({ url })).status).toBe(200);
      expect(await attempt(stage.gateway.route, 'https://other.penstock.test/')).toMatchObject({
        at: 'answer',
        status: 200,
      });
      expect(await attempt(stage.gateway.route, `https://${fresh(turn)}/`)).toMatchObject({
        at: 'answer',
        status: 200,
      });
    }
    expect(first.connections).toBe(1);
  });

  test('fifty names at once', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) => attempt(stage.gateway.route, `https://${fresh(100 + index)}/`)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 200));
  });

  test('each client by its own address', async () => {
    const mark = stage.gateway.mark();
    const held = h1Client(stage.gateway.route);
    clients.push(held);
    expect((await held.send({ url })).status).toBe(200);
    const result = await curl([
      ...['--interface', '127.0.0.77', '--proxy', stage.gateway.proxyUrl, '--cacert', stage.gateway.caFile],
      ...['--data', `card ${cardNumber}`, url],
    ]);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { type: 'penstock_block' } });
    await stage.gateway.waitForLog({ event: 'finding', client: '127.0.0.77' }, mark);
  });
});

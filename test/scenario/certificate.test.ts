import { describe, expect, test } from 'vitest';
import { h1Client, h2Client } from '../harness/client.ts';
import { curl } from '../harness/curl.ts';
import { openTunnel, secure } from '../harness/tunnel.ts';
import { attempt } from './attempt.ts';
import { useStage } from './stage.ts';

const stage = useStage();

const bad = [
  { name: 'unknown-ca.penstock.test', says: /unknown|issuer|authority|not trusted|untrusted/i },
  { name: 'wrong-name.penstock.test', says: /name|subject alt|SAN/i },
  { name: 'expired.penstock.test', says: /expired/i },
];

describe.each(bad)('an origin with a bad certificate: $name', ({ name, says }) => {
  test.each([
    { kind: 'HTTP/1.1', open: h1Client },
    { kind: 'HTTP/2', open: h2Client },
  ])('$kind: a 5xx that names the problem, in the body and in the log', async ({ open }) => {
    const mark = stage.gateway.mark();
    const client = open(stage.gateway.route);
    try {
      const reply = await client.send({ url: `https://${name}/v1/chat`, body: '{}' });
      expect(reply.status).toBeGreaterThanOrEqual(500);
      expect(reply.body.toString()).toMatch(/certificate/i);
      expect(reply.body.toString().replaceAll(name, '')).toMatch(says);
    } finally {
      client.close();
    }
    const line = await stage.gateway.waitForLog({ event: 'upstream-failure', host: name }, mark);
    expect(JSON.stringify(line)).toMatch(/certificate/i);
    expect(JSON.stringify(line).replaceAll(name, '')).toMatch(says);
    expect(stage.world.bad.get(name)!.arrived).toEqual([]);
  });
});

test('an origin that refuses the connection gives a 5xx that says so', async () => {
  const mark = stage.gateway.mark();
  const outcome = await attempt(stage.gateway.route, 'https://closed.penstock.test/');
  expect(outcome.status).toBeGreaterThanOrEqual(500);
  expect(outcome.text).toMatch(/connect|refused/i);
  await stage.gateway.waitForLog({ event: 'upstream-failure', host: 'closed.penstock.test' }, mark);
});

describe('a client that does not trust the CA', () => {
  test('fails its handshake and is logged', async () => {
    const mark = stage.gateway.mark();
    const socket = await openTunnel(stage.gateway.proxy, 'api.penstock.test:443');
    await expect(secure(socket, stage.world.ca.pem, 'api.penstock.test', ['http/1.1'])).rejects.toThrow(/certificate/i);
    const line = await stage.gateway.waitForLog({ event: 'handshake-failure' }, mark);
    expect(JSON.stringify(line)).toContain('api.penstock.test');
    expect(stage.world.api.arrived).toEqual([]);
  });

  test('curl with the system roots', async () => {
    const mark = stage.gateway.mark();
    const result = await curl(['--proxy', stage.gateway.proxyUrl, 'https://api.penstock.test/']);
    expect(result.exit).toBe(60);
    await stage.gateway.waitForLog({ event: 'handshake-failure' }, mark);
  });
});

test('the leaf is for the name, of the CA, and serves both protocols', async () => {
  const socket = await openTunnel(stage.gateway.proxy, 'api.penstock.test:443');
  const secured = await secure(socket, stage.gateway.ca, 'api.penstock.test', ['h2', 'http/1.1']);
  const certificate = secured.getPeerCertificate();
  expect(certificate.subjectaltname).toBe('DNS:api.penstock.test');
  expect(secured.alpnProtocol).toBe('h2');
  expect(Date.parse(certificate.valid_to)).toBeGreaterThan(Date.now());
  secured.destroy();
});

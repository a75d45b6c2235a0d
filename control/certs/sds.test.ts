/** The service with a real Envoy: what a TLS client sees. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { findEnvoy } from '../../envoy/find.ts';
import { type Authority, openAuthority } from './ca.ts';
import { createLeafCache } from './cache.ts';
import { type EnvoyProbe, type Handshake, handshake, startEnvoy } from './envoy-probe.ts';
import { createLeafMinter } from './leaf.ts';
import { type CertificateService, serveCertificates } from './sds.ts';

/** Far less than the handshake timeout (5 s) that a name without an answer would run into. */
const atOnceMs = 3_000;

let envoyPath: string;
let folder: string;
let socketPath: string;
let authority: Authority;
let service: CertificateService | undefined;
let envoy: EnvoyProbe | undefined;
let lines: string[];

beforeAll(async () => {
  envoyPath = (await findEnvoy({ env: process.env, log: () => {} })).path;
}, 600_000);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-sds-'));
  socketPath = join(folder, 's.sock');
  authority = await openAuthority({ certFile: join(folder, 'ca.crt'), keyFile: join(folder, 'ca.key'), create: true });
  lines = [];
});
afterEach(async () => {
  await envoy?.stop();
  await service?.close();
  envoy = service = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function serve({ maxLeaves = 100, ttlSeconds = 3600 } = {}): Promise<void> {
  const refuse = (name: string) => (name.startsWith('denied') ? 'blocked' : undefined);
  const cache = createLeafCache({ minter: createLeafMinter(authority, ttlSeconds), maxLeaves, refuse });
  const line = (message: string) => lines.push(message);
  service = await serveCertificates({ socketPath, cache, log: { info: line, warn: line, error: line } });
}

async function start(options?: Parameters<typeof serve>[0]): Promise<void> {
  await serve(options);
  envoy = await startEnvoy(envoyPath, join(folder, 'envoy'), socketPath);
}

const shake = (name: string, port = envoy!.port): Promise<Handshake> => handshake(port, name, authority.chainPem);

async function expectLeaf(asked: string): Promise<string> {
  const result = await shake(asked);
  expect(result).toMatchObject({
    certificate: { subjectaltname: `DNS:${asked.toLowerCase()}` },
    authorized: true,
  });
  return 'certificate' in result ? result.certificate.serialNumber : '';
}

async function expectRefusal(asked: string): Promise<void> {
  const result = await shake(asked);
  expect(result).toMatchObject({ error: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE' });
  expect(result.ms).toBeLessThan(atOnceMs);
}

describe('a handshake', { timeout: 60_000 }, () => {
  test('gets a leaf that verifies, for any spelling and any length, and the same one again', async () => {
    await start();
    const serial = await expectLeaf('a.example');
    expect(await expectLeaf('a.example')).toBe(serial);
    await expectLeaf('API.OpenAI.example');
    await expectLeaf('a_b.example');
    await expectLeaf(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`);
    expect(service!.stats()).toMatchObject({ streams: 1, minted: 4, rejected: 0 });
  });

  test('without a name, with a bad one or a denied one is refused at once, each time', async () => {
    await start();
    for (const name of ['', '*.example', 'a..example', 'denied.example', 'Denied.example', 'bücher.example']) {
      await expectRefusal(name);
      await expectRefusal(name);
    }
    await expectLeaf('a.example');
    expect(service!.stats()).toMatchObject({ minted: 1, rejected: 0 });
  });

  test('with bytes that are no UTF-8 ends in its time, and takes nothing else with it', async () => {
    await start();
    await expectLeaf('a.example');
    const { port, close } = await breakNames(envoy!.port, 'qqqq');
    try {
      expect(await shake('qqqq.example', port)).toHaveProperty('error');
      await expectLeaf('b.example');
      expect(service!.stats().streams).toBe(1);
      expect(lines.filter((line) => line.includes('UTF-8'))).toHaveLength(1);
    } finally {
      close();
    }
  });

  test('a hundred at once, ten for each of ten names, mint ten', async () => {
    await start();
    const names = Array.from({ length: 100 }, (_, number) => `n${number % 10}.example`);
    const results = await Promise.all(names.map((name) => shake(name)));
    expect(results.filter((result) => 'authorized' in result && result.authorized)).toHaveLength(100);
    expect(service!.stats().minted).toBe(10);
  });
});

describe('a bounded cache', { timeout: 60_000 }, () => {
  test('lets the oldest go, in Envoy too, and gives it a new leaf when it is asked for', async () => {
    await start({ maxLeaves: 3 });
    const serial = await expectLeaf('a.example');
    for (const name of ['b.example', 'c.example', 'd.example']) await expectLeaf(name);
    expect(service!.stats()).toMatchObject({ live: 3, evicted: 1 });
    await vi.waitFor(async () => expect(await leavesInEnvoy()).toBe(3), { timeout: 5_000 });
    expect(await expectLeaf('a.example')).not.toBe(serial);
    expect(service!.stats()).toMatchObject({ live: 3, evicted: 2, minted: 5 });
  });

  test('twenty times the bound at once: everyone is served or refused at once, and then all is well', async () => {
    await start({ maxLeaves: 3 });
    const results = await Promise.all(Array.from({ length: 60 }, (_, number) => shake(`n${number}.example`)));
    for (const result of results) expect(result.ms).toBeLessThan(atOnceMs);
    await vi.waitFor(async () => expect(await leavesInEnvoy()).toBe(3), { timeout: 5_000 });
    await expectLeaf('n0.example');
    await expectLeaf('n59.example');
  });
});

test('a leaf is renewed before it expires', { timeout: 60_000 }, async () => {
  await start({ ttlSeconds: 3 });
  const serials = new Set<string>();
  const end = Date.now() + 7_000;
  while (Date.now() < end) {
    serials.add(await expectLeaf('a.example'));
    await sleep(200);
  }
  expect(serials.size).toBeGreaterThan(2);
  expect(service!.stats().minted).toBeLessThan(10);
});

describe('a restart of the service', { timeout: 60_000 }, () => {
  test('known names go on meanwhile, new ones soon after, and known leaves are kept', async () => {
    await start();
    const serial = await expectLeaf('a.example');
    await service!.close();
    expect(await expectLeaf('a.example')).toBe(serial);
    const early = shake('early.example');
    await serve();
    await vi.waitFor(() => expectLeaf('new.example'), { timeout: 10_000 });
    expect(await early).toMatchObject({ authorized: true });
    expect(await expectLeaf('a.example')).toBe(serial);
    expect(service!.stats()).toMatchObject({ live: 3, minted: 2 });
  });

  test('with another CA replaces what Envoy holds', async () => {
    await start();
    const serial = await expectLeaf('a.example');
    await service!.close();
    const files = { certFile: join(folder, 'other.crt'), keyFile: join(folder, 'other.key'), create: true };
    authority = await openAuthority(files);
    await serve();
    await vi.waitFor(async () => expect(await expectLeaf('a.example')).not.toBe(serial), { timeout: 10_000 });
  });
});

async function leavesInEnvoy(): Promise<number> {
  const stats = await envoy!.admin('/stats?filter=on_demand_secret.cert_active');
  return Number(/cert_active: (\d+)/.exec(stats)![1]);
}

/** A TCP relay to `target` that turns the first two bytes of `mark` in the ClientHello into ones that UTF-8 never has. */
async function breakNames(target: number, mark: string): Promise<{ port: number; close: () => void }> {
  const relay: Server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    client.once('data', (hello) => {
      const at = hello.indexOf(mark);
      if (at >= 0) hello.set([0xff, 0xfe], at);
      upstream.write(hello);
      client.pipe(upstream);
    });
    upstream.pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  return { port: (relay.address() as { port: number }).port, close: () => relay.close() };
}

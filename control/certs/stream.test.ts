/**
 * The service as a gRPC client sees it, which can do what Envoy does rarely or never. Longer than most files because
 * every case of the protocol stands beside the one subscriber that plays Envoy.
 */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Authority, openAuthority } from './ca.ts';
import { createLeafCache } from './cache.ts';
import { createLeafMinter } from './leaf.ts';
import { type CertificateService, serveCertificates } from './sds.ts';
import { type DeltaRequest, type DeltaResponse, readDeltaResponse, secretTypeUrl, writeDeltaRequest } from './wire.ts';

const method = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

let folder: string;
let socketPath: string;
let authority: Authority;
let service: CertificateService;
let lines: string[];
let clients: Client[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-stream-'));
  socketPath = join(folder, 's.sock');
  authority = await openAuthority({ certFile: join(folder, 'ca.crt'), keyFile: join(folder, 'ca.key'), create: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  lines = [];
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await service.close();
});

async function serve({ maxLeaves = 100, ttlSeconds = 3600 } = {}): Promise<void> {
  const refuse = (name: string) => (name.startsWith('denied') ? 'blocked' : undefined);
  const cache = createLeafCache({ minter: createLeafMinter(authority, ttlSeconds), maxLeaves, refuse });
  const line = (message: string) => lines.push(message);
  service = await serveCertificates({ socketPath, cache, log: { info: line, warn: line, error: line } });
}

/** What Envoy would hold, and the stream it came over. */
class Subscriber {
  readonly held = new Map<string, { version: string; chain: string }>();
  readonly removed: string[] = [];
  readonly responses: DeltaResponse[] = [];
  ended = false;
  readonly call: ClientDuplexStream<Partial<DeltaRequest>, DeltaResponse>;

  constructor() {
    const client = new Client(`unix:${socketPath}`, credentials.createInsecure());
    clients.push(client);
    this.call = client.makeBidiStreamRequest(method, writeDeltaRequest, readDeltaResponse);
    this.call.on('data', (response: DeltaResponse) => {
      this.responses.push(response);
      for (const { name, version, secret } of response.resources) {
        this.held.set(name, { version, chain: Buffer.from(secret).toString('latin1') });
      }
      for (const name of response.removed) {
        this.held.delete(name);
        this.removed.push(name);
      }
    });
    this.call.on('error', () => {
      this.ended = true;
    });
    this.call.on('end', () => {
      this.ended = true;
    });
  }

  send(request: Partial<DeltaRequest>): void {
    this.call.write(request);
  }

  subscribe(...names: string[]): void {
    this.send({ subscribe: names });
  }

  certificate(name: string): X509Certificate {
    return new X509Certificate(/-----BEGIN CERT[^!]*?-----END CERTIFICATE-----/.exec(this.held.get(name)!.chain)![0]);
  }
}

const until = (check: () => void, timeoutMs = 10_000) => vi.waitFor(check, { timeout: timeoutMs, interval: 20 });

describe('every name is answered', () => {
  test('with a secret of chain and key, or with its removal', async () => {
    await serve();
    const envoy = new Subscriber();
    envoy.subscribe('a.example', 'denied.example', '*.example', 'B.Example');
    await until(() => expect(envoy.held.size + envoy.removed.length).toBe(4));
    expect([...envoy.held.keys()]).toEqual(['a.example', 'B.Example']);
    expect(envoy.removed).toEqual(['denied.example', '*.example']);
    expect(envoy.certificate('B.Example').subjectAltName).toBe('DNS:b.example');
    expect(envoy.held.get('a.example')!.chain).toContain(authority.chainPem);
    expect(envoy.held.get('a.example')!.chain).toContain('PRIVATE KEY');
    expect(service.stats()).toMatchObject({ minted: 2, refused: 2, live: 2, streams: 1, pending: 0 });
    expect(lines.join()).not.toContain('PRIVATE');
  });

  test('again when it is asked for again', async () => {
    await serve();
    const envoy = new Subscriber();
    envoy.subscribe('a.example', 'denied.example');
    await until(() => expect(envoy.responses).toHaveLength(1));
    envoy.subscribe('a.example', 'denied.example');
    await until(() => expect(envoy.responses).toHaveLength(2));
    expect(envoy.responses[1]).toMatchObject({ resources: [{ name: 'a.example' }], removed: ['denied.example'] });
    expect(service.stats().minted).toBe(1);
    expect(lines.filter((line) => line.includes('denied.example'))).toHaveLength(1);
  });

  test('in small responses, thousands in one request, and the bound holds', async () => {
    await serve({ maxLeaves: 50 });
    const envoy = new Subscriber();
    envoy.subscribe(...Array.from({ length: 5000 }, (_, number) => `n${number}.example`));
    await until(() => expect(envoy.held.has('n4999.example') && envoy.held.size === 50).toBe(true));
    expect(new Set(envoy.responses.flatMap(({ resources }) => resources.map(({ name }) => name))).size).toBe(5000);
    expect(Math.max(...envoy.responses.map(({ resources }) => resources.length))).toBeLessThanOrEqual(32);
    expect(service.stats()).toMatchObject({ live: 50, evicted: 4950, pending: 0 });
  });

  test('but not with a name that is no UTF-8, which Envoy could not read', async () => {
    await serve();
    const envoy = new Subscriber();
    envoy.subscribe('\xff\xfe.example', 'a.example');
    await until(() => expect(envoy.held.size).toBe(1));
    expect(envoy.removed).toEqual([]);
    // the same text as UTF-8 is answered, under its own bytes
    const utf8 = Buffer.from('bücher.example').toString('latin1');
    envoy.subscribe(utf8);
    await until(() => expect(envoy.removed).toEqual([utf8]));
    expect(lines.join()).toContain('bücher.example');
  });
});

describe('a stream', () => {
  test('asking for another type gets no answer, and goes on', async () => {
    await serve();
    const envoy = new Subscriber();
    envoy.send({ typeUrl: 'type.googleapis.com/envoy.config.cluster.v3.Cluster', subscribe: ['*'] });
    envoy.subscribe('a.example');
    await until(() => expect(envoy.held.size).toBe(1));
    expect(envoy.responses).toHaveLength(1);
  });

  test('several have the same leaf, and lose it together', async () => {
    await serve({ maxLeaves: 1 });
    const [one, two] = [new Subscriber(), new Subscriber()];
    one.subscribe('a.example');
    two.subscribe('a.example');
    await until(() => expect([one.held.size, two.held.size]).toEqual([1, 1]));
    expect(one.held.get('a.example')).toEqual(two.held.get('a.example'));
    expect(service.stats()).toMatchObject({ minted: 1, streams: 2 });
    one.subscribe('b.example');
    await until(() => expect([one.removed, two.removed]).toEqual([['a.example'], ['a.example']]));
    expect([...one.held.keys()]).toEqual(['b.example']);
  });

  test('that lets a name go frees it, unless another holds it', async () => {
    await serve();
    const [one, two] = [new Subscriber(), new Subscriber()];
    one.subscribe('a.example', 'b.example');
    two.subscribe('a.example');
    await until(() => expect([one.held.size, two.held.size]).toEqual([2, 1]));
    one.send({ unsubscribe: ['a.example', 'b.example', 'never.example'] });
    await until(() => expect(service.stats().live).toBe(1));
    two.send({ unsubscribe: ['a.example'] });
    await until(() => expect(service.stats().live).toBe(0));
    expect([...one.removed, ...two.removed]).toEqual([]);
  });

  test('that lets a name go and asks for it at once has it', async () => {
    await serve();
    const envoy = new Subscriber();
    envoy.subscribe('a.example');
    await until(() => expect(envoy.responses).toHaveLength(1));
    envoy.send({ subscribe: ['a.example'], unsubscribe: ['a.example'] });
    await until(() => expect(envoy.responses).toHaveLength(2));
    expect(service.stats()).toMatchObject({ live: 1, minted: 2 });
  });

  test('past the sixteenth is refused, and the others go on', async () => {
    await serve();
    const all = Array.from({ length: 17 }, () => new Subscriber());
    await until(() => expect(service.stats().streams).toBe(16));
    await until(() => expect(all.filter((one) => one.ended)).toHaveLength(1));
    const left = all.find((one) => !one.ended)!;
    left.subscribe('a.example');
    await until(() => expect(left.held.size).toBe(1));
  });

  test('that ends is forgotten', async () => {
    await serve();
    const [one, two] = [new Subscriber(), new Subscriber()];
    one.subscribe('a.example');
    two.subscribe('a.example');
    await until(() => expect(service.stats().streams).toBe(2));
    one.call.end();
    two.call.cancel();
    await until(() => expect(service.stats().streams).toBe(0));
  });

  test('with bytes that are no request ends, and the service goes on', async () => {
    await serve();
    const client = new Client(`unix:${socketPath}`, credentials.createInsecure());
    clients.push(client);
    const bad = client.makeBidiStreamRequest(method, (bytes: Buffer) => bytes, readDeltaResponse);
    const failed = new Promise((resolve) => bad.on('error', resolve));
    bad.write(Buffer.from([0x1a, 0x7f, 0x61]));
    await failed;
    await until(() => expect(service.stats().streams).toBe(0));
    const envoy = new Subscriber();
    envoy.subscribe('a.example');
    await until(() => expect(envoy.held.size).toBe(1));
  });
});

describe('a rejection', () => {
  test('takes back what it was about, and is logged once', async () => {
    await serve();
    const envoy = new Subscriber();
    for (const name of ['a.example', 'b.example']) {
      envoy.subscribe(name);
      await until(() => expect(envoy.held.has(name)).toBe(true));
    }
    const [first, second] = envoy.responses.map(({ nonce }) => nonce);
    envoy.send({ responseNonce: second!, rejection: 'bad certificate' });
    await until(() => expect(envoy.removed).toEqual(['b.example']));
    envoy.send({ responseNonce: 'unknown', rejection: 'bad certificate' });
    envoy.send({ responseNonce: first! });
    await until(() => expect(service.stats().rejected).toBe(2));
    expect(envoy.removed).toEqual(['b.example']);
    expect(lines).toEqual(['certificates: Envoy rejected a certificate: bad certificate']);
    expect(service.stats().live).toBe(1);
  });
});

describe('a new connection', () => {
  test('keeps the leaves whose versions it names, from this process or the one before', async () => {
    await serve();
    const before = new Subscriber();
    before.subscribe('a.example', 'b.example', 'c.example');
    await until(() => expect(before.held.size).toBe(3));
    await service.close();
    await until(() => expect(before.ended).toBe(true));

    await serve({ maxLeaves: 3 });
    const after = new Subscriber();
    const initialVersions = new Map([...before.held].map(([name, { version }]) => [name, version]));
    initialVersions.set('b.example', 'something else').delete('c.example');
    after.send({ subscribe: ['a.example', 'b.example', 'c.example', 'denied.example'], initialVersions });
    await until(() => expect(after.responses).toHaveLength(1));
    expect(after.responses[0]!.resources.map(({ name }) => name)).toEqual(['b.example', 'c.example']);
    expect(after.removed).toEqual(['denied.example']);
    expect(service.stats()).toMatchObject({ live: 3, minted: 2 });
    // a leaf that was kept is evicted like any other
    after.subscribe('d.example');
    await until(() => expect(after.removed).toContain('a.example'));
  });
});

describe('renewal', () => {
  test('sends a new leaf before the old one expires, to whoever holds it', async () => {
    await serve({ ttlSeconds: 3 });
    const [one, two] = [new Subscriber(), new Subscriber()];
    one.subscribe('a.example', 'b.example');
    two.subscribe('a.example');
    await until(() => expect([one.held.size, two.held.size]).toEqual([2, 1]));
    const old = one.certificate('a.example');
    one.send({ unsubscribe: ['b.example'] });
    await until(() => expect(two.certificate('a.example').serialNumber).not.toBe(old.serialNumber));
    expect(Date.now()).toBeLessThan(old.validToDate.getTime() + 500);
    await until(() => expect(one.held.get('a.example')).toEqual(two.held.get('a.example')));
    expect(service.stats().renewed).toBeGreaterThanOrEqual(1);
    expect(one.responses.flatMap(({ resources }) => resources).filter(({ name }) => name === 'b.example')).toHaveLength(
      1,
    );
  });

  test('drops a leaf that nobody holds', async () => {
    await serve({ ttlSeconds: 1 });
    const envoy = new Subscriber();
    envoy.subscribe('a.example');
    await until(() => expect(envoy.held.size).toBe(1));
    envoy.call.end();
    await until(() => expect(service.stats()).toMatchObject({ live: 0, streams: 0 }));
  });
});

describe('a slow reader', () => {
  test('bounds what waits for it, and gets everything in the end', { timeout: 90_000 }, async () => {
    await serve({ maxLeaves: 100_000 });
    const envoy = new Subscriber();
    envoy.call.pause();
    for (let part = 0; part < 40; part++) {
      envoy.subscribe(...Array.from({ length: 500 }, (_, number) => `n${part}-${number}.example`));
    }
    await until(() => expect(service.stats().pending).toBeGreaterThan(0));
    let minted = -1;
    // it stops by itself: what is minted fits the buffers on the way, and what waits fits the limit plus one request
    while (minted !== service.stats().minted) {
      minted = service.stats().minted;
      await sleep(300);
    }
    expect(minted).toBeLessThan(10_000);
    expect(service.stats().pending).toBeLessThanOrEqual(4096 + 500 * 20);
    envoy.call.resume();
    // Twenty thousand keys take seconds, and many more where other tests run beside.
    await until(() => expect(envoy.held.size).toBe(20_000), 60_000);
    expect(service.stats()).toMatchObject({ pending: 0, minted: 20_000 });
  });
});

test('close removes the socket and ends the streams', async () => {
  await serve();
  const envoy = new Subscriber();
  envoy.subscribe('a.example');
  await until(() => expect(envoy.held.size).toBe(1));
  await service.close();
  await until(() => expect(envoy.ended).toBe(true));
  await serve();
  const again = new Subscriber();
  again.subscribe('a.example');
  await until(() => expect(again.held.size).toBe(1));
});

test('the type URL is the one that Envoy asks for', () => {
  expect(secretTypeUrl).toBe('type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret');
});

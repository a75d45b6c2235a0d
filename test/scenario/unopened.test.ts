// Tunnels that pass unopened: TLS for the host that CONNECT named, and nothing else.
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { h1Client, h2Client } from '../harness/client.ts';
import { dial, nextChunk, openTunnel, readHead, secure } from '../harness/tunnel.ts';
import { attempt, attemptAs } from './attempt.ts';
import { type Stage, useStage } from './stage.ts';

const authority = 'api.penstock.test:443';
const url = `https://${authority}/v1/chat`;

/** The client of a tunnel trusts the origin itself. */
const routeOf = ({ gateway, world }: Stage) => ({ proxy: gateway.proxy, ca: world.ca.pem });

/** A handshake for `servername` in a tunnel to `to`: what the origin then says, or how it failed. */
async function shakeHands(stage: Stage, servername: string, to = authority): Promise<string> {
  const socket = await openTunnel(stage.gateway.proxy, to);
  try {
    const secured = await secure(socket, stage.world.ca.pem, servername, ['http/1.1']);
    secured.write(`GET / HTTP/1.1\r\nHost: ${servername || 'api.penstock.test'}\r\nConnection: close\r\n\r\n`);
    return (await readHead(secured)).head.split('\r\n')[0]!;
  } catch (error) {
    return `failed: ${(error as Error).message}`;
  } finally {
    socket.destroy();
  }
}

/** Sends plain bytes through a tunnel: whether it was closed before anything came back. */
async function sendPlain(stage: Stage, bytes: string): Promise<string> {
  const socket = await openTunnel(stage.gateway.proxy, 'api.penstock.test:80');
  socket.write(bytes);
  const answer = await nextChunk(socket);
  socket.destroy();
  return answer === undefined ? 'closed' : answer.toString('latin1').split('\r\n')[0]!;
}

const request = 'GET / HTTP/1.1\r\nHost: api.penstock.test\r\nConnection: close\r\n\r\n';

describe.each([
  ['balanced, interception off', { tls_interception: { enabled: false } }],
  [
    'strict, interception off',
    { mode: 'strict', api_allowlist: ['*.penstock.test'], tls_interception: { enabled: false } },
  ],
  ['a passthrough domain', { tls_interception: { passthrough_domains: ['api.penstock.test', 'other.penstock.test'] } }],
])('%s', (_, sections) => {
  const stage = useStage({ sections });

  test('TLS for the host of CONNECT passes, in either protocol, and is told of once', async () => {
    const mark = stage.gateway.mark();
    for (const client of [h1Client(routeOf(stage)), h2Client(routeOf(stage)), h1Client(routeOf(stage))]) {
      expect((await client.send({ url, body: 'x'.repeat(300_000) })).status).toBe(200);
      client.close();
    }
    expect(await shakeHands(stage, 'API.penstock.test')).toBe('HTTP/1.1 200 OK');
    expect(await shakeHands(stage, 'api.penstock.test', 'api.penstock.test.:443')).toBe('HTTP/1.1 200 OK');
    await stage.gateway.waitForLog({ event: 'unread', host: authority }, mark);
    await expect.poll(() => stage.gateway.logged({ event: 'exchange', host: authority }, mark).length).toBe(4);
    expect(stage.gateway.logged({ event: 'unread', host: authority })).toHaveLength(1);
    expect(stage.gateway.logged({ event: 'unreadable' }, mark)).toEqual([]);
  });

  test.each(['other.penstock.test', ''])('the server name %j closes the tunnel', async (servername) => {
    const mark = stage.gateway.mark();
    expect(await shakeHands(stage, servername)).toMatch(/^failed/);
    expect(stage.world.api.arrived).toEqual([]);
    await stage.gateway.waitForLog({ event: 'unreadable', verdict: 'block', reason: 'tunnel-server-name' }, mark);
    const line = await stage.gateway.waitForLog({ event: 'exchange', method: 'CONNECT' }, mark);
    expect(line).toMatchObject({ verdict: 'block', rules: ['tunnel-server-name'] });
    expect(stage.gateway.logged({ event: 'unread' }, mark)).toEqual([]);
  });

  test('a server name that comes byte by byte is compared all the same', async () => {
    for (const [name, isRefused] of [
      ['api.penstock.test', false],
      ['other.penstock.test', true],
    ] as const) {
      const socket = await openTunnel(stage.gateway.proxy, authority);
      const hello = await helloFor(name);
      for (const byte of hello) {
        socket.write(Buffer.of(byte));
        await new Promise((settle) => setImmediate(settle));
      }
      // A server's handshake record, or nothing.
      const answer = await nextChunk(socket);
      socket.destroy();
      expect(answer?.[0]).toBe(isRefused ? undefined : 22);
    }
  });
});

/** What a client sends first for a name. */
function helloFor(servername: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = net
      .createServer((socket) => {
        socket.once('data', (bytes) => {
          resolve(bytes);
          socket.destroy();
          server.close();
        });
      })
      .listen(0, '127.0.0.1', () => {
        const { port } = server.address() as net.AddressInfo;
        tls.connect({ host: '127.0.0.1', port, servername }).on('error', () => {});
      });
  });
}

describe('what is no TLS', () => {
  const stage = useStage({ sections: { tls_interception: { enabled: false } } });
  test.each([request, 'SSH-2.0-client\r\n', '\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00'])(
    '%j closes the tunnel',
    async (bytes) => {
      const mark = stage.gateway.mark();
      expect(await sendPlain(stage, bytes)).toBe('closed');
      expect(stage.world.plain.arrived).toEqual([]);
      await stage.gateway.waitForLog({ event: 'unreadable', verdict: 'block', reason: 'tunnel-not-tls' }, mark);
    },
  );

  test('plain bytes behind CONNECT without waiting for its answer', async () => {
    const socket = await dial(stage.gateway.proxy);
    socket.write(`CONNECT api.penstock.test:80 HTTP/1.1\r\nHost: api.penstock.test:80\r\n\r\n${request}`);
    let answer = '';
    for (let chunk = await nextChunk(socket); chunk !== undefined; chunk = await nextChunk(socket)) answer += chunk;
    expect(answer).not.toContain('200 OK\r\nc');
    expect(stage.world.plain.arrived).toEqual([]);
  });
});

describe.each([
  ['mode: audit', { mode: 'audit' }],
  ['enforce: false', { enforce: false }],
])('%s blocks nothing, and says what it saw', (_, mode) => {
  const stage = useStage({ sections: { ...mode, tls_interception: { enabled: false } } });

  test('another server name, and plain http', async () => {
    const mark = stage.gateway.mark();
    expect(await shakeHands(stage, 'other.penstock.test')).toBe('HTTP/1.1 200 OK');
    await stage.gateway.waitForLog({ event: 'unreadable', verdict: 'warn', reason: 'tunnel-server-name' }, mark);
    expect(await sendPlain(stage, request)).toBe('HTTP/1.1 200 OK');
    await stage.gateway.waitForLog({ event: 'unreadable', verdict: 'warn', reason: 'tunnel-not-tls' }, mark);
    await stage.gateway.waitForLog({ event: 'unread', host: authority }, mark);
  });
});

describe('sni_verification: false', () => {
  describe('interception off', () => {
    const stage = useStage({
      sections: { forward_proxy: { sni_verification: false }, tls_interception: { enabled: false } },
    });
    test('any server name passes, and what is no TLS does not', async () => {
      const mark = stage.gateway.mark();
      expect(await shakeHands(stage, 'other.penstock.test')).toBe('HTTP/1.1 200 OK');
      expect(await shakeHands(stage, '')).toMatch(/^failed: Hostname/);
      expect(await sendPlain(stage, request)).toBe('closed');
      await stage.gateway.waitForLog({ event: 'unreadable', reason: 'tunnel-not-tls' }, mark);
      expect(stage.gateway.logged({ event: 'unreadable', reason: 'tunnel-server-name' }, mark)).toEqual([]);
    });
  });
  describe('interception on', () => {
    const stage = useStage({ sections: { forward_proxy: { sni_verification: false } } });
    test('the server name is not compared, and Host is', async () => {
      const ask = (host: string) => attemptAs(stage.gateway.route, url, { servername: 'other.penstock.test', host });
      expect((await ask('api.penstock.test')).status).toBe(200);
      expect((await ask('other.penstock.test')).status).toBe(421);
    });
  });
});

describe('connect_ports', () => {
  describe.each([
    ['interception on', true],
    ['interception off', false],
  ])('%s', (_, enabled) => {
    const stage = useStage({
      sections: { forward_proxy: { connect_ports: [443, 8443] }, tls_interception: { enabled } },
    });
    test('a tunnel to another port is refused, also where CONNECT is spelt oddly', async () => {
      const mark = stage.gateway.mark();
      (await openTunnel(stage.gateway.proxy, authority)).destroy();
      for (const other of [
        'api.penstock.test:80',
        'api.penstock.test:22',
        'api.penstock.test:4430',
        'api.penstock.test:0443',
      ])
        await expect(openTunnel(stage.gateway.proxy, other), other).rejects.toMatchObject({
          status: 403,
          body: expect.stringContaining('destination-port'),
        });
      await stage.gateway.waitForLog({ event: 'exchange', verdict: 'block', rules: ['destination-port'] }, mark);
      const plain = await attempt({ proxy: stage.gateway.proxy, ca: '' }, 'http://api.penstock.test/');
      expect(plain).toMatchObject({ status: 200 });
    });
  });
  describe('mode: audit', () => {
    const stage = useStage({
      sections: { mode: 'audit', forward_proxy: { connect_ports: [443] }, tls_interception: { enabled: false } },
    });
    test('refuses no port', async () => {
      (await openTunnel(stage.gateway.proxy, 'api.penstock.test:80')).destroy();
    });
  });
});

describe('forward_proxy.redirect_websocket_hosts', () => {
  const stage = useStage({
    sections: {
      tls_interception: { enabled: false },
      forward_proxy: { enabled: true, redirect_websocket_hosts: ['*.penstock.test'] },
      websocket_proxy: { enabled: true },
    },
  });
  test('a tunnel passes, and the log says how its WebSockets would be read', async () => {
    const client = h1Client(routeOf(stage));
    expect((await client.send({ url })).status).toBe(200);
    client.close();
    const line = await stage.gateway.waitForLog({ event: 'unread', host: authority });
    expect(line.hint).toBe('ask for its WebSockets as /ws?url=wss://api.penstock.test/…, and their messages are read');
  });
});

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { dial, type Endpoint } from '../harness/tunnel.ts';
import { within } from '../harness/wait.ts';
import { useStage } from './stage.ts';

const stage = useStage();

/** Paths of Envoy's admin interface that tell or do something. */
const adminPaths = [
  '/',
  '/config_dump',
  '/stats',
  '/clusters',
  '/listeners',
  '/certs',
  '/server_info',
  '/ready',
  '/memory',
  '/logging',
  '/quitquitquit',
  '/healthcheck/fail',
  '/drain_listeners',
  '/runtime',
];
/** What an admin page would hold. */
const adminText =
  /dynamic_listeners|static_listeners|admin commands|default_priority::max_connections|"state": ?"LIVE"|^LIVE$|hot_restart_version|BootstrapConfigDump/m;

async function raw(endpoint: Endpoint, text: string): Promise<string> {
  const socket = await dial(endpoint);
  socket.write(text);
  const read = async (): Promise<string> => {
    let seen = '';
    for await (const chunk of socket) seen += String(chunk);
    return seen;
  };
  const seen = await within('the end of the answer', read(), 8_000).catch(() => '');
  socket.destroy();
  return seen;
}

const spellings = (path: string, port: number): string[] => [
  `${path}`,
  `/.${path}`,
  `/%2e${path}`,
  `/health/..${path}`,
  `/metrics/%2e%2e${path}`,
  `//${path}`,
  `/health;${path}`,
  `http://127.0.0.1:${port}${path}`,
  `http://localhost:${port}${path}`,
  `http://admin${path}`,
  `http://unix${path}`,
  `http://envoy_admin${path}`,
];

describe.each(['GET', 'POST'])('%s', (method) => {
  test.each(adminPaths)('%s is not the admin interface, however it is spelt', async (path) => {
    for (const endpoint of [stage.gateway.proxy, stage.gateway.mcp]) {
      for (const target of spellings(path, endpoint.port)) {
        for (const host of [`127.0.0.1:${endpoint.port}`, 'admin']) {
          const answer = await raw(
            endpoint,
            `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
          );
          expect(answer, `${method} ${target} Host ${host}`).not.toMatch(adminText);
        }
      }
    }
    expect(await stage.gateway.isHealthy()).toBe(true);
  });
});

test('a tunnel to the gateway itself is refused', async () => {
  const { proxy, mcp } = stage.gateway;
  for (const authority of [
    `127.0.0.1:${proxy.port}`,
    `localhost:${proxy.port}`,
    `127.0.0.1:${mcp.port}`,
    `[::1]:${proxy.port}`,
    `2130706433:${proxy.port}`,
  ]) {
    const answer = await raw(
      proxy,
      `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\nGET /config_dump HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    expect(answer, authority).not.toMatch(/^HTTP\/1\.1 2/);
  }
});

test('the gateway listens on its two ports and nowhere else', () => {
  const pids = [stage.gateway.pid, ...stage.gateway.processes().map(({ pid }) => pid)];
  const inodes = new Set(pids.flatMap(socketInodes));
  const listening = ['/proc/self/net/tcp', '/proc/self/net/tcp6']
    .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    // Column 3 is the state, 0A listening; column 9 the inode (proc(5)).
    .filter((columns) => columns[3] === '0A' && inodes.has(columns[9] ?? ''))
    .map((columns) => Number.parseInt(columns[1]!.split(':')[1]!, 16));
  const { proxy, mcp } = stage.gateway;
  expect([...new Set(listening)].sort()).toEqual([proxy.port, mcp.port].sort());
});

test('/health and /metrics answer GET only, and tell no host', async () => {
  expect((await stage.gateway.page('/health')).status).toBe(200);
  const metrics = await stage.gateway.page('/metrics');
  expect(metrics.status).toBe(200);
  expect(metrics.body).not.toContain('penstock.test');
});

function socketInodes(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}

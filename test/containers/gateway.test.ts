// The image, started as the chart starts it: its ConfigMap, its CA, its arguments, its security context and its limit.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GenericContainer, Network, type StartedNetwork, type StartedTestContainer, Wait } from 'testcontainers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { object, template } from '../chart/helm.ts';
import { TestCa } from '../harness/pki.ts';
import { cardNumber, githubToken } from '../harness/secret.ts';
import { waitFor } from '../harness/wait.ts';
import { baseImage, gatewayImage } from './images.ts';

const checkout = join(import.meta.dirname, '../..');
const values = {
  mcpProxy: { upstream: 'http://mcp:3000/mcp' },
  // The containers have private addresses.
  trustedDomains: ['origin.test'],
  tlsInterception: { upstreamCaFile: '/etc/roots/ca.crt' },
};

let folder: string;
let network: StartedNetwork;
let origin: StartedTestContainer;
let mcp: StartedTestContainer;
let client: StartedTestContainer;
let gateway: StartedTestContainer;
let log = '';

/** A container with the root file system that the chart asks for. */
class Gateway extends GenericContainer {
  withReadOnlyRoot(): this {
    this.hostConfig.ReadonlyRootfs = true;
    return this;
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-containers-'));
  const { stdout } = await template('gateway', values);
  const pod = object(stdout, 'Deployment').spec.template.spec;
  const { args, resources, securityContext } = pod.containers[0];
  expect(resources.limits.memory).toBe('256Mi');
  writeConfig(object(stdout, 'ConfigMap', '-pipelock').data['pipelock.yaml']);
  const ca = object(stdout, 'Secret').data;
  const originCa = new TestCa('origins');
  const leaf = originCa.leaf({ names: ['origin.test'] });
  write('ca/tls.crt', Buffer.from(ca['tls.crt'], 'base64'));
  write('ca/tls.key', Buffer.from(ca['tls.key'], 'base64'));
  // As kubelet mounts a Secret for a pod with an fsGroup.
  chmodSync(join(folder, 'ca/tls.key'), 0o440);
  chownSync(join(folder, 'ca/tls.key'), 0, pod.securityContext.fsGroup);
  write(
    'official/pipelock.yaml',
    'mode: balanced\nforward_proxy: {enabled: true}\nmcp_input_scanning: {enabled: true, action: block, on_parse_error: block}\n',
  );
  write('roots/ca.crt', originCa.pem);
  write('pki/origin.crt', leaf.cert);
  write('pki/origin.key', leaf.key);
  write('pki/gateway-ca.crt', Buffer.from(ca['tls.crt'], 'base64'));

  network = await new Network().start();
  const inside = (name: string, ...command: string[]) =>
    new GenericContainer(baseImage)
      .withNetwork(network)
      .withNetworkAliases(name)
      .withBindMounts([mount('pki', '/pki'), { source: checkout, target: '/checkout', mode: 'ro' }])
      .withWorkingDir('/checkout')
      .withCommand(command);
  const serving = (name: string, role: string) =>
    inside(name, 'node', 'test/containers/server.ts', role)
      .withExposedPorts(9000)
      .withWaitStrategy(Wait.forLogMessage('listening'))
      .start();
  [origin, mcp, client] = await Promise.all([
    serving('origin.test', 'origin'),
    serving('mcp', 'mcp'),
    inside('client', 'sleep', '3600').withWaitStrategy(Wait.forSuccessfulCommand('true')).start(),
  ]);
  expect(securityContext.readOnlyRootFilesystem).toBe(true);
  gateway = await new Gateway(gatewayImage)
    .withReadOnlyRoot()
    .withNetwork(network)
    .withNetworkAliases('gateway')
    .withUser(`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`)
    .withDroppedCapabilities(...securityContext.capabilities.drop)
    .withSecurityOpt('no-new-privileges')
    .withResourcesQuota({ memory: 0.25 })
    .withTmpFs({ '/run/penstock': 'uid=1000,gid=1000,mode=700,size=32m' })
    .withBindMounts([mount('config', '/etc/pipelock'), mount('ca', '/etc/penstock/ca'), mount('roots', '/etc/roots')])
    .withCommand(args)
    .withLogConsumer((stream) => stream.on('data', (text: Buffer) => (log += text)))
    .withWaitStrategy(Wait.forLogMessage('"event":"ready"'))
    .withStartupTimeout(120_000)
    .start()
    .catch((error: Error) => {
      throw new Error(`${error.message}\n${outOfMemory()}${log}`);
    });
});

afterAll(async () => {
  await Promise.all([origin, mcp, client, gateway].map((container) => container?.stop({ timeout: 1 })));
  await network?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A gateway that the kernel took at its start has no log, and no container that could be asked. */
function outOfMemory(): string {
  const seen = ['--since', '5m', '--until', '0s', '--filter', 'event=oom', '--format', '{{.Actor.Attributes.image}}'];
  const images = execFileSync('docker', ['events', ...seen], { encoding: 'utf8' });
  return images.includes(gatewayImage) ? 'it was killed at its start: out of memory\n' : '';
}

function write(name: string, content: string | Buffer): void {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), content);
}

function writeConfig(text: string): void {
  write('config/pipelock.yaml', text);
}

const mount = (source: string, target: string) => ({ source: join(folder, source), target, mode: 'ro' as const });

interface Told {
  status: number;
  body: string;
  chunkMs: number[];
}

/** A request from the client's container. */
async function ask(request: Record<string, unknown>): Promise<Told> {
  const { exitCode, output } = await client.exec(['node', 'test/containers/client.ts', JSON.stringify(request)]);
  if (exitCode !== 0) throw new Error(`client: ${output}\n${log.slice(-3_000)}`);
  return JSON.parse(output.trim().split('\n').at(-1)!) as Told;
}

async function arrivedAt(server: StartedTestContainer): Promise<{ method: string; body: string }[]> {
  const answer = await fetch(`http://${server.getHost()}:${server.getMappedPort(9000)}/`);
  const list = (await answer.json()) as { method: string; body: string }[];
  return list.map(({ method, body }) => ({ method, body: Buffer.from(body, 'base64').toString() }));
}

const through = (path: string, more: object = {}) => ask({ via: 'proxy', url: `https://origin.test${path}`, ...more });
const callTool = (name: string, text: string) =>
  ask({
    url: 'http://gateway:8889/mcp',
    fields: [['Content-Type', 'application/json']],
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { text } } }),
  });
// On its own port: a mapped one is not the gateway's own authority.
const page = async (path: string, name = 'gateway') => (await ask({ url: `http://${name}:8888${path}` })).body;
const inspect = (format: string) =>
  execFileSync('docker', ['inspect', '--format', format, gateway.getId()], { encoding: 'utf8' }).trim();

test('a plain request passes, and a leak is blocked before a byte of it has left', async () => {
  expect(await through('/v1', { body: '{"text": "hello"}' })).toMatchObject({ status: 200 });
  const blocked = await through('/v1', { body: JSON.stringify({ text: githubToken() }) });
  expect(blocked.status).toBe(403);
  expect(blocked.body).toContain('credential.github.token');
  expect((await through('/v1', { body: JSON.stringify({ text: `card ${cardNumber}` }) })).status).toBe(403);
  expect((await arrivedAt(origin)).map(({ body }) => body).join()).toBe('{"text": "hello"}');
});

test('an event stream passes as it comes', async () => {
  const { status, body, chunkMs } = await through('/stream', { body: '{"stream": true}' });
  expect(status).toBe(200);
  expect(body.match(/data: .*/g)).toHaveLength(6);
  expect(chunkMs.at(-1)! - chunkMs[0]!).toBeGreaterThan(1_500);
});

test('on the MCP port a call passes, and a poisoned answer and a leaking call are refused', async () => {
  expect(await callTool('echo', 'hello')).toMatchObject({ status: 200, body: expect.stringContaining('hello') });
  const poisoned = await callTool('poisoned', 'x');
  expect(poisoned.body).toContain('credential.github.token');
  expect(poisoned.body).toContain('"error"');
  expect(poisoned.body).not.toContain(githubToken());
  const calls = (await arrivedAt(mcp)).length;
  expect((await callTool('echo', githubToken())).body).toContain('"error"');
  expect(await arrivedAt(mcp)).toHaveLength(calls);
});

test('the metrics page has the counters, and /health says what runs', async () => {
  const metrics = await page('/metrics');
  expect(metrics).toMatch(/^penstock_findings_total\{.*credential\.github\.token.*\} [1-9]/m);
  expect(metrics).toMatch(/^penstock_config_current 1$/m);
  expect(metrics).toMatch(/^penstock_envoy_up 1$/m);
  expect(JSON.parse(await page('/health'))).toMatchObject({
    status: 'healthy',
    mode: 'balanced',
    configuration: { state: 'current' },
  });
});

test('256 MiB are enough for traffic, large bodies and a reload', async () => {
  expect(inspect('{{.HostConfig.Memory}}')).toBe(String(256 * 1024 * 1024));
  await Promise.all([1, 2, 3].map(() => through('/v1', { bodyBytes: 100_000, times: 100 })));
  expect((await through('/v1', { bodyBytes: 4_900_000, times: 3 })).status).toBe(200);
  const { stdout } = await template('gateway', { ...values, mode: 'audit' });
  writeConfig(object(stdout, 'ConfigMap', '-pipelock').data['pipelock.yaml']);
  await waitFor('the reload', () => log.includes('the changed configuration is in use'), 60_000);
  expect((await through('/v1', { body: JSON.stringify({ text: githubToken() }) })).status).toBe(200);
  expect(inspect('{{.State.OOMKilled}} {{.State.Running}}')).toBe('false true');
  expect(log).not.toContain('"event":"restart"');
});

test('SIGTERM lets what is under way end, and the gateway ends with 0', async () => {
  const mark = log.length;
  const streaming = through('/stream', { body: '{"stream": true}' });
  await waitFor(
    'the stream to begin',
    async () => Number(/envoy_http_downstream_rq_active\{.*intercept.*\} (\d+)/.exec(await page('/metrics'))?.[1]) > 0,
    20_000,
  );
  await gateway.stop({ timeout: 20_000, remove: false });
  expect((await streaming).body.match(/data: .*/g)).toHaveLength(6);
  expect(inspect('{{.State.ExitCode}} {{.State.OOMKilled}}')).toBe('0 false');
  expect(log.slice(mark)).toContain('"event":"stopped"');
  execFileSync('docker', ['rm', gateway.getId()]);
});

test("the official chart's arguments and probes are enough, without a volume", async () => {
  const second = await new Gateway(gatewayImage)
    .withReadOnlyRoot()
    .withNetwork(network)
    .withNetworkAliases('second')
    .withUser('1000:1000')
    // A fifth below the chart's limit: rules and configurations grow, and a start needs most of all.
    .withResourcesQuota({ memory: 0.2 })
    .withDroppedCapabilities('ALL')
    .withBindMounts([mount('official', '/etc/pipelock')])
    .withCommand([
      ...['run', '--config', '/etc/pipelock/pipelock.yaml', '--listen', '0.0.0.0:8888', '--mcp-listen', '0.0.0.0:8889'],
      ...['--mcp-upstream', 'http://sure:80/mcp'],
    ])
    .withWaitStrategy(Wait.forLogMessage('"event":"ready"'))
    .withStartupTimeout(120_000)
    .start();
  expect(JSON.parse(await page('/health', 'second'))).toMatchObject({ status: 'healthy' });
  await second.stop();
});

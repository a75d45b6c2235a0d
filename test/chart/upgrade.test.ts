// Install and upgrade by the real Helm against a server that keeps objects: what is generated once stays.
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuthority } from '../../control/certs/ca.ts';
import { chartDirectory } from '../../control/values/chart.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { helm, type Ran } from './helm.ts';

let server: ApiServer;
let folder: string;

beforeEach(async () => {
  server = await startApiServer();
  folder = mkdtempSync(join(tmpdir(), 'upgrade-'));
  writeFileSync(join(folder, 'kubeconfig'), server.kubeconfig);
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const cluster = () => [
  '--kubeconfig',
  join(folder, 'kubeconfig'),
  '--namespace',
  'money',
  '--disable-openapi-validation',
];

function install(chart: string, ...args: string[]): Promise<Ran> {
  return helm('upgrade', '--install', 'sure', join(chartDirectory, chart), ...cluster(), ...args);
}

const at = (kind: string, name: string) => server.objects.get(`/api/v1/namespaces/money/${kind}/${name}`);
const ca = () => at('secrets', 'sure-pipelock-ca')?.data as Record<string, string>;

test("an upgrade keeps the CA, Sure's keys and the passwords", { timeout: 60_000 }, async () => {
  const on = ['--set', 'pipelock.enabled=true'];
  const first = await install('sure', ...on);
  expect(first).toMatchObject({ code: 0 });
  const kept = ['sure-pipelock-ca', 'sure-app', 'sure-postgresql', 'sure-redis'];
  const before = kept.map((name) => structuredClone(at('secrets', name).data));
  const trust = at('configmaps', 'sure-pipelock-trust').data['ca.crt'];
  expect(trust.trim()).toBe(Buffer.from(ca()['tls.crt']!, 'base64').toString().trim());

  const second = await install('sure', ...on, '--set', 'pipelock.replicas=2', '--set', 'pipelock.mode=audit');
  expect(second).toMatchObject({ code: 0 });
  expect(second.stdout).toContain('REVISION: 2');
  expect(server.objects.get('/apis/apps/v1/namespaces/money/deployments/sure-pipelock').spec.replicas).toBe(2);
  expect(at('configmaps', 'sure-pipelock').data['pipelock.yaml']).toContain('mode: "audit"');
  expect(kept.map((name) => at('secrets', name).data)).toEqual(before);
  expect(at('configmaps', 'sure-pipelock-trust').data['ca.crt']).toBe(trust);
});

test('the CA outlives the release, and a new one takes it up', { timeout: 60_000 }, async () => {
  await install('gateway');
  const before = structuredClone(ca());
  expect(await helm('uninstall', 'sure', ...cluster().slice(0, 4))).toMatchObject({ code: 0 });
  expect(at('configmaps', 'sure-pipelock')).toBeUndefined();
  expect(ca()).toEqual(before);
  expect(await install('gateway')).toMatchObject({ code: 0 });
  expect(ca()).toEqual(before);
});

test('without the Secret each install makes its own CA', { timeout: 60_000 }, async () => {
  await install('gateway');
  const before = structuredClone(ca());
  server.objects.clear();
  await install('gateway');
  expect(ca()['tls.crt']).not.toBe(before['tls.crt']);
});

test('a Secret without a key is not replaced', async () => {
  await install('gateway');
  delete ca()['tls.key'];
  const { code, stderr } = await install('gateway');
  expect(code).toBe(1);
  expect(stderr).toContain(
    'Secret money/sure-pipelock-ca exists and has no tls.crt or no tls.key; give it both, or remove it',
  );
});

test('the gateway opens the CA that Helm made', async () => {
  await install('gateway');
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  for (const file of [certFile, keyFile])
    writeFileSync(file, Buffer.from(ca()[file.slice(-7)]!, 'base64'), { mode: 0o600 });
  const { certificate, key } = await openAuthority({ certFile, keyFile, create: false });
  expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  const years = (new X509Certificate(certificate.raw).validToDate.getTime() - Date.now()) / (365 * 24 * 3_600_000);
  expect(years).toBeGreaterThan(9.9);
});

test('the notes say what the guard does not see', async () => {
  const { code, stdout } = await install(
    'sure',
    '--values',
    join(chartDirectory, 'sure/ci/03-external-services-values.yaml'),
  );
  expect(code).toBe(0);
  expect(stdout).toContain('rails.extraEnvFrom (1 set here) or from an existing Secret (sure-secrets)');
  const inside = await install(
    'sure',
    '--set',
    'pipelock.enabled=true',
    '--set',
    'rails.externalAssistant.enabled=true',
    '--set',
    'rails.externalAssistant.url=http://agent.ai.svc.cluster.local/v1/chat',
  );
  expect(inside.stdout).toContain(
    'is inside the cluster. Its names are in NO_PROXY, so the chat does not pass the gateway.',
  );
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../test/chart/api-server.ts';
import { TestCa } from '../../test/harness/pki.ts';
import { clusterApi } from './cluster-api.ts';
import { ConfigMapStore } from './config-map-store.ts';
import { Keeper } from './keeper.ts';
import { approve, type Pins, parsePins } from './pins.ts';

const ca = new TestCa('cluster');
const leaf = ca.leaf({ names: ['localhost'] });
const object = '/api/v1/namespaces/money/configmaps/gw-pins';
let server: ApiServer;
let account = '';

beforeEach(async () => {
  server = await startApiServer({ ...leaf, token: 'first' });
  account = mkdtempSync(join(tmpdir(), 'penstock-account-'));
  mkdirSync(account, { recursive: true });
  writeAccount({ token: 'first', namespace: 'money', 'ca.crt': ca.pem });
});
afterEach(async () => {
  await server.close();
  rmSync(account, { recursive: true, force: true });
});

function writeAccount(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(account, name), `${text}\n`);
}

/** The store of another pod. */
function pod(): ConfigMapStore {
  const env = { KUBERNETES_SERVICE_HOST: 'localhost', KUBERNETES_SERVICE_PORT: String(server.port) };
  return new ConfigMapStore('gw-pins', clusterApi(env, account));
}

const tool = (name: string, description = 'x') => ({ name, description });
function judging(store: ConfigMapStore) {
  const keeper = new Keeper({ store, firstSeen: () => 'trust', tell: () => {} });
  const standings = async (...tools: object[]) =>
    (await keeper.judge('mcp', JSON.stringify({ tools })))?.map(({ standing }) => standing);
  return { keeper, standings };
}
const names = (pins: Pins) => [...(pins.get('mcp')?.tools.keys() ?? [])].sort();

test('pods share one ConfigMap, which the first of them makes', async () => {
  const [one, two] = [judging(pod()), judging(pod())];
  expect(await one.standings(tool('a'))).toEqual(['new']);
  expect(names(parsePins(server.objects.get(object).data['pins.json'], 'object'))).toEqual(['a']);
  expect(await two.standings(tool('a'), tool('b'))).toEqual(['known', 'added']);
  expect(await two.standings(tool('a', 'other'))).toEqual(['drifted']);
});

test('an approval in one pod is noticed by another within two seconds', async () => {
  const [one, two] = [judging(pod()), judging(pod())];
  await one.standings(tool('a'));
  expect(await two.standings(tool('a', 'other'))).toEqual(['drifted']);
  await two.keeper.read();
  await one.keeper.update((pins) => approve(pins, { upstream: 'mcp', tool: 'a' }, new Date()));
  const start = performance.now();
  while ((await two.standings(tool('a', 'other')))?.[0] !== 'known') {
    expect(performance.now() - start).toBeLessThan(2_000);
    await new Promise((settle) => setTimeout(settle, 50));
  }
});

test('pods that write at once lose nothing, and one definition of a tool is pinned', async () => {
  const pods = Array.from({ length: 6 }, () => judging(pod()));
  const seen = await Promise.all(
    pods.map(({ standings }, i) => standings(tool(`own ${i}`), tool('shared', `by ${i}`))),
  );
  // What was added is noted a moment later.
  await Promise.all(pods.map(({ keeper }) => keeper.read()));
  expect(names(await pod().read())).toEqual(['own 0', 'own 1', 'own 2', 'own 3', 'own 4', 'own 5', 'shared']);
  const shared = seen.map((standings) => standings?.[1]);
  expect(shared.filter((standing) => standing === 'new' || standing === 'added')).toHaveLength(1);
  expect(shared.filter((standing) => standing === 'drifted')).toHaveLength(5);
});

test('a burst of lists costs one call a second', async () => {
  const store = pod();
  const { standings } = judging(store);
  await standings(tool('a'));
  await server.close();
  for (let i = 0; i < 20; i++) expect(await standings(tool('a'))).toEqual(['known']);
});

test('where the API server refuses or is away, tools are held and the message says why', async () => {
  const told: string[] = [];
  const keeper = new Keeper({ store: pod(), firstSeen: () => 'trust', tell: (_, message) => told.push(message) });
  const standings = async () => (await keeper.judge('mcp', JSON.stringify({ tools: [tool('a')] })))?.[0]?.standing;
  writeAccount({ token: 'stranger' });
  expect(await standings()).toBe('held');
  expect(told).toEqual([
    'ConfigMap gw-pins: the API server answers 401; the service account needs get, create and update of it; until then all tools are held',
  ]);
  // Kubelet renews the token.
  writeAccount({ token: 'first' });
  expect(await standings()).toBe('new');
  server.objects.get(object).data['pins.json'] = 'no pins';
  server.objects.get(object).metadata.resourceVersion = '999';
  await expect(pod().read()).rejects.toThrow('ConfigMap gw-pins: is no JSON');
  await server.close();
  await expect(pod().read()).rejects.toThrow('ConfigMap gw-pins: the API server does not answer: ');
});

test('a ConfigMap that was there and is gone is an error and not an empty store', async () => {
  const store = pod();
  const { standings } = judging(store);
  await standings(tool('a'));
  server.objects.delete(object);
  await expect(store.update((pins) => pins)).rejects.toThrow('ConfigMap gw-pins: is gone');
});

test('a server with another certificate is not trusted', async () => {
  writeAccount({ 'ca.crt': new TestCa('stranger').pem });
  await expect(pod().read()).rejects.toThrow('does not answer: ');
});

test('outside of a pod there is no such store', () => {
  expect(() => clusterApi({})).toThrow('this is no pod of a cluster');
});

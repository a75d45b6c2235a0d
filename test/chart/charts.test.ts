// The charts as Helm renders them: every values file in ci/ against its golden file, Kubernetes' schemas and Pod Security.
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { chartDirectory } from '../../control/values/chart.ts';
import { charts, orphans, readGolden, withoutSecrets } from './golden.ts';
import { helm, object, objects, template, valuesFiles } from './helm.ts';
import { type KubernetesObject, openSchemas } from './kubernetes.ts';
import { restrictedProblems } from './pod-security.ts';

let schemaProblems: Awaited<ReturnType<typeof openSchemas>>;

// Helm may have to be built first, and Kubernetes' schemas fetched.
beforeAll(async () => {
  await helm('version');
  schemaProblems = await openSchemas();
}, 900_000);

/** Helm notes that it follows a link, and that a list replaces a mapping, as rails.extraEnv may. */
const withoutWarnings = (stderr: string) => stderr.replace(/^(?:walk|coalesce)\.go.*\n/gm, '');

/** An object, typed loosely: what is looked up in it is the test. */
type Rendered = ReturnType<typeof object>;

const cases = charts.flatMap((chart) => valuesFiles(chart).map((file) => ({ chart, ...file })));

describe.each(cases)('$chart $name', ({ chart, name, path }) => {
  let text: string;
  beforeAll(async () => {
    const { code, stdout, stderr } = await template(chart, path, '--namespace', 'money');
    expect(withoutWarnings(stderr)).toBe('');
    expect(code).toBe(0);
    text = stdout;
  });

  test('is what the golden file says; npm run chart writes it anew', () => {
    expect(withoutSecrets(text)).toBe(readGolden(chart, name));
  });

  test('Kubernetes accepts every object', () => {
    expect(objects(text).flatMap(schemaProblems)).toEqual([]);
  });

  test('every pod runs in a namespace that enforces Pod Security restricted', () => {
    expect(objects(text).flatMap(restrictedProblems)).toEqual([]);
  });

  test('every object of the gateway can be listed by its label, and every object names its namespace', () => {
    const all = objects(text);
    const gateway = all.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === 'pipelock');
    expect(gateway.map(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'])).toEqual(
      gateway.map(() => 'pipelock'),
    );
    const fromGateway = text.split(/^---\n/m).filter((part) => /^# Source: (?:sure\/charts\/)?pipelock\//.test(part));
    expect(fromGateway.filter((part) => !part.includes('app.kubernetes.io/component: pipelock'))).toEqual([]);
    expect(all.filter(({ metadata }) => metadata.namespace !== 'money')).toEqual([]);
  });
});

test('no golden file is left over, and the charts pass helm lint with every values file', {
  timeout: 60_000,
}, async () => {
  expect(orphans()).toEqual([]);
  for (const { chart, path } of cases) {
    const { code, stdout } = await helm('lint', '--strict', '--quiet', join(chartDirectory, chart), '--values', path);
    expect({ path, code, stdout }).toEqual({ path, code: 0, stdout: '' });
  }
});

test("the schemas and Pod Security's rules can refuse", async () => {
  const { stdout } = await template('gateway', {});
  const broken = (change: (deployment: Rendered) => void): KubernetesObject => {
    const deployment = object(stdout, 'Deployment');
    change(deployment);
    return deployment;
  };
  const container = (deployment: Rendered) => deployment.spec.template.spec.containers[0];
  expect(schemaProblems(broken((d) => (container(d).securityContextt = {})))).toHaveLength(1);
  expect(schemaProblems(broken((d) => (container(d).ports[0].containerPort = '8888')))).toHaveLength(1);
  expect(schemaProblems(broken((d) => delete d.spec.selector))).toHaveLength(1);
  expect(restrictedProblems(broken((d) => delete container(d).securityContext.capabilities))).toHaveLength(1);
  expect(restrictedProblems(broken((d) => (d.spec.template.spec.securityContext.runAsUser = 0)))).toHaveLength(1);
  expect(
    restrictedProblems(broken((d) => d.spec.template.spec.volumes.push({ name: 'x', hostPath: { path: '/' } }))),
  ).toHaveLength(1);
});

test('deploy, svc and cm are all found by the label', async () => {
  const { stdout } = await template('sure', { pipelock: { enabled: true } });
  const listed = objects(stdout).filter(
    ({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'pipelock',
  );
  expect(listed.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
    'ConfigMap sure-pipelock',
    'ConfigMap sure-pipelock-trust',
    'Deployment sure-pipelock',
    'Secret sure-pipelock-ca',
    'Service sure-pipelock',
  ]);
});

test('the gateway is run as the official chart runs it', async () => {
  const { stdout } = await template('sure', { pipelock: { enabled: true } });
  const { args, ports, livenessProbe, readinessProbe } = object(stdout, 'Deployment', '-pipelock').spec.template.spec
    .containers[0];
  expect(args.slice(0, 9)).toEqual([
    ...['run', '--config', '/etc/pipelock/pipelock.yaml', '--listen', '0.0.0.0:8888', '--mcp-listen', '0.0.0.0:8889'],
    ...['--mcp-upstream', 'http://sure:80/mcp'],
  ]);
  expect(ports.map((port: { name: string; containerPort: number }) => [port.name, port.containerPort])).toEqual([
    ['proxy', 8888],
    ['mcp', 8889],
  ]);
  for (const { httpGet } of [livenessProbe, readinessProbe])
    expect(httpGet).toEqual({ path: '/health', port: 'proxy' });
});

test('a service account token is there for pins alone', async () => {
  const without = await template('gateway', {});
  expect(object(without.stdout, 'Deployment').spec.template.spec.automountServiceAccountToken).toBe(false);
  expect(objects(without.stdout).filter(({ kind }) => kind === 'Role')).toEqual([]);
  const { stdout } = await template('gateway', { pins: { store: 'configMap' } });
  expect(object(stdout, 'Deployment').spec.template.spec).toMatchObject({
    automountServiceAccountToken: true,
    serviceAccountName: 'sure-pipelock-pins',
  });
});

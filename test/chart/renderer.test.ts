// One renderer: the chart's template and `penstock render` write the same pipelock.yaml, byte for byte.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../control/config/read.ts';
import type { Values } from '../../control/values/chart.ts';
import { readValues } from '../../control/values/read.ts';
import { caseNames, casesDirectory } from '../cases.ts';
import { charts } from './golden.ts';
import { type ChartName, object, template, valuesFiles } from './helm.ts';

/** The pipelock.yaml of both, for values of a chart. */
async function both(chart: ChartName, values: Values): Promise<{ helm: string; penstock: string }> {
  const { code, stdout, stderr } = await template(chart, values);
  if (code !== 0) throw new Error(stderr);
  return {
    helm: object(stdout, 'ConfigMap', '-pipelock').data['pipelock.yaml'],
    penstock: readValues(JSON.stringify(values), 'values.yaml').pipelockYaml,
  };
}

describe.each(caseNames())('case %s', (name) => {
  const written = readFileSync(join(casesDirectory, name, 'pipelock.yaml'), 'utf8');

  test('as extraConfig, both render the same, and it means what the case means', async () => {
    const extraConfig = parse(written) as Values;
    // What the file leaves out, the case means to leave out too.
    const { helm, penstock } = await both('gateway', { extraConfig });
    expect(penstock).toBe(helm);
    expect(parse(penstock)).toMatchObject(extraConfig);
  });
});

describe.each(charts.flatMap((chart) => valuesFiles(chart).map((file) => ({ chart, ...file }))))(
  '$chart $name',
  ({ chart, path }) => {
    test('both render the same', async () => {
      const text = readFileSync(path, 'utf8');
      const read = readValues(text, path);
      if (!read.hasGateway) return;
      const { stdout } = await template(chart, path);
      const name = (parse(text) as Values).fullnameOverride === 'egress' ? 'egress' : '-pipelock';
      expect(read.pipelockYaml).toBe(object(stdout, 'ConfigMap', name).data['pipelock.yaml']);
      const deployment = object(stdout, 'Deployment', name);
      const { args } = deployment.spec.template.spec.containers[0];
      const after = (option: string) => (args.includes(option) ? args[args.indexOf(option) + 1] : '');
      expect({ ...read.ports, upstream: read.mcpUpstream }).toEqual({
        proxy: Number(after('--listen').split(':')[1]),
        mcp: Number(after('--mcp-listen').split(':')[1]),
        upstream: after('--mcp-upstream'),
      });
    });
  },
);

test('texts that YAML or JSON could take for something else', async () => {
  const extraConfig = {
    words: [
      'y',
      'yes',
      'on',
      'null',
      '~',
      '1.0',
      '0x10',
      '12:30',
      '2024-01-01',
      '',
      ' x ',
      'a: b',
      '# c',
      '- d',
      '"',
      '\\',
      "'",
    ],
    marks: '\u2028\u2029\u0001\t\n\r<&>é😀\uFEFF',
    numbers: [0, -1, 1.5, 1e21, 1e-7, 123456789012, 5242880],
    Zed: 1,
    zed: 2,
    é: 3,
    '😀': 4,
    '\uFF5E': 5,
  };
  const { helm, penstock } = await both('gateway', { extraConfig });
  expect(penstock).toBe(helm);
  expect(parse(penstock)).toMatchObject(extraConfig);
});

test('plain words of a values file mean what they mean to Helm', async () => {
  const text =
    'extraConfig: {a: yes, b: on, c: y, d: 0777, f: 1_000, g: 12:30:10, h: 1.50, i: 1e3, j: ~, k: 2024-01-01, l: 0x10, o: =}\n';
  const { stdout } = await template('gateway', {}, '--set-json', 'enabled=true', '--values', await fileWith(text));
  expect(readValues(text, 'values.yaml').pipelockYaml).toBe(
    object(stdout, 'ConfigMap', '-pipelock').data['pipelock.yaml'],
  );
});

test('null removes a default, in both', async () => {
  const values = { logging: { format: 'text' }, tlsInterception: { certCacheSize: null }, internal: null };
  const { helm, penstock } = await both('gateway', values);
  expect(penstock).toBe(helm);
});

test("the gateway accepts what the charts' defaults write", async () => {
  const { penstock } = await both('gateway', {});
  const { config } = readConfig(penstock, 'pipelock.yaml');
  expect(config).toMatchObject({
    mode: 'balanced',
    tls_interception: { enabled: true },
    forward_proxy: { enabled: true },
  });
  expect(config.request_body_scanning.action).toBeUndefined();
});

async function fileWith(text: string): Promise<string> {
  const { mkdtemp, writeFile } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const file = join(await mkdtemp(join(tmpdir(), 'values-')), 'values.yaml');
  await writeFile(file, text);
  return file;
}

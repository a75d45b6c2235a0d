/** The charts through the real Helm. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { findHelm } from '../../chart/find-helm.ts';
import { chartDirectory, type Values } from '../../control/values/chart.ts';
import type { KubernetesObject } from './kubernetes.ts';

const run = promisify(execFile);

export type ChartName = 'gateway' | 'sure';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

let found: Promise<string> | undefined;

/** Runs Helm with a home of its own. */
export async function helm(...args: string[]): Promise<Ran> {
  found ??= findHelm(process.env, (line) => process.stderr.write(`${line}\n`));
  const path = await found;
  const home = mkdtempSync(join(tmpdir(), 'helm-'));
  const env = {
    ...process.env,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    KUBECONFIG: '/dev/null',
  };
  try {
    const { stdout, stderr } = await run(path, args, { env, maxBuffer: 16 * 1024 * 1024 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr, message } = error as Error & { code: unknown; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw new Error(`helm: ${message}`);
    return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** `helm template sure CHART`, with values from a file or given here, and further arguments. */
export async function template(chart: ChartName, values: string | Values, ...args: string[]): Promise<Ran> {
  if (typeof values === 'string')
    return helm('template', 'sure', join(chartDirectory, chart), '--values', values, ...args);
  const folder = mkdtempSync(join(tmpdir(), 'values-'));
  try {
    const file = join(folder, 'values.yaml');
    // JSON, whose words mean the same to everybody.
    writeFileSync(file, JSON.stringify(values));
    return await helm('template', 'sure', join(chartDirectory, chart), '--values', file, ...args);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The objects of what Helm printed. */
export function objects(text: string): KubernetesObject[] {
  const all = parseAllDocuments(text) as { toJS(): KubernetesObject | null }[];
  return all.map((document) => document.toJS()).filter((object) => object !== null);
}

/** The one object of a kind, by the end of its name where there are several. Typed loosely: what is looked up in it is the test. */
// biome-ignore lint/suspicious/noExplicitAny: an object of Kubernetes
export function object(text: string, kind: string, nameEnd = ''): any {
  const found = objects(text).filter((each) => each.kind === kind && each.metadata.name.endsWith(nameEnd));
  if (found.length !== 1)
    throw new Error(`${found.length} objects of kind ${kind} with a name that ends in "${nameEnd}"`);
  return found[0];
}

/** The values files in chart/NAME/ci. */
export function valuesFiles(chart: ChartName): { name: string; path: string }[] {
  const folder = join(chartDirectory, chart, 'ci');
  return readdirSync(folder)
    .sort()
    .map((file) => ({ name: file.replace(/-values\.yaml$/, ''), path: join(folder, file) }));
}

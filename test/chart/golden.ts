/** What Helm makes of each chart/NAME/ci/NN-name-values.yaml, kept in test/chart/golden. Run by itself it writes the files anew. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChartName, template, valuesFiles } from './helm.ts';

const folder = join(import.meta.dirname, 'golden');

export const charts: ChartName[] = ['gateway', 'sure'];

/** Rendered objects without what is drawn anew each time: keys, certificates, passwords. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g, '(certificate)')
    .replace(
      /^(kind: Secret\n[\s\S]*?^data:\n)((?: {2}.*\n)*)/gm,
      (_, head: string, data: string) => head + data.replace(/^( {2}[\w.]+:) \S+$/gm, '$1 (drawn)'),
    );
}

export function goldenPath(chart: ChartName, name: string): string {
  return join(folder, chart, `${name}.yaml`);
}

/** Golden files that no values file makes. */
export function orphans(): string[] {
  return charts.flatMap((chart) => {
    const names = new Set(valuesFiles(chart).map(({ name }) => `${name}.yaml`));
    const directory = join(folder, chart);
    return (existsSync(directory) ? readdirSync(directory) : [])
      .filter((file) => !names.has(file))
      .map((file) => join(directory, file));
  });
}

/** The golden text as it is kept. */
export function readGolden(chart: ChartName, name: string): string | undefined {
  const path = goldenPath(chart, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

if (import.meta.main) {
  for (const path of orphans()) rmSync(path);
  for (const chart of charts) {
    mkdirSync(join(folder, chart), { recursive: true });
    for (const { name, path } of valuesFiles(chart)) {
      const { code, stdout, stderr } = await template(chart, path, '--namespace', 'money');
      if (code !== 0) throw new Error(`${path}: ${stderr}`);
      writeFileSync(goldenPath(chart, name), withoutSecrets(stdout));
    }
  }
}

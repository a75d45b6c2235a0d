/**
 * values.yaml → values.schema.json and the table in README.md, for both charts. `npm run chart` writes them;
 * test/chart/generated.test.ts says where they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeValues, schemaOf, tableOf } from './describe.ts';

/** The charts, each with the sections that its subcharts check. */
export const charts = [
  { name: 'gateway', subcharts: [] },
  { name: 'sure', subcharts: ['pipelock'] },
] as const;

const [begin, end] = ['<!-- values: made from values.yaml by npm run chart -->', '<!-- end of values -->'];

/** The generated files of all charts: path → text. */
export function generated(): Map<string, string> {
  const files = new Map<string, string>();
  for (const { name, subcharts } of charts) {
    const folder = join(import.meta.dirname, name);
    const entries = describeValues(readFileSync(join(folder, 'values.yaml'), 'utf8'));
    files.set(join(folder, 'values.schema.json'), `${JSON.stringify(schemaOf(entries, subcharts), null, 2)}\n`);
    const path = join(folder, 'README.md');
    const readme = readFileSync(path, 'utf8');
    const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${path}: the lines that mark the table are missing: ${begin} … ${end}`);
    const table = `${begin}\n${tableOf(entries)}\n`;
    files.set(path, readme.slice(0, from) + table + readme.slice(to));
  }
  return files;
}

if (import.meta.main) {
  for (const [path, text] of generated()) writeFileSync(path, text);
}

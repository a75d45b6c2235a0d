/** The two charts' own values and schemas, as they lie in chart/. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const chartDirectory = join(import.meta.dirname, '../../chart');

export type Values = Record<string, unknown>;

export interface Chart {
  name: 'gateway' | 'sure';
  defaults: Values;
  /** JSON schema, draft-07. */
  schema: Record<string, unknown>;
}

function readChart(name: Chart['name']): Chart {
  const text = (file: string) => readFileSync(join(chartDirectory, name, file), 'utf8');
  return {
    name,
    defaults: parse(text('values.yaml')) as Values,
    schema: JSON.parse(text('values.schema.json')) as Chart['schema'],
  };
}

/** The gateway's chart, `pipelock`. */
export const gatewayChart: Chart = readChart('gateway');
/** Sure's chart, in which the gateway's values stand under `pipelock`. */
export const sureChart: Chart = readChart('sure');

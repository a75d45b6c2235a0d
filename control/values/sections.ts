/** chart/gateway/files/sections.yaml: how values become pipelock.yaml, for the chart's template and for render.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { chartDirectory } from './chart.ts';

export interface Sections {
  /** Top-level values that go there, in camelCase. */
  sections: string[];
  /** Dotted paths of what is the chart's own below them. */
  notWritten: string[];
  /** Dotted paths that are written when empty too. */
  keptEmpty: string[];
  /** Names below which names are the user's. */
  freeNames: string[];
  /** What tls_interception gets where TLS is opened. */
  ca: Record<string, string>;
}

export const sections = parse(
  readFileSync(join(chartDirectory, 'gateway', 'files', 'sections.yaml'), 'utf8'),
) as Sections;

/** "maxBodyBytes" → "max_body_bytes" */
export function snakeName(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

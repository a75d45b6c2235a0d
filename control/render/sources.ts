/** The files of envoy/, parsed. Each call reads them anew, so that what it gives may be changed in place. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Resource, Value } from './field.ts';

/** Where envoy/*.yaml are. */
export const sourceDirectory = join(import.meta.dirname, '../../envoy');

/** The value that envoy/NAME.yaml holds. No two places share an object, also where the file uses an alias. */
export function source(
  name: 'bootstrap' | 'egress' | 'intercept' | 'mcp' | 'clusters' | 'filter' | 'replies' | 'stop-on' | 'end',
): Resource;
export function source(name: 'reading' | 'stop'): Value[];
export function source(name: string): Value {
  return structuredCloneByValue(parse(readFileSync(join(sourceDirectory, `${name}.yaml`), 'utf8'), { merge: false }));
}

function structuredCloneByValue(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

/**
 * Values → pipelock.yaml. chart/gateway/templates/_pipelock-yaml.tpl is the same in Helm's language;
 * test/chart/renderer.test.ts holds the two together, byte for byte.
 */
import { isMapping } from '../config/tree.ts';
import type { Values } from './chart.ts';
import { sections, snakeName } from './sections.ts';

/**
 * The text of pipelock.yaml.
 * @param values of the gateway's chart, with its defaults in them
 */
export function renderPipelock(values: Values): string {
  const file: Values = {};
  for (const name of sections.sections) {
    const value = snake(values[name], name, name);
    const kept = sections.keptEmpty.includes(name) && Array.isArray(values[name]);
    if (kept || !isEmpty(value)) file[snakeName(name)] = value;
  }
  const tls = values.tlsInterception;
  if (isMapping(tls) && tls.enabled === true)
    file.tls_interception = { ...sections.ca, ...(file.tls_interception as Values) };
  mergeInto(file, isMapping(values.extraConfig) ? values.extraConfig : {});
  return write(file, '');
}

/** A value with its names in snake_case, and without what is empty. */
function snake(value: unknown, path: string, name: string): unknown {
  if (Array.isArray(value)) return value.map((entry) => snake(entry, path, ''));
  if (!isMapping(value)) return value;
  const made: Values = {};
  for (const [key, child] of Object.entries(value)) {
    const below = snake(child, `${path}.${key}`, key);
    if (isEmpty(below) || sections.notWritten.includes(`${path}.${key}`)) continue;
    made[sections.freeNames.includes(name) ? key : snakeName(key)] = below;
  }
  return made;
}

/** Empty text, list and section, and what is left out; a number and a switch never. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Puts a mapping over another, section by section; lists are replaced. */
function mergeInto(into: Values, from: Values): void {
  for (const [key, value] of Object.entries(from)) {
    const below = into[key];
    if (isMapping(value) && isMapping(below)) mergeInto(below, value);
    else into[key] = structuredClone(value);
  }
}

/** Words that YAML takes for something else. */
const notPlain = new Set(['null', 'true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n']);

/** A mapping as YAML: a key to a line, sorted; texts, and what stands in a list, as JSON. */
function write(mapping: Values, indent: string): string {
  let text = '';
  for (const [key, value] of sorted(mapping)) {
    const plain = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(key) && !notPlain.has(key);
    text += `${indent}${plain ? key : json(key)}:`;
    if (isMapping(value) && !isEmpty(value)) text += `\n${write(value, `${indent}  `)}`;
    else if (Array.isArray(value) && value.length > 0)
      text += `\n${value.map((entry) => `${indent}- ${json(entry)}\n`).join('')}`;
    else text += ` ${json(value)}\n`;
  }
  return text;
}

/** As Go's encoding/json writes it: keys sorted by bytes, two line separators escaped. */
function json(value: unknown): string {
  const inOrder = (_: string, entry: unknown) => (isMapping(entry) ? Object.fromEntries(sorted(entry)) : entry);
  return (JSON.stringify(value, inOrder) ?? 'null').replace(/[\u2028\u2029]/g, (c) =>
    c === '\u2028' ? '\\u2028' : '\\u2029',
  );
}

function sorted(mapping: Values): [string, unknown][] {
  return Object.entries(mapping).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

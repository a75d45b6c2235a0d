/** Reads a chart's values.yaml as the documentation that it is: each key with its default, its comment and its schema. */
import { parse } from 'yaml';

/** A JSON schema, draft-07: as much of it as values.yaml makes. */
export interface Schema {
  $schema?: string;
  type?: string | string[];
  enum?: unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  required?: string[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  minLength?: number;
  description?: string;
}

/** One key of values.yaml. */
export interface Entry {
  /** Names from the top. */
  path: string[];
  default: unknown;
  /** The comment above the key, without schema lines; empty where there is none. */
  text: string;
  /** What `# @schema` lines say. */
  schema: Schema;
}

/**
 * The entries of a values.yaml, in its order, sections before what is in them. The file is block style with an indentation of two; what a
 * `@schema` line or a default that is a flow mapping holds belongs to its key.
 * @throws Error where a `@schema` line does not read
 */
export function describeValues(text: string): Entry[] {
  const values = parse(text) as Record<string, unknown>;
  const entries: Entry[] = [];
  const above: string[] = [];
  let comment: string[] = [];
  for (const line of text.split('\n')) {
    const [, indent, name] = /^( *)([A-Za-z][A-Za-z0-9]*):/.exec(line) ?? [];
    if (/^ *#/.test(line)) {
      comment.push(line.replace(/^ *# ?/, ''));
      continue;
    }
    if (indent !== undefined && name !== undefined) {
      above.length = indent.length / 2;
      above.push(name);
      const path = [...above];
      const value = path.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], values);
      // A nested name below a free mapping (resources.requests) is part of a default, not a key of its own.
      const free = entries.some((entry) => isAbove(entry.path, path) && entry.schema.additionalProperties);
      if (value !== undefined && !free) entries.push({ path, default: value, ...readComment(comment, path) });
    }
    comment = [];
  }
  return entries;
}

function isAbove(upper: string[], lower: string[]): boolean {
  return upper.length < lower.length && upper.every((name, i) => name === lower[i]);
}

function readComment(lines: string[], path: string[]): Pick<Entry, 'text' | 'schema'> {
  const schema: Schema = {};
  const text: string[] = [];
  for (const line of lines) {
    const said = /^@schema (.*)$/.exec(line)?.[1];
    if (said === undefined) text.push(line);
    else
      try {
        Object.assign(schema, JSON.parse(said));
      } catch {
        throw new Error(`values.yaml: ${path.join('.')}: @schema is not JSON: ${said}`);
      }
  }
  return { text: text.join(' ').trim(), schema };
}

/** True for a section whose names the schema fixes: its own keys are entries. */
export function isSection({ default: value, schema }: Entry): boolean {
  return isMapping(value) && Object.keys(value).length > 0 && !schema.additionalProperties;
}

/**
 * The schema of the values that `entries` describe. Unknown keys are refused everywhere but below a key that allows them.
 * @param subcharts sections that a chart below this one checks by its own schema
 */
export function schemaOf(entries: readonly Entry[], subcharts: readonly string[] = []): Schema {
  const root: Schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    // Helm gives every chart of a release this one.
    properties: { global: { type: 'object' } },
    additionalProperties: false,
    required: [],
  };
  for (const entry of entries) {
    const above = entry.path.slice(0, -1);
    const name = entry.path.at(-1)!;
    if (subcharts.includes(entry.path[0]!)) {
      if (above.length > 0) continue;
      root.properties![name] = { description: entry.text, type: 'object' };
      root.required!.push(name);
      continue;
    }
    const parent = above.reduce((schema, step) => schema.properties![step]!, root);
    const own: Schema = isSection(entry)
      ? { type: 'object', properties: {}, additionalProperties: false, required: [] }
      : { ...typeOf(entry.default, entry.schema), ...entry.schema };
    parent.properties![name] = entry.text === '' ? own : { description: entry.text, ...own };
    // A value is always there, since Helm adds the default, unless somebody writes null: a free mapping may go.
    if (entry.default !== null && !entry.schema.additionalProperties) parent.required!.push(name);
  }
  return root;
}

function typeOf(value: unknown, { enum: allowed }: Schema): Schema {
  if (allowed !== undefined) return {};
  if (Array.isArray(value)) return { type: 'array' };
  if (isMapping(value)) return { type: 'object', additionalProperties: false };
  if (typeof value === 'number') return { type: 'integer' };
  return { type: typeof value };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The keys as a Markdown table, sections left out. */
export function tableOf(entries: readonly Entry[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = entries
    .filter((entry) => !isSection(entry))
    .map(({ path, default: value, text, schema }) => {
      const allowed = schema.enum ? schema.enum.map((one) => (one === '' ? '""' : String(one))).join(', ') : '';
      const said = [text, allowed && `One of: ${allowed}.`].filter((part) => part !== '').join(' ');
      return `| \`${path.join('.')}\` | \`${cell(JSON.stringify(value))}\` | ${cell(said)} |`;
    });
  return ['| key | default | what |', '|---|---|---|', ...rows].join('\n');
}

/** Values against a chart's values.schema.json. */
import { z } from 'zod';
import { quote } from '../config/complaint.ts';
import { explain, type KeyComplaint } from '../config/explain.ts';
import type { KeyPath } from '../config/keys.ts';
import { nearest } from '../config/suggest.ts';
import { isMapping } from '../config/tree.ts';
import type { Chart, Values } from './chart.ts';

type Schema = Record<string, unknown>;

/** What the schema has against the values; paths are from the chart's own top. */
export function checkSchema(values: Values, { schema }: Chart): KeyComplaint[] {
  const parsed = z.fromJSONSchema(schema).safeParse(values);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue) => explainValue(issue, values, schema));
}

function explainValue(issue: z.core.$ZodIssue, values: Values, schema: Schema): KeyComplaint[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const here = valueAt(values, path);
  if (issue.code === 'unrecognized_keys') {
    const names = Object.keys((schemaAt(schema, path)?.properties ?? {}) as Schema).filter((name) => name !== 'global');
    return issue.keys.map((name) => {
      const near = nearest(name, names);
      const remedy = near === undefined ? 'remove it' : `did you mean ${near}?`;
      return { path: [...path, name], on: 'key', code: 'unknown-key', message: 'unknown key', remedy };
    });
  }
  if (issue.code === 'invalid_union') {
    const kinds = [schemaAt(schema, path)?.type].flat().map((kind) => kindNames[String(kind)] ?? String(kind));
    const message = `${quote(here)} is not ${kinds.join(' or ')}`;
    return [{ path, on: 'value', code: 'wrong-type', message, remedy: `write ${kinds.join(' or ')}` }];
  }
  if (issue.code === 'invalid_format') {
    const message = `${quote(here)} does not have the form of this value`;
    return [{ path, on: 'value', code: 'not-allowed', message, remedy: "see the key in the chart's README.md" }];
  }
  return explain(issue, (at) => valueAt(values, at));
}

const kindNames: Record<string, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  array: 'a list',
  object: 'a section',
  boolean: 'true or false',
  null: 'null',
};

/** The schema of the value at a path. */
function schemaAt(schema: Schema, path: KeyPath): Schema | undefined {
  let at: Schema | undefined = schema;
  for (const step of path) {
    const { properties, items, additionalProperties } = at ?? {};
    const named = isMapping(properties) ? properties[String(step)] : undefined;
    const next: unknown = typeof step === 'number' ? items : (named ?? additionalProperties);
    at = isMapping(next) ? next : undefined;
  }
  return at;
}

function valueAt(values: Values, path: KeyPath): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<string | number, unknown> | undefined)?.[step], values);
}

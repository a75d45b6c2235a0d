/** The tree of known keys, read off the schema. */
import type { z } from 'zod';
import { configSchema } from './schema.ts';

export type KeyPath = readonly (string | number)[];

/** Stands for any name in a path where the file may choose its own: `agents.*.listeners`. */
export const anyName = '*';

/** The names that may stand directly under a path; undefined when any may, or none. */
export function namesAt(path: KeyPath): string[] | undefined {
  const shape = shapeOf(schemaAt(path));
  return shape && Object.keys(shape);
}

/** True for a section: a mapping whose names the schema fixes. */
export function isSection(path: KeyPath): boolean {
  return shapeOf(schemaAt(path)) !== undefined;
}

/** The path of every key, sections included; [0] stands for any entry of a list, * for any name. */
export function allKeys(): KeyPath[] {
  const found: KeyPath[] = [];
  const walk = (schema: z.core.$ZodType | undefined, path: KeyPath) => {
    for (const [name, child] of Object.entries(shapeOf(schema) ?? {})) {
      found.push([...path, name]);
      walk(child, [...path, name]);
    }
    const inner = entrySchema(schema);
    if (inner) walk(inner.schema, [...path, inner.step]);
  };
  walk(configSchema, []);
  return found;
}

function schemaAt(path: KeyPath): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = configSchema;
  for (const step of path) {
    const shape = shapeOf(schema);
    schema = shape ? (Object.hasOwn(shape, step) ? shape[step] : undefined) : entrySchema(schema)?.schema;
  }
  return schema;
}

function shapeOf(schema: z.core.$ZodType | undefined): Record<string, z.core.$ZodType> | undefined {
  const bare = withoutDefault(schema) as z.ZodType | undefined;
  return bare?.def.type === 'object' ? (bare as z.ZodObject).shape : undefined;
}

/** The schema of a list's or a mapping's entries, and the step that leads there. */
function entrySchema(
  schema: z.core.$ZodType | undefined,
): { schema: z.core.$ZodType; step: string | number } | undefined {
  const bare = withoutDefault(schema) as z.ZodType | undefined;
  if (bare?.def.type === 'array') return { schema: (bare as z.ZodArray).element, step: 0 };
  if (bare?.def.type === 'record') return { schema: (bare as z.ZodRecord).valueType, step: anyName };
  return undefined;
}

function withoutDefault(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let bare = schema;
  while (bare && 'innerType' in bare._zod.def) bare = bare._zod.def.innerType as z.core.$ZodType;
  return bare;
}

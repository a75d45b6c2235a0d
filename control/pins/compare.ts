/**
 * Two definitions of a tool, compared: what a model or a caller would notice is a change of meaning; what it would not
 * (hints, icons, order, white space) is cosmetic. What this file does not know counts as meaning.
 */
import { canonicalText, isObject, type Json, member, objectOf, readJson } from './json.ts';

/** The parts of a definition that carry its meaning, in the order in which they are told of. */
export const parts = ['description', 'schema', 'title', 'other'] as const;
export type Part = (typeof parts)[number];

/**
 * How a definition stands to another: `cosmetic` changes no part, and the parts of a change of meaning are named.
 * Definitions are canonical texts.
 */
export function compareDefinitions(pinned: string, seen: string): { same: boolean; changed: Part[] } {
  if (pinned === seen) return { same: true, changed: [] };
  const [before, after] = [meaningOf(readJson(pinned)), meaningOf(readJson(seen))];
  return { same: false, changed: parts.filter((part) => before[part] !== after[part]) };
}

/** Annotations that are hints and no text (MCP schema, ToolAnnotations). */
const hints = new Set(['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']);
/** What stands in parts of its own, or means nothing. */
const apart = new Set(['name', 'description', 'title', 'inputSchema', 'outputSchema', 'annotations', 'icons']);

/** Each part as a canonical text without what is cosmetic. */
function meaningOf(tool: Json): Record<Part, string> {
  const of = (key: string) => member(tool, key) ?? null;
  const annotations = membersOf(of('annotations'));
  const text = (value: Json) => canonicalText(squeeze(value));
  return {
    description: text(of('description')),
    schema: canonicalText([settle(of('inputSchema')), settle(of('outputSchema'))]),
    title: text([of('title'), objectOf(annotations.filter(([key]) => key === 'title'))]),
    other: text([
      objectOf(membersOf(tool).filter(([key, value]) => !apart.has(key) && !isBlank(value))),
      objectOf(
        annotations.filter(([key, value]) => key !== 'title' && !(hints.has(key) && typeof value === 'boolean')),
      ),
    ]),
  };
}

/** Left out, or as good as: servers write `_meta: null` and `{}` by turns. */
function isBlank(value: Json): boolean {
  return value === null || (isObject(value) && Object.keys(value).length === 0);
}

function membersOf(value: Json): [string, Json][] {
  return isObject(value) ? Object.entries(value).filter(([, entry]) => entry !== null) : [];
}

/** White space as one space: only what a text editor puts in. An invisible character is a change. */
function squeeze(value: Json): Json {
  return typeof value === 'string' ? value.replace(/[ \t\n\v\f\r]+/g, ' ').replace(/^ | $/g, '') : value;
}

/** JSON Schema (2020-12) keywords with text for readers, with lists whose order means nothing, and with schemas below. */
const texts = new Set(['title', 'description', '$comment']);
const sets = new Set(['required', 'enum', 'type']);
const named = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
const nested = new Set([
  ...['items', 'prefixItems', 'contains', 'additionalProperties', 'unevaluatedProperties', 'unevaluatedItems'],
  ...['propertyNames', 'not', 'if', 'then', 'else', 'anyOf', 'allOf', 'oneOf', 'contentSchema'],
]);

/** A schema without what is cosmetic. Below a keyword that holds values (`const`, `default`) nothing is. */
function settle(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(settle);
  if (!isObject(schema)) return schema;
  return objectOf(
    Object.entries(schema).map(([key, value]) => {
      if (texts.has(key)) return [key, squeeze(value)];
      if (sets.has(key) && Array.isArray(value)) {
        const sorted = value
          .map((entry) => [canonicalText(entry), entry] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1));
        return [key, sorted.map(([, entry]) => entry)];
      }
      if (named.has(key) && isObject(value)) {
        return [key, objectOf(Object.entries(value).map(([name, below]) => [name, settle(below)]))];
      }
      return [key, nested.has(key) ? settle(value) : value];
    }),
  );
}

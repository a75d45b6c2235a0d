/** A tool's definition as lines for people: a key to a line, texts as texts. */
import { canonicalText, ExactNumber, isObject, type Json, readJson } from './json.ts';
import { visible } from './visible.ts';

/** What a person asks first comes first. */
const first = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations'];
/** A text up to this length stands behind its key. */
const shortChars = 60;

/** The lines of a definition, a canonical text. Every character can be seen. */
export function outline(definition: string): string[] {
  return membersOf(readJson(definition), 0);
}

function membersOf(value: Json, depth: number): string[] {
  const entries: [string, Json][] = Array.isArray(value)
    ? value.map((entry) => ['-', entry])
    : Object.entries(value as { [key: string]: Json });
  const rank = ([key]: [string, Json]) => (depth === 0 && first.includes(key) ? first.indexOf(key) : first.length);
  if (!Array.isArray(value)) entries.sort((a, b) => rank(a) - rank(b) || (a[0] < b[0] ? -1 : 1));
  return entries.flatMap(([key, entry]) => lines(Array.isArray(value) ? '-' : `${visible(key)}:`, entry, depth));
}

function lines(key: string, value: Json, depth: number): string[] {
  const indent = '  '.repeat(depth);
  if (typeof value === 'string') {
    const text = textLines(value);
    if (text.length === 1 && text[0]!.length <= shortChars) return [`${indent}${key} ${quoted(value)}`];
    // The bar tells a text that looks like a definition from one.
    return [`${indent}${key}`, ...text.map((line) => `${indent}  | ${line}`)];
  }
  const isNested = (Array.isArray(value) && value.some((entry) => typeof entry === 'object')) || isObject(value);
  if (isNested && canonicalText(value).length > 2) return [`${indent}${key}`, ...membersOf(value, depth + 1)];
  const short = value instanceof ExactNumber || typeof value !== 'object' ? canonicalText(value) : list(value);
  return [`${indent}${key} ${short}`];
}

function list(value: Json): string {
  return Array.isArray(value)
    ? `[${value.map((entry) => (typeof entry === 'string' ? quoted(entry) : canonicalText(entry))).join(', ')}]`
    : canonicalText(value ?? null);
}

const quoted = (text: string) => `"${visible(text)}"`;

/** A line for each line and each sentence, so that a sentence put in is a line put in. */
function textLines(text: string): string[] {
  return text.split(/\r?\n|(?<=[.!?]) +(?=\S)/).map((line) => visible(line));
}

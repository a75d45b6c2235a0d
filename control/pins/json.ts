/** JSON values with nothing lost in reading them, and their one canonical text. */

/** A number whose digits a double does not hold; kept as it was written. */
export class ExactNumber {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

export type Json = null | boolean | number | string | ExactNumber | Json[] | { [key: string]: Json };

/**
 * Reads JSON. Of a key that stands twice the last one counts, as for every common reader.
 * @throws SyntaxError, RangeError where it is nested too deep
 */
export function readJson(text: string): Json {
  // The third argument of a reviver (ECMAScript 2026) is not known to TypeScript yet.
  const reviver = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && context?.source !== undefined
      ? exact(value, context.source)
      : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown) as Json;
}

function exact(value: number, source: string): number | ExactNumber {
  return String(value) === source ? value : new ExactNumber(source);
}

/** The text of a value without white space, keys in the order of their UTF-16 units (RFC 8785 section 3.2.3). */
export function canonicalText(value: Json): string {
  if (value instanceof ExactNumber) return value.digits;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(value[key]!)}`);
  return `{${members.join(',')}}`;
}

/** The object's own member, or undefined. */
export function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/** An object that no key can surprise, `__proto__` included. */
export function objectOf(members: Iterable<readonly [string, Json]>): { [key: string]: Json } {
  return Object.fromEntries(members);
}

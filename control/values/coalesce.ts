import { isMapping } from '../config/tree.ts';
import type { Values } from './chart.ts';

/**
 * Values over defaults, as Helm does it: sections are joined key by key, all else is replaced, and null removes a default
 * (one that removes nothing stays).
 * Neither argument is changed.
 */
export function coalesce(values: Values, defaults: Values): Values {
  const joined: Values = structuredClone(defaults);
  for (const [key, value] of Object.entries(values)) {
    const below = joined[key];
    if (value === null && Object.hasOwn(joined, key)) delete joined[key];
    else joined[key] = isMapping(value) && isMapping(below) ? coalesce(value, below) : structuredClone(value);
  }
  return joined;
}

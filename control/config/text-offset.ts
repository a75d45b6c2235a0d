import type { Span } from './tree.ts';

/**
 * Where character `offset` of a text value stands in the source: the value's span there, plain or in quotes. Undefined
 * where the source is folded or a block, so that its characters are not those of the value one by one.
 */
export function textOffset(source: string, span: Span, value: string, offset: number): number | undefined {
  const written = source.slice(span.start, span.end);
  const quote = written[0];
  const isQuoted = quote === '"' || quote === "'";
  // One match for each character of the value: an escape or a doubled quote stands for one.
  const unit = quote === '"' ? /\\(?:x..|u.{4}|U.{8}|[\s\S])|[\s\S]/g : quote === "'" ? /''|[\s\S]/g : /[\s\S]/g;
  const units = [...(isQuoted ? written.slice(1, -1) : written).matchAll(unit)];
  if (/\n/.test(written) || units.length < value.length) return undefined;
  if (quote !== '"' && units.map(([text]) => (isQuoted && text === "''" ? "'" : text)).join('') !== value)
    return undefined;
  const at = units[offset]?.index ?? (units.length > 0 ? units.at(-1)!.index + units.at(-1)![0].length : 0);
  return span.start + (isQuoted ? 1 : 0) + at;
}

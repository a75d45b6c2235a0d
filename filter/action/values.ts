// The values of a request that are no words: of a query or a segment of a path, of a string of JSON, of a field of a form.
import { decodePercent, hasPercent } from '../view/percent';

/** The value that nextValue has found, without percent encoding. */
export let valueStart: usize = 0;
export let valueEnd: usize = 0;

let begin: usize = 0;
let at: usize = 0;
let end: usize = 0;
let isOfUrl: bool = false;
/** The text without its percent encoding, 0 where it has none. */
let decoded: usize = 0;

/** Begins with a text of `length` bytes, one or more. */
export function beginValues(start: usize, length: u32, isUrl: bool): void {
  begin = start;
  end = start + length;
  isOfUrl = isUrl;
  // In JSON a percent sign is one.
  const isEncoded = isUrl || (load<u8>(start) != 0x7b && load<u8>(start) != 0x5b);
  if (isEncoded && hasPercent(start, end)) {
    // A byte behind a value's end is looked at.
    decoded = heap.alloc(length + 2);
    begin = decoded;
    end = decoded + decodePercent(start, start + length, decoded);
    memory.fill(end, 0, 2);
  }
  at = begin;
}

/** Goes on to the next value; false where there is none. */
export function nextValue(): bool {
  while (at < end) {
    const from = at;
    while (at < end && isValueByte(load<u8>(at), isOfUrl)) at++;
    valueStart = from;
    valueEnd = at;
    if (at == from) at++;
    if (isValue(from, valueEnd, begin, end, isOfUrl)) return true;
  }
  return false;
}

/** Frees what beginValues took. */
export function endValues(): void {
  if (decoded != 0) heap.free(decoded);
  decoded = 0;
}

/** Whether a run of token bytes is the whole of a value: no word, and no number. */
function isValue(from: usize, to: usize, start: usize, end: usize, isUrl: bool): bool {
  const length = to - from;
  if (length == 0) return false;
  const before: u8 = from > start ? load<u8>(from - 1) : 0;
  // Behind a value may stand what fills base64 up.
  let close = to;
  while (close < end && close - to < 2 && load<u8>(close) == 0x3d) close++;
  const after: u8 = close < end ? load<u8>(close) : 0;
  if (isUrl) {
    // What stands before a sign of assignment is a name.
    if (close > to && after != 0 && after != 0x26) return false;
  } else {
    const isString = before == 0x22 && after == 0x22 && load<u8>(close, 1) != 0x3a;
    const isField = (before == 0x3d || before == 0) && (after == 0x26 || after == 0 || after == 0x0a || after == 0x0d);
    if (!isString && !isField) return false;
  }
  let hasLetter = false;
  let hasOther = false;
  for (let p = from; p < to; p++) {
    const c = load<u8>(p);
    const isLetter = (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
    if (isLetter) hasLetter = true;
    // A capital inside a word, a digit, a sign.
    if (!isLetter || (p > from && c <= 0x5a)) hasOther = true;
  }
  return hasLetter && hasOther;
}

/** Letters, digits and _ - + . ~, and in a body / and = of base64 */
function isValueByte(c: u8, isUrl: bool): bool {
  const isLetter = (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
  if (isLetter || (c >= 0x30 && c <= 0x39) || c == 0x5f || c == 0x2d || c == 0x2b || c == 0x7e) return true;
  return !isUrl && (c == 0x2f || c == 0x2e);
}

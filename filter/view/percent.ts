// Percent encoding (RFC 3986 section 2.1), and forms (WHATWG URL, application/x-www-form-urlencoded), where `+` is a
// space as well. What is no escape stays as it is.
import { byte, escapeLength, hexPair, NO_ESCAPE, writeEscape } from './escape';
import { findBefore } from './find-byte';

const PERCENT_SIGN: u8 = 0x25;

/** Whether the text holds a `%` before two hexadecimal digits. Reads up to 15 bytes past `end`. */
export function hasPercent(start: usize, end: usize): bool {
  for (let p = findHex(start, end); p < end; p = findHex(p + 1, end))
    if (percentEscape(p, end) != NO_ESCAPE) return true;
  return false;
}

/** The next percent sign before a digit, or a letter or sign up to `f`. */
function findHex(p: usize, end: usize): usize {
  return findBefore(p, end, PERCENT_SIGN, 0x30, 0x66);
}

/** The escape of the percent sign at `p` (escape.ts), or NO_ESCAPE. */
export function percentEscape(p: usize, end: usize): u32 {
  const value = p + 3 <= end ? hexPair(p + 1) : -1;
  return value < 0 ? NO_ESCAPE : byte(<u32>value, 3);
}

/** Writes a text as it is without percent encoding to `to`, where there is room for all of it; gives its length. */
export function decodePercent(start: usize, end: usize, to: usize): u32 {
  const begin = to;
  for (let p = start; p < end; ) {
    const escape = load<u8>(p) == PERCENT_SIGN ? percentEscape(p, end) : NO_ESCAPE;
    if (escape == NO_ESCAPE) store<u8>(to++, load<u8>(p++));
    else {
      to = writeEscape(escape, to);
      p += escapeLength(escape);
    }
  }
  return <u32>(to - begin);
}

/** A form says so within its first name: longer ones are other text. */
const NAME_WITHIN: usize = 128;

/** Whether the text is a form by its looks: a name, `=`, and no white space anywhere. */
export function isForm(start: usize, end: usize): bool {
  let p = start;
  const to = min(end, start + NAME_WITHIN);
  while (p < to && load<u8>(p) != 0x3d) p++;
  if (p == start || p >= to || load<u8>(p) != 0x3d) return false;
  const space = i8x16.splat(0x20);
  const control = i8x16.splat(0x0d);
  for (p = start; p + 16 <= end; p += 16) {
    const v = v128.load(p);
    if (v128.any_true(v128.or(i8x16.eq(v, space), i8x16.le_u(v, control)))) return false;
  }
  for (; p < end; p++) if (load<u8>(p) <= 0x20) return false;
  return true;
}

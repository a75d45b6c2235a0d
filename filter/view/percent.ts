// Percent encoding (RFC 3986 section 2.1). What is no escape stays as it is.
import { findByte } from './find-byte';
import { hexDigit } from './json';

const PERCENT_SIGN: u8 = 0x25;

/** Whether the text holds a `%` before two hexadecimal digits. Reads up to 15 bytes past `end`. */
export function hasPercent(start: usize, end: usize): bool {
  for (let p = findByte(start, end, PERCENT_SIGN); p < end; p = findByte(p + 1, end, PERCENT_SIGN))
    if (p + 3 <= end && escaped(p) >= 0) return true;
  return false;
}

/** Writes the decoded text to `out` (as long as the input, 16 bytes of margin) and gives its end. */
export function decodePercent(start: usize, end: usize, out: usize): usize {
  const sign = i8x16.splat(PERCENT_SIGN);
  let p = start;
  while (p < end) {
    const block = v128.load(p);
    v128.store(out, block);
    const mask = i8x16.bitmask(i8x16.eq(block, sign));
    if (mask == 0) {
      p += 16;
      out += 16;
      continue;
    }
    const before = <usize>ctz(mask);
    p += before;
    out += before;
    if (p >= end) break;
    const byte = p + 3 <= end ? escaped(p) : -1;
    store<u8>(out++, byte >= 0 ? <u8>byte : PERCENT_SIGN);
    p += byte >= 0 ? 3 : 1;
  }
  return out - (p - end);
}

function escaped(p: usize): i32 {
  const high = hexDigit(load<u8>(p, 1));
  const low = hexDigit(load<u8>(p, 2));
  return high < 0 || low < 0 ? -1 : (high << 4) | low;
}

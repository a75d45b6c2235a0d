// JSON string escapes (RFC 8259 section 7), opened in place of the text they stand in. What is no escape stays as it is,
// backslash included; so nothing that the raw text shows is lost, and a body that is no JSON may be read the same way.
import { findByte } from './find-byte';

const BACKSLASH: u8 = 0x5c;

/** Whether the text holds a backslash. Reads up to 63 bytes past `end`, which must be zero. */
export function hasEscape(start: usize, end: usize): bool {
  const backslash = i8x16.splat(BACKSLASH);
  for (let p = start; p < end; p += 64) {
    const found = v128.or(
      v128.or(i8x16.eq(v128.load(p), backslash), i8x16.eq(v128.load(p, 16), backslash)),
      v128.or(i8x16.eq(v128.load(p, 32), backslash), i8x16.eq(v128.load(p, 48), backslash)),
    );
    if (v128.any_true(found)) return true;
  }
  return false;
}

/** Shorter words after an escape are no secret: the shortest that a rule knows has 16 characters. */
const LONG_WORD: usize = 12;

/**
 * Whether a long word follows a backslash and begins with the letter of an escape, `\npm_…`: then the text says one
 * thing as it is and another one opened. Elsewhere opening loses nothing.
 */
export function isAmbiguous(start: usize, end: usize): bool {
  for (let p = findByte(start, end, BACKSLASH); p < end; p = findByte(p + 1, end, BACKSLASH))
    if (p + 1 + LONG_WORD <= end && isLongWord(p + 1)) return true;
  return false;
}

function isLongWord(p: usize): bool {
  const first = load<u8>(p) | 0x20;
  if (first < 0x61 || first > 0x7a) return false;
  for (let i: usize = 1; i < LONG_WORD; i++) {
    const c = load<u8>(p + i);
    const isWord = (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a) || c == 0x5f || c == 0x2d;
    if (!isWord) return false;
  }
  return true;
}

/** Whether the text holds a character written as \uXXXX: what hides, where other escapes only stand between. */
export function hasUnicodeEscape(start: usize, end: usize): bool {
  for (let p = findByte(start, end, BACKSLASH); p < end; p = findByte(p + 1, end, BACKSLASH))
    if (p + 6 <= end && load<u8>(p, 1) == 0x75 && hex4(p + 2) >= 0) return true;
  return false;
}

/** Writes the unescaped text to `out` (as long as the input, 16 bytes of margin) and gives its end. */
export function unescape(start: usize, end: usize, out: usize): usize {
  const backslash = i8x16.splat(BACKSLASH);
  let p = start;
  while (p < end) {
    const block = v128.load(p);
    v128.store(out, block);
    const mask = i8x16.bitmask(i8x16.eq(block, backslash));
    if (mask == 0) {
      p += 16;
      out += 16;
      continue;
    }
    const before = <usize>ctz(mask);
    p += before;
    out += before;
    if (p >= end) break;
    const plain = p + 1 < end ? unescaped(load<u8>(p, 1)) : 0;
    if (plain != 0) {
      store<u8>(out++, plain);
      p += 2;
    } else if (p + 6 <= end && load<u8>(p, 1) == 0x75 && hex4(p + 2) >= 0) {
      let code = <u32>hex4(p + 2);
      p += 6;
      // A surrogate pair is one character; a lone half is written as the three bytes it would have.
      if ((code & 0xfc00) == 0xd800 && p + 6 <= end && load<u16>(p) == 0x755c) {
        const low = hex4(p + 2);
        if (low >= 0 && (low & 0xfc00) == 0xdc00) {
          code = 0x10000 + ((code & 0x3ff) << 10) + (<u32>low & 0x3ff);
          p += 6;
        }
      }
      out = writeUtf8(code, out);
    } else {
      store<u8>(out++, BACKSLASH);
      p++;
    }
  }
  return out - (p - end);
}

/** The byte that `\c` stands for, or 0 where it is no such escape. */
function unescaped(c: u8): u8 {
  if (c == 0x22 || c == 0x5c || c == 0x2f) return c;
  if (c == 0x6e) return 10;
  if (c == 0x74) return 9;
  if (c == 0x72) return 13;
  if (c == 0x62) return 8;
  if (c == 0x66) return 12;
  return 0;
}

/** The number of four hexadecimal digits, or -1. */
function hex4(p: usize): i32 {
  let value = 0;
  for (let i: usize = 0; i < 4; i++) {
    const digit = hexDigit(load<u8>(p + i));
    if (digit < 0) return -1;
    value = (value << 4) | digit;
  }
  return value;
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(c: u8): i32 {
  if (c >= 0x30 && c <= 0x39) return <i32>c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? <i32>letter - 0x57 : -1;
}

function writeUtf8(code: u32, out: usize): usize {
  if (code < 0x80) store<u8>(out++, <u8>code);
  else if (code < 0x800) {
    store<u8>(out++, <u8>(0xc0 | (code >> 6)));
    store<u8>(out++, <u8>(0x80 | (code & 63)));
  } else if (code < 0x10000) {
    store<u8>(out++, <u8>(0xe0 | (code >> 12)));
    store<u8>(out++, <u8>(0x80 | ((code >> 6) & 63)));
    store<u8>(out++, <u8>(0x80 | (code & 63)));
  } else {
    store<u8>(out++, <u8>(0xf0 | (code >> 18)));
    store<u8>(out++, <u8>(0x80 | ((code >> 12) & 63)));
    store<u8>(out++, <u8>(0x80 | ((code >> 6) & 63)));
    store<u8>(out++, <u8>(0x80 | (code & 63)));
  }
  return out;
}

// Escapes that begin with a backslash: those of JSON strings (RFC 8259 section 7), and what programming languages write
// beside them, \xXX, \u{X…} and \NNN. What is no escape stays as it is, backslash included; so nothing that the raw text
// shows is lost, and a body that is no JSON may be read the same way.
import { byte, character, hexDigit, hexPair, NO_ESCAPE } from './escape';
import { findByte } from './find-byte';

const BACKSLASH: u8 = 0x5c;

/** Whether the text holds a backslash. Reads up to 63 bytes past `end`, which must be zero. */
export function hasBackslash(start: usize, end: usize): bool {
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

/** Whether the text holds a character by its number: what hides, where other escapes only stand between. */
export function hasNumberedEscape(start: usize, end: usize): bool {
  for (let p = findByte(start, end, BACKSLASH); p < end; p = findByte(p + 1, end, BACKSLASH)) {
    const c = load<u8>(p, 1);
    if ((c == 0x75 || c == 0x78) && backslashEscape(p, end) != NO_ESCAPE) return true;
  }
  return false;
}

/** The escape of the backslash at `p` (escape.ts), or NO_ESCAPE. */
export function backslashEscape(p: usize, end: usize): u32 {
  if (p + 2 > end) return NO_ESCAPE;
  const c = load<u8>(p, 1);
  const plain = unescaped(c);
  if (plain != 0) return byte(plain, 2);
  if (c == 0x75) return unicodeEscape(p, end);
  if (c == 0x78) {
    const value = p + 4 <= end ? hexPair(p + 2) : -1;
    return value < 0 ? NO_ESCAPE : byte(<u32>value, 4);
  }
  return octalEscape(p, end);
}

/** \uXXXX, a pair of them for one character outside the basic plane, or \u{X…}. */
function unicodeEscape(p: usize, end: usize): u32 {
  if (p + 4 <= end && load<u8>(p, 2) == 0x7b) return bracedEscape(p, end);
  if (p + 6 > end) return NO_ESCAPE;
  const code = hex4(p + 2);
  if (code < 0) return NO_ESCAPE;
  // A surrogate pair is one character; a lone half is written as the three bytes it would have.
  if ((code & 0xfc00) == 0xd800 && p + 12 <= end && load<u16>(p, 6) == 0x755c) {
    const low = hex4(p + 8);
    if (low >= 0 && (low & 0xfc00) == 0xdc00)
      return character(0x10000 + ((<u32>code & 0x3ff) << 10) + (<u32>low & 0x3ff), 12);
  }
  return character(<u32>code, 6);
}

function bracedEscape(p: usize, end: usize): u32 {
  let code: u32 = 0;
  for (let i: usize = 3; i < 10 && p + i < end; i++) {
    const c = load<u8>(p + i);
    if (c == 0x7d) return i > 3 ? character(code, <u32>i + 1) : NO_ESCAPE;
    const digit = hexDigit(c);
    if (digit < 0) return NO_ESCAPE;
    code = (code << 4) | <u32>digit;
  }
  return NO_ESCAPE;
}

/** Three octal digits of a printable character: others are references and paths, `\1`, `\001`. */
function octalEscape(p: usize, end: usize): u32 {
  if (p + 4 > end) return NO_ESCAPE;
  const first = <u32>load<u8>(p, 1) - 0x30;
  const second = <u32>load<u8>(p, 2) - 0x30;
  const third = <u32>load<u8>(p, 3) - 0x30;
  if (first > 1 || second > 7 || third > 7) return NO_ESCAPE;
  const code = (first << 6) | (second << 3) | third;
  return code >= 0x20 && code < 0x7f ? byte(code, 4) : NO_ESCAPE;
}

/** The byte that `\c` stands for, or 0 where it is no such escape. */
export function unescaped(c: u8): u8 {
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
  const high = hexPair(p);
  const low = hexPair(p + 2);
  return (high | low) < 0 ? -1 : (high << 8) | low;
}

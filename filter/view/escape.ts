// What one escape stands for, as a number: the character or byte, what it is, and how many bytes it took.

/** No escape stands here. */
export const NO_ESCAPE: u32 = 0;
const IS_BYTE: u32 = 1 << 21;
const IS_NOTHING: u32 = 1 << 22;

/** A character that `length` bytes stood for. */
export function character(code: u32, length: u32): u32 {
  return (length << 24) | min<u32>(code, 0x10ffff);
}

/** A byte that `length` bytes stood for. */
export function byte(value: u32, length: u32): u32 {
  return (length << 24) | IS_BYTE | value;
}

/** `length` bytes that stand for nothing: a line break that is only for the eye. */
export function nothing(length: u32): u32 {
  return (length << 24) | IS_NOTHING;
}

/** How many bytes the escape took. */
export function escapeLength(escape: u32): usize {
  return <usize>(escape >> 24);
}

/** Writes what the escape stands for, at most four bytes and no more than it took; gives the end. */
export function writeEscape(escape: u32, out: usize): usize {
  if ((escape & IS_NOTHING) != 0) return out;
  const code = escape & 0x1fffff;
  if ((escape & IS_BYTE) != 0 || code < 0x80) store<u8>(out++, <u8>code);
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

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(c: u8): i32 {
  if (c >= 0x30 && c <= 0x39) return <i32>c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? <i32>letter - 0x57 : -1;
}

/** The number of two hexadecimal digits, or -1. */
export function hexPair(p: usize): i32 {
  const high = hexDigit(load<u8>(p));
  const low = hexDigit(load<u8>(p, 1));
  return (high | low) < 0 ? -1 : (high << 4) | low;
}

// What a JSON string says, however it is written (RFC 8259 section 7), and whether a key is a word of the protocol.

/** The number of four hexadecimal digits, or -1. */
export function hexUnit(p: usize, end: usize): i32 {
  if (p + 4 > end) return -1;
  let unit: i32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const c = load<u8>(p + i);
    const folded = c | 0x20;
    if (c >= 0x30 && c <= 0x39) unit = (unit << 4) | (c - 0x30);
    else if (folded >= 0x61 && folded <= 0x66) unit = (unit << 4) | (folded - 0x57);
    else return -1;
  }
  return unit;
}

// What the last escape stands for, as UTF-8.
export const decoded: usize = memory.data(4);
export let decodedLength: u32 = 0;

/** Decodes the escape at `p`, which checkJson found sound; gives its end. */
export function decode(p: usize, end: usize): usize {
  const c = load<u8>(p, 1);
  if (c != 0x75) {
    setDecoded(c == 0x6e ? 0x0a : c == 0x74 ? 0x09 : c == 0x72 ? 0x0d : c == 0x62 ? 0x08 : c == 0x66 ? 0x0c : c);
    return p + 2;
  }
  const unit = <u32>hexUnit(p + 2, end);
  if ((unit & 0xfc00) != 0xd800) {
    setDecoded(unit);
    return p + 6;
  }
  setDecoded(0x10000 + ((unit & 0x3ff) << 10) + (<u32>hexUnit(p + 8, end) & 0x3ff));
  return p + 12;
}

function setDecoded(point: u32): void {
  decodedLength = writeUtf8(point, decoded);
}

/** Writes a character as UTF-8; gives its length. */
export function writeUtf8(point: u32, to: usize): u32 {
  if (point < 0x80) {
    store<u8>(to, <u8>point);
    return 1;
  }
  if (point < 0x800) {
    store<u8>(to, <u8>(0xc0 | (point >> 6)));
    store<u8>(to, <u8>(0x80 | (point & 0x3f)), 1);
    return 2;
  }
  if (point < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (point >> 12)));
    store<u8>(to, <u8>(0x80 | ((point >> 6) & 0x3f)), 1);
    store<u8>(to, <u8>(0x80 | (point & 0x3f)), 2);
    return 3;
  }
  store<u8>(to, <u8>(0xf0 | (point >> 18)));
  store<u8>(to, <u8>(0x80 | ((point >> 12) & 0x3f)), 1);
  store<u8>(to, <u8>(0x80 | ((point >> 6) & 0x3f)), 2);
  store<u8>(to, <u8>(0x80 | (point & 0x3f)), 3);
  return 4;
}

/** Writes what a checked string (without its quotes) says to `to`, where there is room for as many bytes; gives the end. */
export function decodeString(start: usize, end: usize, to: usize): usize {
  let p = start;
  while (p < end) {
    if (load<u8>(p) == 0x5c) {
      p = decode(p, end);
      memory.copy(to, decoded, decodedLength);
      to += decodedLength;
    } else store<u8>(to++, load<u8>(p++));
  }
  return to;
}

/** How a key meets a word of the protocol. */
export const enum Meeting {
  None = 0,
  Same = 1,
  /** Written otherwise (case, escapes, letters that fold to it), so that some readers take it for the word. */
  Variant = 2,
}

/** How a checked key (without its quotes) meets `word`, ASCII. */
export function meet(start: usize, end: usize, word: string): Meeting {
  const length = <usize>word.length;
  const units = changetype<usize>(word);
  if (end - start < length) return Meeting.None;
  let isSame = end - start == length;
  let p = start;
  for (let i: usize = 0; i < length; i++) {
    if (p >= end) return Meeting.None;
    const wanted = <u8>load<u16>(units + (i << 1));
    let c = <u32>load<u8>(p);
    if (c == wanted) {
      p++;
      continue;
    }
    isSame = false;
    if (c == 0x5c) {
      p = decode(p, end);
      c = <u32>load<u8>(decoded);
      // Long s and the Kelvin sign fold to letters (Unicode CaseFolding.txt), and Go's encoding/json folds keys.
      if (decodedLength == 2 && load<u16>(decoded) == 0xbfc5) c = 0x73;
      if (decodedLength == 3 && load<u16>(decoded) == 0x84e2 && load<u8>(decoded, 2) == 0xaa) c = 0x6b;
    } else if (c == 0xc5 && p + 1 < end && load<u8>(p, 1) == 0xbf) {
      c = 0x73;
      p += 2;
    } else if (c == 0xe2 && p + 2 < end && load<u8>(p, 1) == 0x84 && load<u8>(p, 2) == 0xaa) {
      c = 0x6b;
      p += 3;
    } else p++;
    if (fold(c) != fold(wanted)) return Meeting.None;
  }
  if (p != end) return Meeting.None;
  return isSame ? Meeting.Same : Meeting.Variant;
}

function fold(c: u32): u32 {
  return c >= 0x41 && c <= 0x5a ? c | 0x20 : c;
}

// A strict JSON reader (RFC 8259) over bytes: it says where a value ends, or that there is none. It keeps nothing, and its
// depth is bounded by two words of bits.

/** Deeper nesting is refused: no MCP message needs it, and readers with a stack break somewhere beyond. */
const MAX_DEPTH: u32 = 64;

/** The first byte at or after `p` that is no white space. */
export function skipSpace(p: usize, end: usize): usize {
  while (p < end) {
    const c = load<u8>(p);
    if (c != 0x20 && c != 0x0a && c != 0x0d && c != 0x09) break;
    p++;
  }
  return p;
}

/** The end of the value at `p`, or 0 where the bytes are no JSON value. */
export function skipValue(p: usize, end: usize): usize {
  let depth: u32 = 0;
  let objects: u64 = 0; // bit n: level n is an object
  while (true) {
    p = skipSpace(p, end);
    if (p >= end) return 0;
    const c = load<u8>(p);
    if (c == 0x7b || c == 0x5b) {
      if (depth == MAX_DEPTH) return 0;
      const isObject = c == 0x7b;
      objects = isObject ? objects | ((<u64>1) << depth) : objects & ~((<u64>1) << depth);
      depth++;
      p = skipSpace(p + 1, end);
      if (p >= end) return 0;
      if (load<u8>(p) != (isObject ? 0x7d : 0x5d)) {
        if (isObject) p = skipKey(p, end);
        if (p == 0) return 0;
        continue;
      }
      p++;
      depth--;
    } else {
      p = skipScalar(p, end);
      if (p == 0) return 0;
    }
    // A value is over: close what it closes, or go on to the next one.
    while (depth > 0) {
      p = skipSpace(p, end);
      if (p >= end) return 0;
      const isObject = ((objects >> (depth - 1)) & 1) != 0;
      const after = load<u8>(p);
      if (after == 0x2c) {
        p = skipSpace(p + 1, end);
        if (isObject) p = skipKey(p, end);
        if (p == 0) return 0;
        break;
      }
      if (after != (isObject ? 0x7d : 0x5d)) return 0;
      p++;
      depth--;
    }
    if (depth == 0) return p;
  }
  return 0; // not reached; the compiler does not see that
}

/** The end of `"key" :` at `p`, or 0. */
export function skipKey(p: usize, end: usize): usize {
  p = skipString(p, end);
  if (p == 0) return 0;
  p = skipSpace(p, end);
  return p < end && load<u8>(p) == 0x3a ? p + 1 : 0;
}

/** The end of the string at `p`, quotes included, or 0. */
export function skipString(p: usize, end: usize): usize {
  if (p >= end || load<u8>(p) != 0x22) return 0;
  p++;
  while (p < end) {
    const c = load<u8>(p);
    if (c == 0x22) return p + 1;
    if (c < 0x20) return 0;
    if (c != 0x5c) {
      p++;
      continue;
    }
    const escaped = p + 1 < end ? load<u8>(p, 1) : 0;
    if (escaped == 0x75) {
      if (p + 6 > end) return 0;
      for (let i: usize = 2; i < 6; i++) if (!isHexDigit(load<u8>(p + i))) return 0;
      p += 6;
    } else if (isPlainEscape(escaped)) p += 2;
    else return 0;
  }
  return 0;
}

function isPlainEscape(c: u8): bool {
  return c == 0x22 || c == 0x5c || c == 0x2f || c == 0x62 || c == 0x66 || c == 0x6e || c == 0x72 || c == 0x74;
}

function isHexDigit(c: u8): bool {
  return isDigit(c) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66);
}

function isDigit(c: u8): bool {
  return c >= 0x30 && c <= 0x39;
}

function skipScalar(p: usize, end: usize): usize {
  const c = load<u8>(p);
  if (c == 0x22) return skipString(p, end);
  if (c == 0x74) return end - p >= 4 && load<u32>(p) == 0x65757274 ? p + 4 : 0; // true
  if (c == 0x6e) return end - p >= 4 && load<u32>(p) == 0x6c6c756e ? p + 4 : 0; // null
  if (c == 0x66) return end - p >= 5 && load<u32>(p, 1) == 0x65736c61 ? p + 5 : 0; // false
  return skipNumber(p, end);
}

function skipNumber(p: usize, end: usize): usize {
  if (load<u8>(p) == 0x2d) p++;
  const whole = skipDigits(p, end);
  if (whole == p || (whole - p > 1 && load<u8>(p) == 0x30)) return 0;
  p = whole;
  if (p < end && load<u8>(p) == 0x2e) {
    const fraction = skipDigits(p + 1, end);
    if (fraction == p + 1) return 0;
    p = fraction;
  }
  if (p < end && (load<u8>(p) | 0x20) == 0x65) {
    p++;
    if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) p++;
    const exponent = skipDigits(p, end);
    if (exponent == p) return 0;
    p = exponent;
  }
  return p;
}

function skipDigits(p: usize, end: usize): usize {
  while (p < end && isDigit(load<u8>(p))) p++;
  return p;
}

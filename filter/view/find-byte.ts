/** The first place at or after `p` that holds `byte`, or `end`. Reads up to 15 bytes past `end`. */
export function findByte(p: usize, end: usize, byte: u8): usize {
  const wanted = i8x16.splat(byte);
  for (; p < end; p += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(p), wanted));
    if (mask != 0) return min(p + <usize>ctz(mask), end);
  }
  return end;
}

/**
 * The first place at or after `p` that holds `byte` before one from `least` to `most`, or `end`. Signs are everywhere and
 * escapes are rare: what follows a sign tells most of them. Reads up to 64 bytes past `end`.
 */
export function findBefore(p: usize, end: usize, byte: u8, least: u8, most: u8): usize {
  const wanted = i8x16.splat(byte);
  const from = i8x16.splat(least);
  const span = i8x16.splat(most - least);
  for (; p < end; p += 16) {
    const found = i8x16.eq(v128.load(p), wanted);
    if (!v128.any_true(found)) continue;
    const mask = i8x16.bitmask(v128.and(found, i8x16.le_u(i8x16.sub(v128.load(p, 1), from), span)));
    if (mask != 0) return min(p + <usize>ctz(mask), end);
  }
  return end;
}

/** The first place at or after `p` that holds a byte outside ASCII or a control byte, or `end`. Reads up to 15 bytes past `end`. */
export function findNoPrintable(p: usize, end: usize): usize {
  const blank = i8x16.splat(0x20);
  for (; p < end; p += 16) {
    // As numbers with a sign, those outside ASCII are below zero.
    const mask = i8x16.bitmask(i8x16.lt_s(v128.load(p), blank));
    if (mask != 0) return min(p + <usize>ctz(mask), end);
  }
  return end;
}

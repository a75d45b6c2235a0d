/** The first place at or after `p` that holds `byte`, or `end`. Reads up to 15 bytes past `end`. */
export function findByte(p: usize, end: usize, byte: u8): usize {
  const wanted = i8x16.splat(byte);
  for (; p < end; p += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(p), wanted));
    if (mask != 0) return min(p + <usize>ctz(mask), end);
  }
  return end;
}

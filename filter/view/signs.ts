// Which encodings a text may hold at all: one pass over it, so that a view with nothing to open costs nothing more.

// Signs, as bits of what signsIn gives.
export const BACKSLASHES: u32 = 1;
export const PERCENTS: u32 = 2;
export const AMPERSANDS: u32 = 4;
export const EQUALS: u32 = 8;
export const ZEROS: u32 = 16;
export const PLUSES: u32 = 32;
/** The byte that full-width letters and digits begin with in UTF-8. */
export const WIDES: u32 = 64;

/** The signs that stand anywhere in the text. Reads up to 15 bytes past `end`. */
export function signsIn(start: usize, end: usize): u32 {
  // A byte has the bits that both its low and its high nibble name: each sign is one byte, 5c 25 26 3d 00 2b ef.
  const low = i8x16(16, 0, 0, 0, 0, 2, 4, 0, 0, 0, 0, 32, 1, 8, 0, 64);
  const high = i8x16(16, 0, 38, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0);
  const nibble = i8x16.splat(15);
  let all = i8x16.splat(0);
  let p = start;
  for (; p + 64 <= end; p += 64) {
    const v0 = v128.load(p);
    const v1 = v128.load(p, 16);
    const v2 = v128.load(p, 32);
    const v3 = v128.load(p, 48);
    const a = v128.and(
      i8x16.relaxed_swizzle(low, v128.and(v0, nibble)),
      i8x16.relaxed_swizzle(high, v128.and(i16x8.shr_u(v0, 4), nibble)),
    );
    const b = v128.and(
      i8x16.relaxed_swizzle(low, v128.and(v1, nibble)),
      i8x16.relaxed_swizzle(high, v128.and(i16x8.shr_u(v1, 4), nibble)),
    );
    const c = v128.and(
      i8x16.relaxed_swizzle(low, v128.and(v2, nibble)),
      i8x16.relaxed_swizzle(high, v128.and(i16x8.shr_u(v2, 4), nibble)),
    );
    const d = v128.and(
      i8x16.relaxed_swizzle(low, v128.and(v3, nibble)),
      i8x16.relaxed_swizzle(high, v128.and(i16x8.shr_u(v3, 4), nibble)),
    );
    all = v128.or(all, v128.or(v128.or(a, b), v128.or(c, d)));
  }
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (; p < end; p += 16) {
    const v = v128.load(p);
    const signs = v128.and(
      i8x16.relaxed_swizzle(low, v128.and(v, nibble)),
      i8x16.relaxed_swizzle(high, v128.and(i16x8.shr_u(v, 4), nibble)),
    );
    // What stands behind the end is no part of the text: the zeros of its margin.
    const within = i8x16.lt_u(places, i8x16.splat(<i8>min<usize>(end - p, 16)));
    all = v128.or(all, v128.and(signs, within));
  }
  let bits = i64x2.extract_lane(all, 0) | i64x2.extract_lane(all, 1);
  bits |= bits >> 32;
  bits |= bits >> 16;
  bits |= bits >> 8;
  return <u32>bits & 127;
}

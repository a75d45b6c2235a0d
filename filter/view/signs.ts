// Which encodings a text may hold at all. The pass over a text (scan/prefilter.ts) gathers its signs on the way, so that a
// view with nothing to open costs nothing more.

// Signs, as bits.
export const BACKSLASHES: u32 = 1;
export const PERCENTS: u32 = 2;
export const AMPERSANDS: u32 = 4;
export const EQUALS: u32 = 8;
export const ZEROS: u32 = 16;
export const PLUSES: u32 = 32;
/** Bytes outside ASCII. */
export const NOT_ASCII: u32 = 64;
const ALL: u32 = 127;

/**
 * Low and high nibble tables of the signs: a byte has the bits that both its nibbles name. Each sign but
 * the last is one byte, 5c 25 26 3d 00 2b; the top bit is of those that a word may end before, 22 26 27.
 */
export function lowSigns(): v128 {
  return i8x16(80, 64, -64, 64, 64, 66, -60, -64, 64, 64, 64, 96, 65, 72, 64, 64);
}

export function highSigns(): v128 {
  return i8x16(16, 0, -90, 8, 0, 1, 0, 0, 64, 64, 64, 64, 64, 64, 64, 64);
}

/** The signs that any of eight bytes has. */
export function signsOf(bytes: u64): u32 {
  bytes |= bytes >> 32;
  bytes |= bytes >> 16;
  bytes |= bytes >> 8;
  return <u32>bytes & ALL;
}

/** The signs that stand anywhere in a short text. Reads up to 15 bytes past `end`. */
export function signsIn(start: usize, end: usize): u32 {
  const nibble = i8x16.splat(15);
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  let all = i8x16.splat(0);
  for (let p = start; p < end; p += 16) {
    const v = v128.load(p);
    const signs = v128.and(
      i8x16.relaxed_swizzle(lowSigns(), v128.and(v, nibble)),
      i8x16.relaxed_swizzle(highSigns(), v128.and(i16x8.shr_u(v, 4), nibble)),
    );
    // What stands behind the end is no part of the text: the zeros of its margin.
    const within = i8x16.lt_u(places, i8x16.splat(<i8>min<usize>(end - p, 16)));
    all = v128.or(all, v128.and(signs, within));
  }
  return signsOf(i64x2.extract_lane(all, 0) | i64x2.extract_lane(all, 1));
}

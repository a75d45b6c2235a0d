// Quoted-printable (RFC 2045 section 6.7): `=XX`, and `=` at the end of a line that goes on. As `=` stands in all kinds of
// text, it is opened only where the text shows what this encoding alone does.
import { byte, hexDigit, NO_ESCAPE, nothing } from './escape';

const EQUALS_SIGN: u8 = 0x3d;

/**
 * Whether the text looks quoted-printable: a soft line break, two escapes in a row, or one of a sign with a letter in it.
 * Reads up to 64 bytes past `end`.
 */
export function hasQuotedPrintable(start: usize, end: usize): bool {
  const sign = i8x16.splat(EQUALS_SIGN);
  for (let p = start; p < end; p += 64) {
    const a = i8x16.eq(v128.load(p), sign);
    const b = i8x16.eq(v128.load(p, 16), sign);
    const c = i8x16.eq(v128.load(p, 32), sign);
    const d = i8x16.eq(v128.load(p, 48), sign);
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
    let places =
      escapesIn(a, p) | (escapesIn(b, p + 16) << 16) | (escapesIn(c, p + 32) << 32) | (escapesIn(d, p + 48) << 48);
    for (; places != 0; places &= places - 1) {
      const at = p + <usize>ctz(places);
      if (at < end && isEvident(at, start, end)) return true;
    }
  }
  return false;
}

/** Which of the signs found in the 16 bytes at `p` stand before a digit, a capital up to F, or a line break. */
function escapesIn(found: v128, p: usize): u64 {
  const next = v128.load(p, 1);
  const digit = i8x16.lt_u(i8x16.sub(next, i8x16.splat(0x30)), i8x16.splat(10));
  const letter = i8x16.lt_u(i8x16.sub(next, i8x16.splat(0x41)), i8x16.splat(6));
  const end = v128.or(i8x16.eq(next, i8x16.splat(0x0a)), i8x16.eq(next, i8x16.splat(0x0d)));
  return <u64>i8x16.bitmask(v128.and(found, v128.or(v128.or(digit, letter), end)));
}

/** Whether the escape at `p` is one that no other text has there. */
function isEvident(p: usize, start: usize, end: usize): bool {
  const escape = quotedEscape(p, end);
  if (escape == NO_ESCAPE) return false;
  if (load<u8>(p, 1) >= 0x20) return isSign(escape & 255) || isFollowed(p, end);
  // An assignment ends lines as well, and so does the padding of base64.
  return p > start && load<u8>(p - 1) > 0x20 && !isPadding(start, p);
}

/** Lines of this length are full, and their sign no padding; longer than 76 columns with it they cannot be. */
const FULL_LINE: usize = 60;
const LONGEST_LINE: usize = 75;

/** Whether the equals sign at `p` fills up a run of base64, a digest as a rule. */
function isPadding(start: usize, p: usize): bool {
  if (load<u8>(p - 1) == EQUALS_SIGN) return true;
  let from = p;
  while (from > start && isBase64(load<u8>(from - 1))) from--;
  const length = p - from;
  return length % 4 == 3 && length >= 19 && (length < FULL_LINE || length > LONGEST_LINE);
}

function isBase64(c: u8): bool {
  return ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a) || (c >= 0x2f && c <= 0x39) || c == 0x2b;
}

/** Signs and line breaks whose number has a letter: `=3D`, `=0A`; those of digits alone are values, `page=20`. */
function isSign(value: u32): bool {
  if ((value & 15) < 10) return false;
  const high = value >> 4;
  return high == 0 || high == 2 || high == 3 || high == 5 || high == 7;
}

/** Whether another escape of a byte stands behind the one at `p`. */
function isFollowed(p: usize, end: usize): bool {
  return (
    p + 6 <= end && load<u8>(p, 3) == EQUALS_SIGN && load<u8>(p, 4) > 0x20 && quotedEscape(p + 3, end) != NO_ESCAPE
  );
}

/**
 * Whether the escape at `p` is one in a text that is quoted-printable somewhere: letters and digits need none, so `=41`
 * is a value, but where escapes stand in a row. `isRow` says whether one stood right before.
 */
export function isQuoted(escape: u32, p: usize, end: usize, isRow: bool): bool {
  const value = escape & 255;
  const isPlain = (value >= 0x30 && value <= 0x39) || ((value | 0x20) >= 0x61 && (value | 0x20) <= 0x7a);
  return load<u8>(p, 1) < 0x20 || !isPlain || isRow || isFollowed(p, end);
}

/** The escape of the equals sign at `p` (escape.ts), or NO_ESCAPE. */
export function quotedEscape(p: usize, end: usize): u32 {
  if (p + 2 <= end && load<u8>(p, 1) == 0x0a) return nothing(2);
  if (p + 3 > end) return NO_ESCAPE;
  const first = load<u8>(p, 1);
  const second = load<u8>(p, 2);
  if (first == 0x0d) return second == 0x0a ? nothing(3) : NO_ESCAPE;
  // Small letters are not allowed, and are values as often as not.
  if (first > 0x46 || second > 0x46 || hexDigit(first) < 0 || hexDigit(second) < 0) return NO_ESCAPE;
  return byte(<u32>((hexDigit(first) << 4) | hexDigit(second)), 3);
}

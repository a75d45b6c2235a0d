// Quoted-printable (RFC 2045 section 6.7): `=XX`, and `=` at the end of a line that goes on. As `=` stands in all kinds of
// text, it is opened only where the text shows what this encoding alone does.
import { byte, hexDigit, NO_ESCAPE, nothing } from './escape';
import { findBefore } from './find-byte';

const EQUALS_SIGN: u8 = 0x3d;

/** Whether the text looks quoted-printable: a soft line break, two escapes in a row, or one of a sign with a letter in it. */
export function hasQuotedPrintable(start: usize, end: usize): bool {
  return hasRowOrSign(start, end) || hasSoftBreak(start, end);
}

function hasRowOrSign(start: usize, end: usize): bool {
  for (
    let p = findBefore(start, end, EQUALS_SIGN, 0x30, 0x46);
    p < end;
    p = findBefore(p + 1, end, EQUALS_SIGN, 0x30, 0x46)
  ) {
    const escape = quotedEscape(p, end);
    if (escape != NO_ESCAPE && (isSign(escape & 255) || isFollowed(p, end))) return true;
  }
  return false;
}

/** An assignment ends lines as well, and so does the padding of base64. */
function hasSoftBreak(start: usize, end: usize): bool {
  for (
    let p = findBefore(start, end, EQUALS_SIGN, 0x0a, 0x0d);
    p < end;
    p = findBefore(p + 1, end, EQUALS_SIGN, 0x0a, 0x0d)
  )
    if (p > start && load<u8>(p - 1) > 0x20 && quotedEscape(p, end) != NO_ESCAPE && !isPadding(start, p)) return true;
  return false;
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

/** Signs whose number has a letter: `=3D`, `=5F`; those of digits alone are values, `page=20`. */
function isSign(value: u32): bool {
  if ((value & 15) < 10) return false;
  const high = value >> 4;
  return high == 2 || high == 3 || high == 5 || high == 7;
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

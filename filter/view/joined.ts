// Neighbours put together: strings of a list or an object, `"ghp_", "x7…"`, strings that a program adds, `"ghp_" + "x7…"`,
// and values of a query, `a=ghp_&b=x7…`. Each time two words of token bytes meet, they give a line; three give one line too.

/** Fewer characters make no secret. */
const LEAST_CHARACTERS: usize = 16;
/** A word of small letters is a key, a role, a unit, and worth a line only before a word as long as this. */
const LONG_WORD: usize = 12;
/** A name between two strings or values is shorter. */
const NAME_WITHIN: usize = 64;
/** White space between two strings is shorter: a line break and its indentation. */
const SPACE_WITHIN: usize = 40;

/** Writes the words that meet between `start` and `end` to `out`, a line each; gives the end. At most twice as long as the text. */
export function joinNeighbours(start: usize, end: usize, out: usize): usize {
  const quote = i8x16.splat(0x22);
  const single = i8x16.splat(0x27);
  const comma = i8x16.splat(0x2c);
  const plus = i8x16.splat(0x2b);
  const ampersand = i8x16.splat(0x26);
  let lineStart = out;
  /** Where the word that the line ends with ends. */
  let wordEnd: usize = 0;
  for (let p = start; p < end; p += 16) {
    const v = v128.load(p);
    const isQuote = v128.or(i8x16.eq(v, quote), i8x16.eq(v, single));
    let mask = i8x16.bitmask(
      v128.or(v128.and(isQuote, i8x16.eq(v128.load(p, 1), comma)), v128.or(i8x16.eq(v, plus), i8x16.eq(v, ampersand))),
    );
    while (mask != 0) {
      const at = p + <usize>ctz(mask);
      mask &= mask - 1;
      if (at >= end) break;
      const leftEnd = load<u8>(at) == 0x2b ? beforeSign(at, start) : at;
      if (leftEnd <= start || !isToken(load<u8>(leftEnd - 1))) continue;
      const from = load<u8>(at) == 0x26 ? valueAfter(at + 1, end) : stringAfter(at + 1, end);
      if (from == 0 || !isToken(load<u8>(from))) continue;
      let rightEnd = from;
      while (rightEnd < end && isToken(load<u8>(rightEnd))) rightEnd++;
      if (leftEnd != wordEnd) {
        let left = leftEnd;
        while (left > start && isToken(load<u8>(left - 1))) left--;
        if (rightEnd - from < LONG_WORD && isPlainWord(left, leftEnd)) continue;
        out = endLine(lineStart, out);
        lineStart = out;
        memory.copy(out, left, leftEnd - left);
        out += leftEnd - left;
      }
      memory.copy(out, from, rightEnd - from);
      out += rightEnd - from;
      wordEnd = rightEnd;
    }
  }
  return endLine(lineStart, out);
}

/** Ends the line, or drops it where it is too short. */
function endLine(lineStart: usize, out: usize): usize {
  if (out - lineStart < LEAST_CHARACTERS) return lineStart;
  store<u8>(out, 0x0a);
  return out + 1;
}

/** The end of the string that stands before the plus sign at `p`, or 0. */
function beforeSign(p: usize, start: usize): usize {
  const from = p;
  while (p > start && from - p < SPACE_WITHIN && load<u8>(p - 1) <= 0x20) p--;
  return p > start && isQuoteSign(load<u8>(p - 1)) ? p - 1 : 0;
}

/** Where the string behind `p` begins: after a comma, white space, and a name and a colon at most; 0 where none does. */
function stringAfter(p: usize, end: usize): usize {
  if (p < end && load<u8>(p) == 0x2c) p++;
  p = afterSpace(p, end);
  if (p >= end || !isQuoteSign(load<u8>(p))) return 0;
  const begin = p + 1;
  // A string before a colon is a name, and the value behind it the neighbour.
  const sign = load<u8>(p);
  let close = begin;
  while (close < end && close - begin < NAME_WITHIN && load<u8>(close) != sign) close++;
  if (close >= end || load<u8>(close) != sign) return begin;
  const colon = afterSpace(close + 1, end);
  if (colon >= end || load<u8>(colon) != 0x3a) return begin;
  const value = afterSpace(colon + 1, end);
  return value < end && isQuoteSign(load<u8>(value)) ? value + 1 : 0;
}

/** Where the value of the query's name at `p` begins, or 0. */
function valueAfter(p: usize, end: usize): usize {
  const from = p;
  while (p < end && p - from < NAME_WITHIN && isToken(load<u8>(p))) p++;
  return p > from && p < end && load<u8>(p) == 0x3d ? p + 1 : 0;
}

function afterSpace(p: usize, end: usize): usize {
  const from = p;
  while (p < end && p - from < SPACE_WITHIN && load<u8>(p) <= 0x20) p++;
  return p;
}

function isPlainWord(p: usize, end: usize): bool {
  for (; p < end; p++) if (load<u8>(p) < 0x61 || load<u8>(p) > 0x7a) return false;
  return true;
}

function isQuoteSign(c: u8): bool {
  return c == 0x22 || c == 0x27 || c == 0x60;
}

/** Letters, digits and _ - . / */
function isToken(c: u8): bool {
  const isLetter = (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
  return isLetter || (c >= 0x2d && c <= 0x39) || c == 0x5f;
}

// Neighbours put together: strings of a list or an object, `"ghp_", "x7…"`, strings that a program adds, `"ghp_" + "x7…"`,
// and values of a query, `a=ghp_&b=x7…`. Each time two words of token bytes meet, they give a line; three give one line too.

/** Fewer characters make no secret. */
const LEAST_CHARACTERS: usize = 16;
/** A word of small letters is a key, a role, a unit, and worth a line only before a word as long as this. */
const LONG_WORD: usize = 12;
/** Shorter ones may be the end of a token that was cut. */
const LEAST_WORD: usize = 3;
/** A name between two strings or values is shorter. */
const NAME_WITHIN: usize = 64;
/** White space between two strings is shorter: a line break and its indentation. */
const SPACE_WITHIN: usize = 40;

/** Where the first two words meet in the text that is being passed; 0 for nowhere. */
let firstJoint: usize = 0;

/** Forgets where words met in the last text. */
export function clearJoints(): void {
  firstJoint = 0;
}

/** Whether words meet in the text that was passed. */
export function hasJoints(): bool {
  return firstJoint != 0;
}

/** Notes the quote or ampersand at `at`, behind a token byte, where two words meet there. */
export function noteJoint(at: usize, start: usize, end: usize): void {
  if (firstJoint != 0) return;
  const from = neighbourOf(at, end);
  if (from == 0) return;
  const left = wordStart(at, start);
  if (!isKey(left, at, from, wordEnd(from, end))) firstJoint = at;
}

/**
 * Writes the words that meet between `start` and `end` to `out`, a line each, with what stands before them while there is
 * room; gives the end. At most twice as long as the text.
 */
export function joinNeighbours(start: usize, end: usize, out: usize): usize {
  const quote = i8x16.splat(0x22);
  const single = i8x16.splat(0x27);
  const ampersand = i8x16.splat(0x26);
  const limit = out + (end - start) * 2;
  let lineStart = out;
  /** Where the words of the line begin, behind what they may be called. */
  let wordsFrom = out;
  /** Where the word that the line ends with ends. */
  let lastEnd: usize = 0;
  for (let p = firstJoint; p < end; p += 16) {
    const v = v128.load(p);
    let mask = i8x16.bitmask(v128.or(v128.or(i8x16.eq(v, quote), i8x16.eq(v, single)), i8x16.eq(v, ampersand)));
    while (mask != 0) {
      const at = p + <usize>ctz(mask);
      mask &= mask - 1;
      if (at >= end) break;
      if (at <= start || !isToken(load<u8>(at - 1))) continue;
      const from = neighbourOf(at, end);
      if (from == 0) continue;
      const to = wordEnd(from, end);
      if (at != lastEnd) {
        const left = wordStart(at, start);
        if (isKey(left, at, from, to)) continue;
        out = endLine(lineStart, wordsFrom, out);
        lineStart = out;
        const name = nameBefore(left, start);
        if (out + (at - name) + (to - from) + NAME_WITHIN < limit) {
          memory.copy(out, name, left - name);
          out += left - name;
        }
        wordsFrom = out;
        memory.copy(out, left, at - left);
        out += at - left;
      }
      memory.copy(out, from, to - from);
      out += to - from;
      lastEnd = to;
    }
  }
  return endLine(lineStart, wordsFrom, out);
}

/** Where the word begins that the sign at `at` parts from the one before it; 0 where none does. */
function neighbourOf(at: usize, end: usize): usize {
  const from = load<u8>(at) == 0x26 ? valueAfter(at + 1, end) : stringAfter(at + 1, end);
  return from != 0 && isToken(load<u8>(from)) ? from : 0;
}

function wordStart(p: usize, start: usize): usize {
  while (p > start && isToken(load<u8>(p - 1))) p--;
  return p;
}

function wordEnd(p: usize, end: usize): usize {
  while (p < end && isToken(load<u8>(p))) p++;
  return p;
}

/** Where what the word at `p` may be called begins: on its line, not far before. */
function nameBefore(p: usize, start: usize): usize {
  const from = p;
  while (p > start && from - p < NAME_WITHIN && load<u8>(p - 1) >= 0x20) p--;
  return p;
}

/** Whether one of two words is a key or the like: the left one, and the right one too short to be worth a line, or that. */
function isKey(left: usize, leftEnd: usize, right: usize, rightEnd: usize): bool {
  if (rightEnd - right >= LONG_WORD) return false;
  if (isPlainWord(left, leftEnd)) return true;
  return rightEnd - right >= LEAST_WORD && load<u8>(leftEnd) != 0x26 && isPlainWord(right, rightEnd);
}

/** Ends the line, or drops it where it is too short. */
function endLine(lineStart: usize, wordsFrom: usize, out: usize): usize {
  if (out - wordsFrom < LEAST_CHARACTERS) return lineStart;
  store<u8>(out, 0x0a);
  return out + 1;
}

/**
 * Where the string behind the quote before `p` begins: after a comma or a plus sign, white space, and a name and a colon at
 * most; 0 where none does.
 */
function stringAfter(p: usize, end: usize): usize {
  if (load<u8>(p) != 0x2c) {
    p = afterSpace(p, end);
    if (load<u8>(p) != 0x2b) return 0;
  }
  p++;
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
  return c == 0x22 || c == 0x27;
}

/** Letters, digits and _ - . / */
function isToken(c: u8): bool {
  const isLetter = (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
  return isLetter || (c >= 0x2d && c <= 0x39) || c == 0x5f;
}

// Neighbours put together: strings of a list or an object, `"ghp_", "x7…"`, strings that a program or a shell adds,
// `"ghp_" + "x7…"` and `"ghp_""x7…"`, values of a query, `a=ghp_&b=x7…`, and what a line break cuts. Each time two words of
// token bytes meet, they give a line; three give one line too.
import { arePieces } from './cut-line';

/** Fewer characters make no secret. */
const LEAST_CHARACTERS: usize = 16;
/** A word of small letters is a key, a role, a unit, and worth a line only before a word as long as this. */
const LONG_WORD: usize = 12;
/** Shorter ones may be the end of a token that was cut. */
const LEAST_WORD: usize = 3;
/** A name between two strings or values is shorter. */
const NAME_WITHIN: usize = 64;
/** Lines that go on like this are base64 or hashes, and no token any more. */
const TOKEN_WITHIN: usize = 1024;
/** White space between two strings is shorter: a line break and its indentation. */
const SPACE_WITHIN: usize = 40;

/** Places where words met in the text that is being passed; behind the last one all are looked for again. */
const MOST_JOINTS: u32 = 256;
const places: usize = memory.data(1024); // MOST_JOINTS × 4
let jointCount: u32 = 0;

/** Forgets where words met in the last text. */
export function clearJoints(): void {
  jointCount = 0;
}

/** Whether words meet in the text that was passed. */
export function hasJoints(): bool {
  return jointCount != 0;
}

/** Notes the quote, ampersand or control byte at `at`, behind a token byte, where two words meet there. */
export function noteJoint(at: usize, start: usize, end: usize): void {
  // Nearly all are quotes before a colon, or before a blank and a word.
  const next = load<u8>(at, 1);
  if (isQuoteSign(load<u8>(at)) && next > 0x20 && !isQuoteSign(next) && !adds(next)) return;
  if (jointCount == MOST_JOINTS) return;
  const from = neighbourOf(at, end);
  if (from == 0 || stayApart(at, start, from, end)) return;
  store<u32>(places + ((<usize>jointCount) << 2), <u32>at);
  jointCount++;
}

// The line that is being written.
let line: usize = 0;
/** Where its words begin, behind what they may be called, and where they end. */
let wordsFrom: usize = 0;
let lineEnd: usize = 0;
/** Where the word that it ends with ends in the text, and what put it there. */
let lastEnd: usize = 0;
let lastSign: u32 = 0;
/** What parts the words that neighbourOf looked at: the sign itself, and what adds them. */
let signBetween: u32 = 0;

/**
 * Writes the words that meet between `start` and `end` to `out`, a line each, with what stands before them while there is
 * room; gives the end. At most twice as long as the text.
 */
export function joinNeighbours(start: usize, end: usize, out: usize): usize {
  const limit = out + (end - start) * 2;
  line = out;
  wordsFrom = out;
  lineEnd = out;
  lastEnd = 0;
  for (let i: u32 = 0; i < jointCount; i++) join(<usize>load<u32>(places + ((<usize>i) << 2)), start, end, limit);
  if (jointCount == MOST_JOINTS)
    joinFrom(<usize>load<u32>(places + ((<usize>(MOST_JOINTS - 1)) << 2)) + 1, start, end, limit);
  endLine();
  return line;
}

/** Joins the words that meet anywhere behind `p`. */
function joinFrom(p: usize, start: usize, end: usize, limit: usize): void {
  const quote = i8x16.splat(0x22);
  const single = i8x16.splat(0x27);
  const ampersand = i8x16.splat(0x26);
  const blank = i8x16.splat(0x20);
  for (; p < end; p += 16) {
    const v = v128.load(p);
    const quotes = v128.or(i8x16.eq(v, quote), i8x16.eq(v, single));
    let mask = i8x16.bitmask(v128.or(v128.or(quotes, i8x16.eq(v, ampersand)), i8x16.lt_u(v, blank)));
    for (; mask != 0; mask &= mask - 1) {
      const at = p + <usize>ctz(mask);
      if (at >= end) return;
      if (isToken(load<u8>(at - 1)) && neighbourOf(at, end) != 0) join(at, start, end, limit);
    }
  }
}

/** Puts the word behind the sign at `at` to the one before it. */
function join(at: usize, start: usize, end: usize, limit: usize): void {
  const from = neighbourOf(at, end);
  const to = wordEnd(from, end);
  // Words that are parted in another way are no pieces of the same one.
  const sign = signBetween;
  if (at != lastEnd || sign != lastSign) {
    if (stayApart(at, start, from, end)) return;
    const left = wordStart(at, start);
    endLine();
    const name = nameBefore(left, start);
    if (line + (at - name) + (to - from) + NAME_WITHIN < limit) append(name, left);
    wordsFrom = lineEnd;
    append(left, at);
  }
  const isToken = sign >= 0x20 || lineEnd - wordsFrom + (to - from) <= TOKEN_WITHIN;
  if (isToken) append(from, to);
  lastEnd = to;
  lastSign = sign;
}

function append(from: usize, to: usize): void {
  memory.copy(lineEnd, from, to - from);
  lineEnd += to - from;
}

/** Ends the line, or drops it where it is too short. */
function endLine(): void {
  if (lineEnd - wordsFrom >= LEAST_CHARACTERS) {
    store<u8>(lineEnd, 0x0a);
    line = lineEnd + 1;
  }
  lineEnd = line;
  wordsFrom = line;
}

/** Where the word begins that the sign at `at` parts from the one before it; 0 where none does. */
function neighbourOf(at: usize, end: usize): usize {
  const sign = <u32>load<u8>(at);
  signBetween = sign;
  const from = sign < 0x20 ? lineAfter(at, end) : sign == 0x26 ? valueAfter(at + 1, end) : stringAfter(at + 1, end);
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

/** Whether the words that the sign at `at` parts are no pieces of one. */
function stayApart(at: usize, start: usize, from: usize, end: usize): bool {
  if (load<u8>(at) < 0x20) return !arePieces(at, from);
  return isKey(wordStart(at, start), at, from, wordEnd(from, end));
}

/** Whether one of two words is a key or the like: the left one, and the right one too short to be worth a line, or that. */
function isKey(left: usize, leftEnd: usize, right: usize, rightEnd: usize): bool {
  if (rightEnd - right >= LONG_WORD) return false;
  // Characters one by one.
  if (leftEnd - left == 1 && rightEnd - right == 1) return false;
  if (isPlainWord(left, leftEnd)) return true;
  return rightEnd - right >= LEAST_WORD && load<u8>(leftEnd) != 0x26 && isPlainWord(right, rightEnd);
}

/**
 * Where the string behind the quote before `p` begins: after a comma or a sign that adds, white space, and a name and a colon
 * at most; 0 where none does.
 */
function stringAfter(p: usize, end: usize): usize {
  p = afterSpace(p, end);
  const added = load<u8>(p);
  if (adds(added)) {
    signBetween |= (<u32>added) << 8;
    p++;
    // Lua and SQL write theirs twice.
    if (added != 0x2c && load<u8>(p) == added) p++;
    p = afterSpace(p, end);
  }
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

/** Where the word behind the control byte at `p` begins: at once, or behind a line break and an indentation. */
function lineAfter(p: usize, end: usize): usize {
  const from = p;
  while (p < end && load<u8>(p) < 0x20) p++;
  if (p - from > 2) return 0;
  return load<u8>(p - 1) == 0x0a ? afterSpace(p, end) : p;
}

/** , and the signs that programs add strings by: + . & | */
function adds(c: u8): bool {
  return c == 0x2c || c == 0x2b || c == 0x2e || c == 0x26 || c == 0x7c;
}

function isQuoteSign(c: u8): bool {
  return c == 0x22 || c == 0x27;
}

/** Letters, digits and _ - . / */
function isToken(c: u8): bool {
  return isLetter(c) || (c >= 0x2d && c <= 0x39) || c == 0x5f;
}

function isLetter(c: u8): bool {
  return (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
}

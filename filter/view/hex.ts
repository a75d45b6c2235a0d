// Hexadecimal: runs of digits, and pairs of digits with something between, `67:68`, `67 68`, `0x67, 0x68`. Only what
// decodes to text is kept: hashes, ids and addresses are the rule.
import { hexDigit, hexPair } from './escape';
import { HEX_PAIR_RUNS, HEX_RUNS, isNoted, note } from './noted';
import { finishPiece } from './piece';

/** 13 bytes are the shortest number that a rule knows without a word beside it. */
const LEAST_DIGITS: usize = 26;
const LEAST_PAIRS: usize = 13;

/**
 * Notes the runs of digits in a run of token bytes that stand for printable characters, which begin with 2 to 7, and the
 * one that begins it if it begins as gzip and zlib do.
 */
export function noteHexRuns(p: usize, end: usize): void {
  if (beginsCompressed(p) && isHex16(p) && !isNoted(HEX_RUNS, p)) note(HEX_RUNS, p, endOfDigits(p, end));
  for (; p + 16 <= end; p += 16) {
    if (!isHex16(p) || isNoted(HEX_RUNS, p)) continue;
    if (standsForText(p)) note(HEX_RUNS, p, endOfDigits(p, end));
  }
}

/** Whether 16 digits, from the first or the second on, are of printable characters, plain or in UTF-16. */
function standsForText(p: usize): bool {
  const v = v128.load(p);
  const high = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x32)), i8x16.splat(6)));
  if ((high & 0x5555) == 0x5555 || (high & 0xaaaa) == 0xaaaa) return true;
  const zero = i8x16.bitmask(i8x16.eq(v, i8x16.splat(0x30)));
  if (zero == 0xffff) return false;
  const isFirst = (zero & 0x3333) == 0x3333 || (zero & 0x6666) == 0x6666;
  return isFirst || (zero & 0xcccc) == 0xcccc || (zero & 0x9999) == 0x9999;
}

/** Whether the digits at `p` are 1f8b, or 78 and a check of zlib's. */
function beginsCompressed(p: usize): bool {
  const c = load<u8>(p);
  if (c != 0x31 && c != 0x37) return false;
  const first = hexPair(p);
  if (first != 0x1f && first != 0x78) return false;
  const second = hexPair(p + 2);
  return first == 0x1f ? second == 0x8b : second >= 0 && ((first << 8) | second) % 31 == 0;
}

/** Whether the 16 bytes at `p` are hexadecimal digits. */
export function isHex16(p: usize): bool {
  const v = v128.load(p);
  return i8x16.all_true(v128.or(isDigit(v), isHexLetter(v)));
}

/** Notes pairs at `p`, `step` bytes apart, if four of them stand for printable characters: addresses and times do not. */
export function noteHexPairs(p: usize, step: usize, end: usize): void {
  if (isNoted(HEX_PAIR_RUNS, p)) return;
  for (let i: usize = 0; i < 4; i++) {
    const value = hexPair(p + i * step);
    if (value < 0x20 || value > 0x7e) return;
  }
  note(HEX_PAIR_RUNS, p, endOfPairs(p, end));
}

/** Writes what the run of digits round `p` stands for to `out`, a line; gives the end. At most 9/8 as long and 16 more. */
export function openHex(p: usize, start: usize, end: usize, isLast: bool, out: usize): usize {
  while (p > start && hexDigit(load<u8>(p - 1)) >= 0) p--;
  return decodeHex(p, isLast ? end : endOfDigits(p, end), out);
}

/** The same of the pairs round `p`, at most half as long. */
export function openHexPairs(p: usize, start: usize, end: usize, isLast: bool, out: usize): usize {
  // What stands before may be the first pairs, with one more sign.
  let from = p;
  while (from > start && p - from < 64) from--;
  return decodeHexPairs(from, isLast ? end : endOfPairs(p, end), out);
}

function decodeHex(start: usize, end: usize, out: usize): usize {
  let p = start;
  while (p < end) {
    const v = v128.load(p);
    const digits = i8x16.bitmask(v128.or(isDigit(v), isHexLetter(v)));
    if (digits == 0) {
      p += 16;
      continue;
    }
    p += <usize>ctz(digits);
    const runEnd = endOfDigits(p, end);
    if (runEnd >= p + LEAST_DIGITS) {
      out = decodeRun(p, runEnd, out);
      // A digit that is glued to the run shifts all that follow.
      out = decodeRun(p + 1, runEnd, out);
    }
    p = runEnd + 1;
  }
  return out;
}

function endOfDigits(p: usize, end: usize): usize {
  for (; p < end; p += 16) {
    const v = v128.load(p);
    const others = i8x16.bitmask(v128.or(isDigit(v), isHexLetter(v))) ^ 0xffff;
    if (others != 0) return min(p + <usize>ctz(others), end);
  }
  return end;
}

function decodeRun(p: usize, end: usize, out: usize): usize {
  let to = out;
  for (; p + 2 <= end; p += 2) store<u8>(to++, <u8>hexPair(p));
  return finishPiece(out, to);
}

function decodeHexPairs(start: usize, end: usize, out: usize): usize {
  let p = start;
  while (p < end) {
    if (hexDigit(load<u8>(p)) < 0 || (p > start && isWord(load<u8>(p - 1)))) {
      p++;
      continue;
    }
    let to = out;
    let at = p;
    let next = pairAt(at, end);
    while (next != 0) {
      store<u8>(to++, <u8>hexPair(next - 2));
      at = next;
      next = separated(at, end);
    }
    if (to - out >= LEAST_PAIRS) out = finishPiece(out, to);
    p = max(at, p + 1);
  }
  return out;
}

/** The end of the pairs that go on at the digits of `p`. */
function endOfPairs(p: usize, end: usize): usize {
  let at = p + 2;
  for (let next = separated(at, end); next != 0; next = separated(at, end)) at = next;
  return at;
}

/** Behind the pair at `p`, with or without `0x`, where no other digit follows; else 0. */
function pairAt(p: usize, end: usize): usize {
  if (p + 4 <= end && load<u8>(p) == 0x30 && (load<u8>(p, 1) | 0x20) == 0x78) p += 2;
  if (p + 2 > end || hexPair(p) < 0) return 0;
  return p + 2 < end && isWord(load<u8>(p, 2)) ? 0 : p + 2;
}

/** Behind the next pair, with one sign and white space before it at most; else 0. */
function separated(p: usize, end: usize): usize {
  const from = p;
  if (p < end && isSeparator(load<u8>(p))) p++;
  while (p < end && p - from < 4 && load<u8>(p) <= 0x20) p++;
  return p == from ? 0 : pairAt(p, end);
}

function isSeparator(c: u8): bool {
  return c == 0x3a || c == 0x2d || c == 0x2c || c == 0x2e || c == 0x3b || c == 0x7c || c == 0x2f;
}

function isWord(c: u8): bool {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a) || c == 0x5f;
}

function isDigit(v: v128): v128 {
  return i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10));
}

function isHexLetter(v: v128): v128 {
  return i8x16.lt_u(i8x16.sub(v128.or(v, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(6));
}

// Base64 and base64url (RFC 4648 sections 4 and 5), padded or not, on one line or on several (RFC 2045 section 6.8, PEM):
// every run long enough to hold a secret is decoded into one view, and what can be read of it is kept, a line for each.
import { MARGIN } from './arena';
import { noteBase32Run } from './base32';
import { isHex16, noteHexRuns } from './hex';
import { finishPiece } from './piece';
import { isPrintable12 } from './printable';

/** 24 characters are 18 bytes: the shortest token that a rule knows has 16 and its edges. */
export const LEAST_RUN: usize = 24;
/** A shorter run counts where its first characters are text: an account number. */
const LEAST_TEXT: usize = 16;
/** What is glued to a run, a name or a path, is shorter than this; further on no other beginning is looked for. */
const GLUED_WITHIN: usize = 256;
/** Beginnings of a run that are decoded: `KEY_KEY_KEY_…` has one at each sign, and each costs the whole run again. */
const MOST_GLUED: u32 = 8;
/** Room for them in a short text. */
const GLUED_ROOM: u32 = 8192;
/** Shorter lines are words below each other, and so may those below the second be: PEM has 64 columns and MIME 76. */
const LEAST_LINE: usize = 16;
const LEAST_WIDTH: usize = 60;

let out: usize = 0;
let outStart: usize = 0;
let outLimit: usize = 0;
let missed: bool = false;
/** Where the lines that were put together end: their runs are not decoded again. */
let joinedTo: usize = 0;

/** Begins a view at `address` with room for `bytes`; 0 for no room, then runs are only noticed. */
export function beginBase64(address: usize, bytes: u32): void {
  outStart = address;
  out = address;
  outLimit = address + bytes;
  missed = false;
  joinedTo = 0;
}

/** Bytes in the view so far. */
export function base64Bytes(): u32 {
  return <u32>(out - outStart);
}

/** Whether a run was found that had no room. */
export function missedBase64(): bool {
  return missed;
}

/** Decodes the base64 runs of the token run that begins at `p`. */
export function decodeTokenRun(p: usize, end: usize): void {
  while (p < end) {
    const runEnd = endOfRun(p, end);
    if (runEnd > joinedTo) {
      if (runEnd - p >= LEAST_RUN) readRun(p, runEnd, end);
      else if (runEnd - p >= LEAST_TEXT && isText(p)) decodeRun(p, runEnd, end);
    }
    // A dot ends a run of base64 and not the token run it lies in: a JWT's parts, a file name.
    if (runEnd >= end || load<u8>(runEnd) != 0x2e) return;
    p = runEnd + 1;
  }
}

/** Decodes one run, and notes it for the other encodings whose characters are base64's as well. */
function readRun(p: usize, runEnd: usize, end: usize): void {
  noteHexRuns(p, min(runEnd, p + GLUED_WITHIN));
  noteBase32Run(p, runEnd);
  if (isHex(p, runEnd)) return;
  decodeRun(p, runEnd, end);
  // Something may be glued to the run by a sign that is base64's as well, `/echo/`, `key-`: then it begins behind that.
  const to = min(runEnd - LEAST_RUN, p + GLUED_WITHIN);
  let glued: u32 = 0;
  for (let at = p; at <= to; at += 16) {
    let signs = i8x16.bitmask(isSign(v128.load(at)));
    while (signs != 0) {
      const behind = at + <usize>ctz(signs) + 1;
      signs &= signs - 1;
      if (behind > to) return;
      noteBase32Run(behind, runEnd);
      if (((behind - p) & 3) == 0 || !showsText(behind, runEnd)) continue;
      if (++glued > MOST_GLUED) return;
      decodeLine(behind, runEnd);
    }
  }
}

function endOfRun(p: usize, end: usize): usize {
  for (; p < end; p += 16) {
    const others = i8x16.bitmask(isBase64(v128.load(p))) ^ 0xffff;
    if (others != 0) return min(p + <usize>ctz(others), end);
  }
  return end;
}

/** Runs of one long hexadecimal number hold no text in base64: hashes, ids. */
function isHex(p: usize, end: usize): bool {
  for (; p + 16 <= end; p += 16) if (!isHex16(p)) return false;
  return isHex16(end - 16);
}

/** Decodes the run, with the lines that go on below it. */
function decodeRun(p: usize, runEnd: usize, end: usize): void {
  if (out + ((runEnd - p) * 3) / 4 + 16 > outLimit) {
    // Past the last layer only a run that hides text is worth a word: long names decode to anything.
    missed = missed || outLimit != 0 || isText(p);
    return;
  }
  const last = lastLine(p, runEnd, end);
  if (last != runEnd) decodeLines(p, runEnd, last);
  else decodeLine(p, runEnd);
}

/** Whether 16 characters in a row, a multiple of four behind `p`, are text, within the first 40. */
function showsText(p: usize, end: usize): bool {
  for (let at = p; at + 16 <= end && at - p <= 24; at += 8) if (isText(at)) return true;
  return false;
}

const sample: usize = memory.data(16);

function isText(p: usize): bool {
  v128.store(sample, decode16(v128.load(p)));
  return isPrintable12(sample);
}

function decodeLine(p: usize, end: usize): void {
  const decoded = ((end - p) * 3) / 4;
  if (out + decoded + 16 > outLimit) {
    missed = true;
    return;
  }
  let to = out;
  for (; p < end; p += 16, to += 12) v128.store(to, decode16(v128.load(p)));
  out = finishPiece(out, out + decoded);
}

/**
 * The end of the last of the lines that go on below the run; `runEnd` where none does. All lines have the length of the
 * second but the first, which may have something before it, and the last, which may be shorter.
 */
function lastLine(p: usize, runEnd: usize, end: usize): usize {
  let next = nextLine(runEnd, end);
  if (next == 0 || runEnd - p < LEAST_LINE) return runEnd;
  let last = runEnd;
  let full: usize = 0;
  while (next != 0) {
    const lineEnd = endOfRun(next, end);
    const length = lineEnd - next;
    if (full == 0) {
      // A single line below goes on if it is no longer.
      if (length > runEnd - p && nextLine(lineEnd, end) == 0) return last;
      full = length;
    }
    if (length > full || !isWhole(lineEnd, end)) return last;
    last = lineEnd;
    if (length < full || full < LEAST_LINE) return last;
    next = nextLine(lineEnd, end);
  }
  return last;
}

/** Whether nothing but what closes a text stands behind the line that ends at `p`: in a line of words, more does. */
function isWhole(p: usize, end: usize): bool {
  if (p >= end) return true;
  const c = load<u8>(p);
  return c == 0x0a || c == 0x0d || c == 0x3d || c == 0x22 || c == 0x27 || c == 0x60 || c == 0x3c;
}

/** Where the run that ended at `p` goes on: behind one line break and the indentation; 0 where it does not. */
function nextLine(p: usize, end: usize): usize {
  if (p < end && load<u8>(p) == 0x0d) p++;
  if (p >= end || load<u8>(p) != 0x0a) return 0;
  p++;
  const from = p;
  while (p < end && p - from < 32 && (load<u8>(p) == 0x20 || load<u8>(p) == 0x09)) p++;
  return p < end && (i8x16.bitmask(isBase64(v128.load(p))) & 1) != 0 ? p : 0;
}

const quad: usize = memory.data(16);

/** Decodes the lines as one run, and each for itself where they may be no more than words below each other. */
function decodeLines(p: usize, runEnd: usize, last: usize): void {
  joinedTo = last;
  const second = nextLine(runEnd, last);
  const width = max(runEnd - p, endOfRun(second, last) - second);
  decodeAsOne(p, runEnd, last);
  if ((runEnd - p) % 4 == 0 && width % 4 == 0 && width >= LEAST_WIDTH) return;
  while (true) {
    if (runEnd - p >= LEAST_RUN) decodeLine(p, runEnd);
    if (runEnd >= last) return;
    p = nextLine(runEnd, last);
    runEnd = endOfRun(p, last);
  }
}

function decodeAsOne(p: usize, lineEnd: usize, last: usize): void {
  const from = out;
  let to = out;
  let kept: usize = 0;
  if (out + ((last - p) * 3) / 4 + 16 > outLimit) {
    missed = true;
    return;
  }
  while (true) {
    // What the line before left over makes four characters with the first of this one.
    while (kept != 0 && kept < 4 && p < lineEnd) store<u8>(quad + kept++, load<u8>(p++));
    if (kept == 4) {
      v128.store(to, decode16(v128.load(quad)));
      to += 3;
      kept = 0;
    }
    if (p < lineEnd) {
      const whole = (lineEnd - p) & ~3;
      let line = to;
      for (let at = p; at < p + whole; at += 16, line += 12) v128.store(line, decode16(v128.load(at)));
      to += (whole / 4) * 3;
      for (p += whole; p < lineEnd; p++) store<u8>(quad + kept++, load<u8>(p));
    }
    if (lineEnd >= last) break;
    p = nextLine(lineEnd, last);
    lineEnd = endOfRun(p, last);
  }
  if (kept > 1) {
    v128.store(to, decode16(v128.load(quad)));
    to += (kept * 3) / 4;
  }
  out = finishPiece(from, to);
}

// Sixteen characters to twelve bytes. Each character's value is itself plus a shift that its high nibble names; `/`
// shares a nibble with `+` and is told apart.
function decode16(input: v128): v128 {
  const slash = i8x16.splat(0x2f);
  let v = v128.bitselect(i8x16.splat(0x2b), input, i8x16.eq(input, i8x16.splat(0x2d)));
  v = v128.bitselect(slash, v, i8x16.eq(v, i8x16.splat(0x5f)));
  const shifts = i8x16.swizzle(i8x16(0, 0, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0), i8x16.shr_u(v, 4));
  v = i8x16.add(v, v128.bitselect(i8x16.splat(16), shifts, i8x16.eq(v, slash)));
  const packed = v128.or(
    v128.or(i32x4.shl(v128.and(v, i32x4.splat(0x3f)), 18), i32x4.shl(v128.and(v, i32x4.splat(0x3f00)), 4)),
    v128.or(v128.and(i32x4.shr_u(v, 10), i32x4.splat(0xfc0)), v128.and(i32x4.shr_u(v, 24), i32x4.splat(0x3f))),
  );
  return i8x16.swizzle(packed, i8x16(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
}

function isBase64(v: v128): v128 {
  const letter = i8x16.lt_u(i8x16.sub(v128.or(v, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(26));
  const digitOrSlash = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x2f)), i8x16.splat(11));
  const plus = i8x16.eq(v, i8x16.splat(0x2b));
  const urlSafe = v128.or(i8x16.eq(v, i8x16.splat(0x2d)), i8x16.eq(v, i8x16.splat(0x5f)));
  return v128.or(v128.or(letter, digitOrSlash), v128.or(plus, urlSafe));
}

/** The signs of base64, that names and paths have as well. */
function isSign(v: v128): v128 {
  return v128.or(
    v128.or(i8x16.eq(v, i8x16.splat(0x2f)), i8x16.eq(v, i8x16.splat(0x2b))),
    v128.or(i8x16.eq(v, i8x16.splat(0x2d)), i8x16.eq(v, i8x16.splat(0x5f))),
  );
}

/**
 * Most bytes that the base64 runs of a text of `length` bytes come to, decoded from two beginnings, lines included. Words
 * that may be glued to a run give it more beginnings, and in a short text they may be most of it.
 */
export function base64Room(length: u32): u32 {
  return <u32>(((<u64>length * 8) / 5) & ~15) + min<u32>(length * 4, GLUED_ROOM) + MARGIN;
}

// The fused pass: 64 bytes a step, it names the few places of a text where a rule could match. Two lookups by nibble
// class every byte (word, digit, token) and twelve more are a Teddy matcher over the literal keys; all that follows works
// on 64-bit masks, one bit a byte, of the block before the current one, so that a run may reach over the border. Longer
// than most files: the pass is one loop, and what it calls at each place stands beside it.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { decodeTokenRun } from '../view/base64';
import { noteJoint } from '../view/joined';
import { highSigns, lowSigns, signsIn, signsOf } from '../view/signs';
import { noteApart } from './apart';
import { beginConfirm, confirm, confirmNumber, confirmWord, lookUp } from './confirm';
import { clearHits, hasRoom } from './hits';
import { beginPhrases, phrases } from './phrase';

// The text, and where the pass stands in it: everything that goes from one block to the next.
let begin: usize = 0;
let end: usize = 0;
let p: usize = 0;
let lastToken: u64 = 0;
let lastWord: u64 = 0;
let beforeDigit: u64 = 0;
let lastDigit: u64 = 0;
let lastQuote: u64 = 0;
let lastControl: u64 = 0;
let beforeToken: u64 = 0;
let beforeWord: u64 = 0;
/** Names before this place have been looked up. */
let namesTo: usize = 0;
let signs: v128 = i8x16.splat(0);
let lastSigns: u32 = 0;
let lastA: v128 = i8x16.splat(0);
let lastB: v128 = i8x16.splat(0);
let lastD: v128 = i8x16.splat(0);
let lastE: v128 = i8x16.splat(0);

/** Begins the pass over a text with a margin on both sides (view/arena.ts), which stands on a surface. */
export function beginPass(from: usize, to: usize, surface: i32): void {
  begin = from;
  end = to;
  p = from;
  lastToken = 0;
  lastWord = 0;
  beforeDigit = 0;
  lastDigit = 0;
  lastQuote = 0;
  lastControl = 0;
  beforeToken = 0;
  beforeWord = 0;
  namesTo = 0;
  signs = i8x16.splat(0);
  lastSigns = 0;
  lastA = i8x16.splat(0);
  lastB = i8x16.splat(0);
  lastD = i8x16.splat(0);
  lastE = i8x16.splat(0);
  beginConfirm(surface);
  beginPhrases();
  clearHits();
}

/** Goes on until the hits need to be looked at or the text is over; true where more is to come. */
export function stepPass(): bool {
  const lowA = v128.load(table.teddy);
  const highA = v128.load(table.teddy, 16);
  const lowB = v128.load(table.teddy, 32);
  const highB = v128.load(table.teddy, 48);
  const lowC = v128.load(table.teddy, 64);
  const highC = v128.load(table.teddy, 80);
  const lowD = v128.load(table.teddy, 96);
  const highD = v128.load(table.teddy, 112);
  const lowE = v128.load(table.teddy, 128);
  const highE = v128.load(table.teddy, 144);
  const lowF = v128.load(table.teddy, 160);
  const highF = v128.load(table.teddy, 176);
  // Classes of a byte, by low and high nibble: bit 0 `+-./`, bit 1 digits, bits 2 to 5 letters of the four letter
  // columns, bit 6 `_`. A token byte has any bit, a word byte any but bit 0.
  const lowClasses = i8x16(42, 62, 62, 62, 62, 62, 62, 62, 62, 62, 60, 21, 20, 21, 21, 85);
  const highClasses = i8x16(0, 0, 1, 2, 4, 72, 16, 32, 0, 0, 0, 0, 0, 0, 0, 0);
  const nibble = i8x16.splat(15);
  const signsLow = lowSigns();
  const signsHigh = highSigns();
  const anyBit = i8x16.splat(127); // with saturation, sets the top bit of every byte that is 1 or more
  const wordBit = i8x16.splat(126); // the same for 2 or more
  const blank = i8x16.splat(0x20);
  while (p < end + 64) {
    if (!hasRoom()) return true;
    let token: u64 = 0;
    let word: u64 = 0;
    let digit: u64 = 0;
    let quote: u64 = 0;
    let control: u64 = 0;
    if (p < end) {
      const v0 = v128.load(p);
      const l0 = v128.and(v0, nibble);
      const h0 = v128.and(i16x8.shr_u(v0, 4), nibble);
      const c0 = v128.and(i8x16.relaxed_swizzle(lowClasses, l0), i8x16.relaxed_swizzle(highClasses, h0));
      const s0 = v128.and(i8x16.relaxed_swizzle(signsLow, l0), i8x16.relaxed_swizzle(signsHigh, h0));
      const a0 = v128.and(i8x16.relaxed_swizzle(lowA, l0), i8x16.relaxed_swizzle(highA, h0));
      const b0 = v128.and(i8x16.relaxed_swizzle(lowB, l0), i8x16.relaxed_swizzle(highB, h0));
      const d0 = v128.and(i8x16.relaxed_swizzle(lowD, l0), i8x16.relaxed_swizzle(highD, h0));
      const e0 = v128.and(i8x16.relaxed_swizzle(lowE, l0), i8x16.relaxed_swizzle(highE, h0));
      const t0 = v128.or(
        v128.and(
          v128.and(i8x16.relaxed_swizzle(lowC, l0), i8x16.relaxed_swizzle(highC, h0)),
          v128.and(shift1(lastB, b0), shift2(lastA, a0)),
        ),
        v128.and(
          v128.and(i8x16.relaxed_swizzle(lowF, l0), i8x16.relaxed_swizzle(highF, h0)),
          v128.and(shift1(lastE, e0), shift2(lastD, d0)),
        ),
      );
      const v1 = v128.load(p, 16);
      const l1 = v128.and(v1, nibble);
      const h1 = v128.and(i16x8.shr_u(v1, 4), nibble);
      const c1 = v128.and(i8x16.relaxed_swizzle(lowClasses, l1), i8x16.relaxed_swizzle(highClasses, h1));
      const s1 = v128.and(i8x16.relaxed_swizzle(signsLow, l1), i8x16.relaxed_swizzle(signsHigh, h1));
      const a1 = v128.and(i8x16.relaxed_swizzle(lowA, l1), i8x16.relaxed_swizzle(highA, h1));
      const b1 = v128.and(i8x16.relaxed_swizzle(lowB, l1), i8x16.relaxed_swizzle(highB, h1));
      const d1 = v128.and(i8x16.relaxed_swizzle(lowD, l1), i8x16.relaxed_swizzle(highD, h1));
      const e1 = v128.and(i8x16.relaxed_swizzle(lowE, l1), i8x16.relaxed_swizzle(highE, h1));
      const t1 = v128.or(
        v128.and(
          v128.and(i8x16.relaxed_swizzle(lowC, l1), i8x16.relaxed_swizzle(highC, h1)),
          v128.and(shift1(b0, b1), shift2(a0, a1)),
        ),
        v128.and(
          v128.and(i8x16.relaxed_swizzle(lowF, l1), i8x16.relaxed_swizzle(highF, h1)),
          v128.and(shift1(e0, e1), shift2(d0, d1)),
        ),
      );
      const v2 = v128.load(p, 32);
      const l2 = v128.and(v2, nibble);
      const h2 = v128.and(i16x8.shr_u(v2, 4), nibble);
      const c2 = v128.and(i8x16.relaxed_swizzle(lowClasses, l2), i8x16.relaxed_swizzle(highClasses, h2));
      const s2 = v128.and(i8x16.relaxed_swizzle(signsLow, l2), i8x16.relaxed_swizzle(signsHigh, h2));
      const a2 = v128.and(i8x16.relaxed_swizzle(lowA, l2), i8x16.relaxed_swizzle(highA, h2));
      const b2 = v128.and(i8x16.relaxed_swizzle(lowB, l2), i8x16.relaxed_swizzle(highB, h2));
      const d2 = v128.and(i8x16.relaxed_swizzle(lowD, l2), i8x16.relaxed_swizzle(highD, h2));
      const e2 = v128.and(i8x16.relaxed_swizzle(lowE, l2), i8x16.relaxed_swizzle(highE, h2));
      const t2 = v128.or(
        v128.and(
          v128.and(i8x16.relaxed_swizzle(lowC, l2), i8x16.relaxed_swizzle(highC, h2)),
          v128.and(shift1(b1, b2), shift2(a1, a2)),
        ),
        v128.and(
          v128.and(i8x16.relaxed_swizzle(lowF, l2), i8x16.relaxed_swizzle(highF, h2)),
          v128.and(shift1(e1, e2), shift2(d1, d2)),
        ),
      );
      const v3 = v128.load(p, 48);
      const l3 = v128.and(v3, nibble);
      const h3 = v128.and(i16x8.shr_u(v3, 4), nibble);
      const c3 = v128.and(i8x16.relaxed_swizzle(lowClasses, l3), i8x16.relaxed_swizzle(highClasses, h3));
      const s3 = v128.and(i8x16.relaxed_swizzle(signsLow, l3), i8x16.relaxed_swizzle(signsHigh, h3));
      const a3 = v128.and(i8x16.relaxed_swizzle(lowA, l3), i8x16.relaxed_swizzle(highA, h3));
      const b3 = v128.and(i8x16.relaxed_swizzle(lowB, l3), i8x16.relaxed_swizzle(highB, h3));
      const d3 = v128.and(i8x16.relaxed_swizzle(lowD, l3), i8x16.relaxed_swizzle(highD, h3));
      const e3 = v128.and(i8x16.relaxed_swizzle(lowE, l3), i8x16.relaxed_swizzle(highE, h3));
      const t3 = v128.or(
        v128.and(
          v128.and(i8x16.relaxed_swizzle(lowC, l3), i8x16.relaxed_swizzle(highC, h3)),
          v128.and(shift1(b2, b3), shift2(a2, a3)),
        ),
        v128.and(
          v128.and(i8x16.relaxed_swizzle(lowF, l3), i8x16.relaxed_swizzle(highF, h3)),
          v128.and(shift1(e2, e3), shift2(d2, d3)),
        ),
      );
      lastA = a3;
      lastB = b3;
      lastD = d3;
      lastE = e3;
      const places = mask64(
        i8x16.add_sat_u(t0, anyBit),
        i8x16.add_sat_u(t1, anyBit),
        i8x16.add_sat_u(t2, anyBit),
        i8x16.add_sat_u(t3, anyBit),
      );
      if (places != 0) literals(places, p);
      token = mask64(
        i8x16.add_sat_u(c0, anyBit),
        i8x16.add_sat_u(c1, anyBit),
        i8x16.add_sat_u(c2, anyBit),
        i8x16.add_sat_u(c3, anyBit),
      );
      word = mask64(
        i8x16.add_sat_u(c0, wordBit),
        i8x16.add_sat_u(c1, wordBit),
        i8x16.add_sat_u(c2, wordBit),
        i8x16.add_sat_u(c3, wordBit),
      );
      // Bit 1 to the top; what the shift brings over from the neighbour stays below it.
      digit = mask64(i16x8.shl(c0, 6), i16x8.shl(c1, 6), i16x8.shl(c2, 6), i16x8.shl(c3, 6));
      quote = mask64(s0, s1, s2, s3);
      if (v128.any_true(i8x16.lt_u(i8x16.min_u(i8x16.min_u(v0, v1), i8x16.min_u(v2, v3)), blank)))
        control = mask64(i8x16.lt_u(v0, blank), i8x16.lt_u(v1, blank), i8x16.lt_u(v2, blank), i8x16.lt_u(v3, blank));
      if (p + 64 <= end) signs = v128.or(signs, v128.or(v128.or(s0, s1), v128.or(s2, s3)));
      else lastSigns = signsIn(p, end);
    }
    tokens(p - 64, token);
    numbers(p - 64, word, digit);
    noteApart(p - 64, beforeWord, lastWord, word, lastDigit, begin, end);
    joints(p - 64, word, digit);
    if (table.wordRules != 0) words(p - 64);
    if (table.hasPhrases) phrases(p - 64, lastWord, word, lastDigit, begin, end);
    beforeToken = lastToken;
    beforeWord = lastWord;
    lastToken = token;
    lastWord = word;
    beforeDigit = lastDigit;
    lastDigit = digit;
    lastQuote = quote;
    lastControl = control;
    p += 64;
  }
  return false;
}

/** The signs (view/signs.ts) of a text whose pass is over. */
export function passedSigns(): u32 {
  return signsOf(i64x2.extract_lane(signs, 0) | i64x2.extract_lane(signs, 1)) | lastSigns;
}

/** Quotes, ampersands and, near digits and letters, control bytes of the block behind a token byte: two words may meet there. */
function joints(block: usize, nextWord: u64, nextDigit: u64): void {
  const hasDigit = (beforeDigit | lastDigit | nextDigit) != 0;
  const hasLetter = ((beforeWord & ~beforeDigit) | (lastWord & ~lastDigit) | (nextWord & ~nextDigit)) != 0;
  const controls = hasDigit && hasLetter ? lastControl : 0;
  let places = (lastQuote | controls) & ((lastToken << 1) | (beforeToken >> 63));
  while (places != 0) {
    noteJoint(block + <usize>ctz(places), begin, end);
    places &= places - 1;
  }
}

/** Places of the block at `block` (the one before `next`) where 16 token bytes begin. */
function tokens(block: usize, next: u64): void {
  let run = lastToken & ((lastToken >> 1) | (next << 63));
  let runNext = next & (next >> 1);
  run &= (run >> 2) | (runNext << 62);
  runNext &= runNext >> 2;
  run &= (run >> 4) | (runNext << 60);
  runNext &= runNext >> 4;
  run &= (run >> 8) | (runNext << 56);
  if (run == 0) return;
  let starts = run & lastWord & ~((lastWord << 1) | (beforeWord >> 63));
  while (starts != 0) {
    const at = block + <usize>ctz(starts);
    starts &= starts - 1;
    const first = lookUp(table.startSlots, table.startUsed, at);
    if (first != 0) confirm(first, at, begin, end);
  }
  let runs = run & ~((lastToken << 1) | (beforeToken >> 63));
  while (runs != 0) {
    const at = block + <usize>ctz(runs);
    runs &= runs - 1;
    decodeTokenRun(at, end);
    if (followsSign(at)) names(at);
  }
}

/** Whether a sign of assignment stands within SIGN_BYTES before `p`: = : , > | */
function followsSign(p: usize): bool {
  const from = p - begin > <usize>layout.SIGN_BYTES ? p - layout.SIGN_BYTES : begin;
  while (p > from) {
    const c = load<u8>(--p);
    if (c == 0x3d || c == 0x3a || c == 0x2c || c == 0x3e || c == 0x7c) return true;
  }
  return false;
}

/** Names that the value at `p` may have: their keys are looked up in the bytes before it, each once. */
function names(p: usize): void {
  let at = max(namesTo, p - begin > <usize>layout.NAMED_BYTES ? p - layout.NAMED_BYTES : begin);
  for (; at + 3 <= p; at++) {
    const first = lookUp(table.namedSlots, table.namedUsed, at);
    if (first != 0) confirm(first, at, begin, end);
  }
  namesTo = at;
}

/** Words of the block that begin with three digits, or with two capitals and two digits. */
function numbers(block: usize, nextWord: u64, nextDigit: u64): void {
  if ((lastDigit | nextDigit) == 0) return;
  const wordStarts = lastWord & ~((lastWord << 1) | (beforeWord >> 63));
  const second = (lastDigit >> 1) | (nextDigit << 63);
  const third = (lastDigit >> 2) | (nextDigit << 62);
  const fourth = (lastDigit >> 3) | (nextDigit << 61);
  let starts = wordStarts & lastDigit & second & third;
  let lettered = wordStarts & ~lastDigit & ~second & third & fourth;
  while (lettered != 0) {
    const bit = lettered & (0 - lettered);
    lettered ^= bit;
    const at = block + <usize>ctz(bit);
    if (isCapital(load<u8>(at)) && isCapital(load<u8>(at, 1))) starts |= bit;
  }
  while (starts != 0) {
    const at = block + <usize>ctz(starts);
    starts &= starts - 1;
    confirmNumber(at, begin, end);
  }
}

/** Words of the block, where a rule begins with any. */
function words(block: usize): void {
  let starts = lastWord & ~((lastWord << 1) | (beforeWord >> 63));
  while (starts != 0) {
    confirmWord(block + <usize>ctz(starts), begin, end);
    starts &= starts - 1;
  }
}

/** Places of the block where three bytes end that may be a literal key. */
function literals(places: u64, block: usize): void {
  while (places != 0) {
    const at = block + <usize>ctz(places) - 2;
    places &= places - 1;
    if (at < begin || at + 3 > end) continue;
    const first = lookUp(table.literalSlots, table.literalUsed, at);
    if (first != 0) confirm(first, at, begin, end);
  }
}

function isCapital(c: u8): bool {
  return c >= 0x41 && c <= 0x5a;
}

/** The top bits of four vectors, the first vector lowest. */
function mask64(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    <u64>i8x16.bitmask(a) |
    ((<u64>i8x16.bitmask(b)) << 16) |
    ((<u64>i8x16.bitmask(c)) << 32) |
    ((<u64>i8x16.bitmask(d)) << 48)
  );
}

/** `next` moved up by one byte, the last byte of `last` coming in. */
function shift1(last: v128, next: v128): v128 {
  return i8x16.shuffle(last, next, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
}

/** The same by two bytes. */
function shift2(last: v128, next: v128): v128 {
  return i8x16.shuffle(last, next, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
}

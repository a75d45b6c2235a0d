// Base64 and base64url (RFC 4648 sections 4 and 5), padded or not: every run long enough to hold a secret is decoded into
// one view, a line for each.
import { MARGIN } from './arena';

/** 24 characters are 18 bytes: the shortest token that a rule knows has 16 and its edges. */
export const LEAST_RUN: usize = 24;

let out: usize = 0;
let outStart: usize = 0;
let outLimit: usize = 0;
let missed: bool = false;

/** Begins a view at `address` with room for `bytes`; 0 for no room, then runs are only noticed. */
export function beginBase64(address: usize, bytes: u32): void {
  outStart = address;
  out = address;
  outLimit = address + bytes;
  missed = false;
}

/** Bytes in the view so far. */
export function base64Bytes(): u32 {
  return <u32>(out - outStart);
}

/** Whether a run was found that had no room. */
export function missedBase64(): bool {
  return missed;
}

/** Decodes the base64 runs of the token run that begins at `p`, and gives the run's end. */
export function decodeTokenRun(p: usize, end: usize): void {
  while (p < end) {
    const runEnd = endOfRun(p, end);
    if (runEnd - p >= LEAST_RUN && !isHex(p, runEnd)) decodeRun(p, runEnd);
    // A dot ends a run of base64 and not the token run it lies in: a JWT's parts, a file name.
    if (runEnd >= end || load<u8>(runEnd) != 0x2e) return;
    p = runEnd + 1;
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
  for (; p < end; p += 16) {
    const v = v128.load(p);
    const letter = i8x16.lt_u(i8x16.sub(v128.or(v, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(6));
    const digit = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10));
    const others = i8x16.bitmask(v128.or(letter, digit)) ^ 0xffff;
    if (others != 0) return p + <usize>ctz(others) >= end;
  }
  return true;
}

function decodeRun(p: usize, end: usize): void {
  const length = end - p;
  const decoded = (length * 3) / 4;
  if (out + decoded + 1 > outLimit) {
    // Past the last layer only a run that hides text is worth a word: long names decode to anything.
    missed = missed || outLimit != 0 || isText(p);
    return;
  }
  let to = out;
  for (; p < end; p += 16, to += 12) v128.store(to, decode16(v128.load(p)));
  out += decoded;
  store<u8>(out++, 0x0a);
}

const sample: usize = memory.data(32);

/** Whether the first characters of a run decode to printable ASCII. */
function isText(p: usize): bool {
  v128.store(sample, decode16(v128.load(p)));
  for (let i: usize = 0; i < 12; i++) {
    const c = load<u8>(sample + i);
    if (c > 0x7e || (c < 0x20 && c != 0x0a && c != 0x0d && c != 0x09)) return false;
  }
  return true;
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

/** Most bytes that the base64 runs of a text of `length` bytes come to, lines included. */
export function base64Room(length: u32): u32 {
  return <u32>(((<u64>length * 4) / 5) & ~15) + MARGIN;
}

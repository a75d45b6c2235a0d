// Base32 (RFC 4648 section 6), in capitals or small letters, padded or not. Only what decodes to text is kept: random
// secrets of one-time passwords and long words are written in the same letters.
import { BASE32_RUNS, isNoted, note } from './noted';
import { finishPiece } from './piece';
import { isPrintable12 } from './printable';

/** 16 bytes, as in base64. */
const LEAST_RUN: usize = 26;

/** Text that begins with other characters shows within these. */
const LOOKED_AT: usize = 128;

/** Looks at the beginning of a run of token bytes, 26 or longer, that lies before `end`. */
export function noteBase32Run(p: usize, end: usize): void {
  if (p + LEAST_RUN > end || !mayBegin(p) || isNoted(BASE32_RUNS, p)) return;
  const runEnd = endOfRun(p, min(end, p + LOOKED_AT));
  if (runEnd - p < LEAST_RUN) return;
  for (let at = p; at + 16 <= runEnd; at += 8) {
    decode8(at, sample);
    decode8(at + 8, sample + 5);
    // Ten bytes are known; the other two are blanks.
    store<u16>(sample + 10, 0x2020);
    if (isPrintable12(sample)) {
      note(BASE32_RUNS, p, endOfRun(p, end));
      return;
    }
  }
}

/** Whether the 16 bytes at `p` are base32's, in one case. */
function mayBegin(p: usize): bool {
  const v = v128.load(p);
  const digit = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x32)), i8x16.splat(6));
  const capital = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x41)), i8x16.splat(26));
  const small = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x61)), i8x16.splat(26));
  return i8x16.all_true(v128.or(digit, capital)) || i8x16.all_true(v128.or(digit, small));
}

const sample: usize = memory.data(16);

/** Writes what the run of base32 at `p` stands for to `out`, a line; gives the end. At most 3/4 as long. */
export function openBase32(p: usize, end: usize, isLast: bool, out: usize): usize {
  return decodeBase32(p, isLast ? end : endOfRun(p, end), out);
}

function decodeBase32(start: usize, end: usize, out: usize): usize {
  let p = start;
  while (p < end) {
    const runEnd = endOfRun(p, end);
    if (runEnd - p >= LEAST_RUN) {
      let to = out;
      let at = p;
      for (; at + 8 <= runEnd; at += 8, to += 5) decode8(at, to);
      to = decodeRest(at, runEnd, to);
      out = finishPiece(out, to);
    }
    p = runEnd + 1;
  }
  return out;
}

/** The end of the run that begins at `p`, in one case; `p` where none does. */
function endOfRun(p: usize, end: usize): usize {
  let letterCase: u8 = 0;
  for (; p < end; p++) {
    const c = load<u8>(p);
    if (c >= 0x32 && c <= 0x37) continue;
    if ((c | 0x20) < 0x61 || (c | 0x20) > 0x7a || (letterCase != 0 && (c & 0x60) != letterCase)) return p;
    letterCase = c & 0x60;
  }
  return p;
}

function decode8(p: usize, to: usize): void {
  let bits: u64 = 0;
  for (let i: usize = 0; i < 8; i++) bits = (bits << 5) | valueOf(load<u8>(p + i));
  for (let i: usize = 0; i < 5; i++) store<u8>(to + i, <u8>(bits >> (32 - ((<u64>i) << 3))));
}

function decodeRest(p: usize, end: usize, to: usize): usize {
  let bits: u64 = 0;
  let count: u64 = 0;
  for (; p < end; p++, count += 5) bits = (bits << 5) | valueOf(load<u8>(p));
  for (; count >= 8; count -= 8) store<u8>(to++, <u8>(bits >> (count - 8)));
  return to;
}

function valueOf(c: u8): u64 {
  return c < 0x40 ? <u64>c - 0x32 + 26 : <u64>((c | 0x20) - 0x61);
}

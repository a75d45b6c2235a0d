// What decoded bytes say: text as it is, and of anything else the runs of printable ASCII in it, plain or in UTF-16. So
// pictures and numbers that were decoded cost no further reading, and a token between binary fields is still read.

/** Shorter runs are no value that a rule knows; random bytes hold one of this length in some two thousand. */
const LEAST_RUN: usize = 8;

/** Keeps of the bytes from `start` to `end` what can be read, at the same place and with a line break behind; gives the end. */
export function keepPrintable(start: usize, end: usize): usize {
  if (hasControls(start, end)) return printableRuns(start, end, start, true);
  if (!hasPrintableRun(start, end)) return start;
  store<u8>(end, 0x0a);
  return end + 1;
}

/** Writes the runs of UTF-16 text between `start` and `end` to `out`, a line each; gives the end. At most as long. */
export function decodeUtf16(start: usize, end: usize, out: usize): usize {
  return printableRuns(start, end, out, false);
}

/** Whether the text holds a run of UTF-16 text. */
export function hasUtf16(start: usize, end: usize): bool {
  for (let p = start; p < end; p += 64 - 2 * LEAST_RUN) if (pairRuns(printable64(p, end), zeros) != 0) return true;
  return false;
}

/** Whether the 12 bytes at `p`, which 16 characters of base64 decode to, are printable ASCII. Reads four more. */
export function isPrintable12(p: usize): bool {
  return (printable16(v128.load(p)) & 0xfff) == 0xfff;
}

/** Control characters that no text has. */
export function hasControls(start: usize, end: usize): bool {
  let p = start;
  for (; p + 16 <= end; p += 16) {
    const v = v128.load(p);
    const control = v128.andnot(i8x16.lt_u(v, i8x16.splat(0x20)), lineSigns(v));
    if (v128.any_true(control)) return true;
  }
  for (; p < end; p++) {
    const c = load<u8>(p);
    if (c < 0x20 && c != 0x09 && c != 0x0a && c != 0x0d) return true;
  }
  return false;
}

/** Whether the bytes are UTF-8 (RFC 3629), up to a character that the end cuts. Reads up to 15 bytes past `end`. */
export function isUtf8(start: usize, end: usize): bool {
  for (let p = start; p < end; ) {
    const high = i8x16.bitmask(v128.load(p));
    if (high == 0) {
      p += 16;
      continue;
    }
    p += <usize>ctz(high);
    if (p >= end) return true;
    const c = load<u8>(p);
    const more: usize = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc2 || c > 0xf4) return false;
    for (let i: usize = 1; i <= more && p + i < end; i++) if ((load<u8>(p + i) & 0xc0) != 0x80) return false;
    p += more + 1;
  }
  return true;
}

/** The zero bytes among the 64 that printable64 looked at last. */
let zeros: u64 = 0;

/** The printable bytes among the 64 from `p` on, as bits; none behind `end`. Reads up to 63 bytes past `end`. */
function printable64(p: usize, end: usize): u64 {
  const v0 = v128.load(p);
  const v1 = v128.load(p, 16);
  const v2 = v128.load(p, 32);
  const v3 = v128.load(p, 48);
  const within: u64 = end - p >= 64 ? ~0 : ((<u64>1) << (<u64>(end - p))) - 1;
  zeros = within & mask64(isZero(v0), isZero(v1), isZero(v2), isZero(v3));
  return (
    within &
    (<u64>printable16(v0) |
      ((<u64>printable16(v1)) << 16) |
      ((<u64>printable16(v2)) << 32) |
      ((<u64>printable16(v3)) << 48))
  );
}

function printable16(v: v128): i32 {
  return i8x16.bitmask(v128.or(i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x20)), i8x16.splat(0x5f)), lineSigns(v)));
}

/** Tab, line feed and carriage return. */
function lineSigns(v: v128): v128 {
  return v128.or(
    v128.or(i8x16.eq(v, i8x16.splat(0x09)), i8x16.eq(v, i8x16.splat(0x0a))),
    i8x16.eq(v, i8x16.splat(0x0d)),
  );
}

function isZero(v: v128): i32 {
  return i8x16.bitmask(i8x16.eq(v, i8x16.splat(0)));
}

function mask64(a: i32, b: i32, c: i32, d: i32): u64 {
  return <u64>a | ((<u64>b) << 16) | ((<u64>c) << 32) | ((<u64>d) << 48);
}

/** Places where LEAST_RUN printable bytes begin. */
function plainRuns(printable: u64): u64 {
  let run = printable & (printable >> 1);
  run &= run >> 2;
  return run & (run >> 4);
}

/** Places where LEAST_RUN printable bytes begin, each with a zero byte behind it. */
function pairRuns(printable: u64, zero: u64): u64 {
  let run = printable & (zero >> 1);
  run &= run >> 2;
  run &= run >> 4;
  return run & (run >> 8);
}

function hasPrintableRun(start: usize, end: usize): bool {
  for (let p = start; p < end; p += 65 - LEAST_RUN) if (plainRuns(printable64(p, end)) != 0) return true;
  return false;
}

/** Writes the runs, a line each; `out` may be `start`. The byte behind each run is given up for its line break. */
function printableRuns(start: usize, end: usize, out: usize, withPlain: bool): usize {
  let p = start;
  while (p < end) {
    const printable = printable64(p, end);
    const plain: u64 = withPlain ? plainRuns(printable) : 0;
    const pairs: u64 = zeros != 0 ? pairRuns(printable, zeros) : 0;
    if ((plain | pairs) == 0) {
      // The next step begins where a run may begin that this one could not see to its end.
      p += zeros != 0 ? 65 - 2 * LEAST_RUN : 65 - LEAST_RUN;
      continue;
    }
    const isPlain = plain != 0 && (pairs == 0 || ctz(plain) < ctz(pairs));
    p += <usize>ctz(isPlain ? plain : pairs);
    if (isPlain) {
      const from = p;
      while (p < end && isPrintable(load<u8>(p))) p++;
      memory.copy(out, from, p - from);
      out += p - from;
      p++;
    } else {
      // Big-endian text has its zero before each character, and none behind the last one.
      const isBigEndian = p > start && load<u8>(p - 1) == 0;
      for (; p + 1 < end && load<u8>(p, 1) == 0 && isPrintable(load<u8>(p)); p += 2) store<u8>(out++, load<u8>(p));
      if (isBigEndian && p < end && isPrintable(load<u8>(p))) store<u8>(out++, load<u8>(p++));
    }
    store<u8>(out++, 0x0a);
  }
  return out;
}

function isPrintable(c: u8): bool {
  return (c >= 0x20 && c < 0x7f) || c == 0x09 || c == 0x0a || c == 0x0d;
}

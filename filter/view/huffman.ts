// The bits of DEFLATE (RFC 1951 section 3.1.1) and its Huffman codes (3.2.2). Past the end of the input all bits are zero,
// and isPastEnd tells: nothing here reads beyond it.

/** What takeSymbol gives where no code fits; more than any symbol. */
export const NO_SYMBOL: u32 = 0xffff;

// A code: how many symbols have each length, the symbols in the order of their codes, and for the next 9 bits which
// symbol they begin with, `symbol << 4 | length`. Nine are the longest of the fixed codes; longer ones are rare by nature.
const FAST_BITS: u32 = 9;
const MAX_BITS: u32 = 15;
const SYMBOLS: usize = 32; // 16 counts
const FAST: usize = 608; // 288 symbols
/** Bytes of a code; at an even address. */
export const CODE_BYTES: usize = 1632; // 512 entries

let next: usize = 0;
let end: usize = 0;
/** Bits that were read and not taken, the next one lowest. */
let held: u64 = 0;
let heldBits: u32 = 0;
/** Bytes of zeros that were held behind the end. */
let missing: u32 = 0;

/** Begins with the first bit of the bytes. */
export function beginBits(first: usize, last: usize): void {
  next = first;
  end = last;
  held = 0;
  heldBits = 0;
  missing = 0;
}

function refill(): void {
  if (next + 8 <= end) {
    // Bits over a whole byte are held and not counted; the next refill brings the same ones.
    held |= load<u64>(next) << heldBits;
    next += (63 - heldBits) >> 3;
    heldBits |= 56;
    return;
  }
  for (; heldBits <= 55; heldBits += 8) {
    if (next < end) held |= (<u64>load<u8>(next++)) << heldBits;
    else missing++;
  }
}

/** Whether bits were taken that the input does not have. */
export function isPastEnd(): bool {
  return missing << 3 > heldBits;
}

/** Takes `count` bits, at most 16. */
export function takeBits(count: u32): u32 {
  if (heldBits < 16) refill();
  const bits = <u32>held & ((1 << count) - 1);
  held >>= count;
  heldBits -= count;
  return bits;
}

/** Drops the bits up to the next whole byte, and gives back the bytes that were read ahead. */
export function alignBits(): void {
  const bytes = heldBits >> 3;
  if (bytes > missing) next -= bytes - missing;
  held = 0;
  heldBits = 0;
  missing = 0;
}

/** Where the next byte stands, after beginBits, alignBits or skipBytes. */
export function bytesAt(): usize {
  return next;
}

/** Skips `count` bytes and gives how many of them there are. Bits that were begun are dropped. */
export function skipBytes(count: u32): usize {
  alignBits();
  const there = min(<usize>count, end - next);
  next += there;
  return there;
}

/** Takes the next symbol of a code, or NO_SYMBOL. */
export function takeSymbol(code: usize): u32 {
  if (heldBits < MAX_BITS) refill();
  const entry = <u32>load<u16>(code + ((<usize>(<u32>held & ((1 << FAST_BITS) - 1))) << 1), FAST);
  if (entry == 0) return takeLongSymbol(code);
  held >>= entry & 15;
  heldBits -= entry & 15;
  return entry >> 4;
}

/** Codes of one length are numbers in a row, and the next longer ones go on behind twice that: bit by bit to the length. */
function takeLongSymbol(code: usize): u32 {
  let value: u32 = 0;
  let first: u32 = 0;
  let index: u32 = 0;
  for (let length: u32 = 1; length <= MAX_BITS; length++) {
    value |= <u32>(held >> (length - 1)) & 1;
    const count = <u32>load<u16>(code + (length << 1));
    if (value < first + count) {
      held >>= length;
      heldBits -= length;
      return load<u16>(code + <usize>((index + value - first) << 1), SYMBOLS);
    }
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return NO_SYMBOL;
}

/** Where the symbols of each length go. */
const places: usize = memory.data(32);

/**
 * Builds a code at `code` from the lengths (0 to 15, a byte each) of `count` symbols, at most 288. False where more codes
 * are given than there are, or fewer: only a code of one bit or none may be left incomplete.
 */
export function buildCode(code: usize, lengths: usize, count: u32): bool {
  memory.fill(code, 0, SYMBOLS);
  for (let i: u32 = 0; i < count; i++) {
    const place = code + ((<usize>load<u8>(lengths + i)) << 1);
    store<u16>(place, load<u16>(place) + 1);
  }
  store<u16>(code, 0);
  let free = 1;
  let longest: u32 = 0;
  let index: u32 = 0;
  for (let length: u32 = 1; length <= MAX_BITS; length++) {
    const count = <u32>load<u16>(code + (length << 1));
    store<u16>(places + (length << 1), <u16>index);
    index += count;
    free = (free << 1) - <i32>count;
    if (free < 0) return false;
    if (count > 0) longest = length;
  }
  if (free > 0 && longest > 1) return false;
  for (let i: u32 = 0; i < count; i++) {
    const length = <usize>load<u8>(lengths + i);
    if (length == 0) continue;
    const place = places + (length << 1);
    store<u16>(code + ((<usize>load<u16>(place)) << 1), <u16>i, SYMBOLS);
    store<u16>(place, load<u16>(place) + 1);
  }
  fillFast(code);
  return true;
}

function fillFast(code: usize): void {
  memory.fill(code + FAST, 0, CODE_BYTES - FAST);
  let bits: u32 = 0;
  let index: usize = 0;
  for (let length: u32 = 1; length <= FAST_BITS; length++) {
    for (let i = <u32>load<u16>(code + (length << 1)); i > 0; i--) {
      const entry = <u16>(((<u32>load<u16>(code + (index++ << 1), SYMBOLS)) << 4) | length);
      for (let at = bits; at < 1 << FAST_BITS; at += 1 << length) store<u16>(code + ((<usize>at) << 1), entry, FAST);
      // The next code: bits stand first to last from low to high, so it is counted up from the highest.
      let bit: u32 = 1 << (length - 1);
      for (; (bits & bit) != 0; bit >>= 1) bits ^= bit;
      bits |= bit;
    }
  }
}

// The blocks of DEFLATE (RFC 1951). Nothing here allocates, traps or writes past the room, whatever the input is.
import * as huffman from './huffman';

// How inflating came to its end.
/** The last block was read to its end. */
export const COMPLETE: u32 = 0;
/** The bytes end before the last block does, or are no DEFLATE from some place on. */
export const BROKEN: u32 = 1;
/** There is more than the room, or more blocks than an encoder makes. */
export const NO_ROOM: u32 = 2;

/** How the last readBlocks came to its end. */
export let outcome: u32 = COMPLETE;

/** RFC 1951 section 3.2.5: of the length symbols from 257 on, and of the distance symbols, base and number of further bits. */
const lengthBase: usize = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);
const lengthBits: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const distanceBase: usize = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
]);
const distanceBits: usize = memory.data<u8>([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);
const LENGTH_SYMBOLS: u32 = 29;
const DISTANCE_SYMBOLS: u32 = 30;
const END_OF_BLOCK: u32 = 256;
/** Section 3.2.7: in which order the lengths of the code for code lengths stand. */
const lengthOrder: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** Lengths of a block's codes: 286 literals and lengths, 30 distances. */
const codeLengths: usize = memory.data(320);
const literals: usize = memory.data(1632); // huffman.CODE_BYTES
const distances: usize = memory.data(1632);
// The codes of section 3.2.6 are kept, so that a run of tiny blocks costs no building.
const fixedLiterals: usize = memory.data(1632);
const fixedDistances: usize = memory.data(1632);
let hasFixed: bool = false;

/**
 * A block costs work before it gives a byte: some steps, or thousands where it brings its own codes. Bytes made for that
 * ask for it all the time; an encoder begins a block after hundreds of symbols, or where it flushes. So work is counted,
 * and each byte of input allows one piece of it, as do some bytes of output.
 */
const BLOCK_WORK: usize = 4;
const CODES_WORK: usize = 64;
const OUTPUT_BYTES_PER_WORK: usize = 8;
/** What few bytes of many blocks may need. */
const LEAST_WORK: usize = 4096;
let work: usize = 0;
let workByInput: usize = 0;

// Output: where it begins, where what may be referred to begins, where the next byte goes, and the end of the room.
let outStart: usize = 0;
let member: usize = 0;
let to: usize = 0;
let limit: usize = 0;

/** Begins to read blocks from the bytes, and to write to `out`, at most `room` bytes. */
export function beginBlocks(start: usize, end: usize, out: usize, room: u32): void {
  huffman.beginBits(start, end);
  outStart = out;
  to = out;
  limit = out + room;
  work = 0;
  workByInput = LEAST_WORK + (end - start);
}

/** Bytes that have been written. */
export function writtenBytes(): u32 {
  return <u32>(to - outStart);
}

/** Reads blocks to the last one, and says in `outcome` how it went. */
export function readBlocks(): void {
  member = to;
  let isLast: bool = false;
  outcome = COMPLETE;
  while (!isLast && outcome == COMPLETE) {
    isLast = huffman.takeBits(1) != 0;
    const kind = huffman.takeBits(2);
    work += kind == 2 ? CODES_WORK : BLOCK_WORK;
    if (huffman.isPastEnd()) outcome = BROKEN;
    else if (work > workByInput + (to - outStart) / OUTPUT_BYTES_PER_WORK) outcome = NO_ROOM;
    else if (kind == 0) outcome = copyStored();
    else if (kind == 1) outcome = readFixed();
    else outcome = kind == 2 ? readDynamic() : BROKEN;
  }
}

function copyStored(): u32 {
  huffman.alignBits();
  const length = huffman.takeBits(16);
  if ((huffman.takeBits(16) ^ 0xffff) != length || huffman.isPastEnd()) return BROKEN;
  const there = huffman.skipBytes(length);
  const copied = min(there, limit - to);
  memory.copy(to, huffman.bytesAt() - there, copied);
  to += copied;
  if (copied < there) return NO_ROOM;
  return there < <usize>length ? BROKEN : COMPLETE;
}

function readFixed(): u32 {
  if (!hasFixed) {
    memory.fill(codeLengths, 8, 144);
    memory.fill(codeLengths + 144, 9, 112);
    memory.fill(codeLengths + 256, 7, 24);
    memory.fill(codeLengths + 280, 8, 8);
    huffman.buildCode(fixedLiterals, codeLengths, 288);
    memory.fill(codeLengths, 5, 32);
    huffman.buildCode(fixedDistances, codeLengths, 32);
    hasFixed = true;
  }
  return readSymbols(fixedLiterals, fixedDistances);
}

function readDynamic(): u32 {
  const literalCount = huffman.takeBits(5) + 257;
  const distanceCount = huffman.takeBits(5) + 1;
  if (literalCount > END_OF_BLOCK + 1 + LENGTH_SYMBOLS || distanceCount > DISTANCE_SYMBOLS) return BROKEN;
  const lengthCount = huffman.takeBits(4) + 4;
  memory.fill(codeLengths, 0, 19);
  for (let i: u32 = 0; i < lengthCount; i++)
    store<u8>(codeLengths + <usize>load<u8>(lengthOrder + i), <u8>huffman.takeBits(3));
  // The place of the distance code serves the code for code lengths until then.
  if (!huffman.buildCode(distances, codeLengths, 19)) return BROKEN;
  if (!readCodeLengths(literalCount + distanceCount) || load<u8>(codeLengths + END_OF_BLOCK) == 0) return BROKEN;
  if (!huffman.buildCode(literals, codeLengths, literalCount)) return BROKEN;
  if (!huffman.buildCode(distances, codeLengths + literalCount, distanceCount)) return BROKEN;
  return readSymbols(literals, distances);
}

/** Reads the lengths of a block's codes (section 3.2.7); false where they are broken. */
function readCodeLengths(count: u32): bool {
  let i: u32 = 0;
  while (i < count) {
    const symbol = huffman.takeSymbol(distances);
    if (symbol == huffman.NO_SYMBOL || huffman.isPastEnd()) return false;
    if (symbol < 16) {
      store<u8>(codeLengths + i++, <u8>symbol);
      continue;
    }
    if (symbol == 16 && i == 0) return false;
    const repeated = symbol == 16 ? load<u8>(codeLengths + i - 1) : 0;
    const repeats = symbol == 18 ? 11 + huffman.takeBits(7) : 3 + huffman.takeBits(symbol == 16 ? 2 : 3);
    if (i + repeats > count) return false;
    memory.fill(codeLengths + i, repeated, repeats);
    i += repeats;
  }
  return !huffman.isPastEnd();
}

/** Reads literals and copies by a block's codes to its end. */
function readSymbols(literals: usize, distances: usize): u32 {
  while (true) {
    const symbol = huffman.takeSymbol(literals);
    if (huffman.isPastEnd()) break;
    if (symbol < END_OF_BLOCK) {
      if (to == limit) return NO_ROOM;
      store<u8>(to++, <u8>symbol);
      continue;
    }
    if (symbol == END_OF_BLOCK) return COMPLETE;
    const i = symbol - END_OF_BLOCK - 1;
    if (i >= LENGTH_SYMBOLS) break;
    const length = <u32>load<u16>(lengthBase + (i << 1)) + huffman.takeBits(load<u8>(lengthBits + i));
    const j = huffman.takeSymbol(distances);
    if (j >= DISTANCE_SYMBOLS) break;
    const distance = <u32>load<u16>(distanceBase + (j << 1)) + huffman.takeBits(load<u8>(distanceBits + j));
    if (<usize>distance > to - member || huffman.isPastEnd()) break;
    if (!copyBack(distance, length)) return NO_ROOM;
  }
  return BROKEN;
}

/** Writes `length` bytes again that were written `distance` bytes ago; false where not all of them have room. */
function copyBack(distance: u32, length: u32): bool {
  const end = min(to + <usize>length, limit);
  const isWhole = end - to == <usize>length;
  // Eight at a time, when what repeats itself is as long.
  for (; distance < 8 && to + <usize>distance <= end; distance <<= 1)
    for (let i = distance; i > 0; i--, to++) store<u8>(to, load<u8>(to - <usize>distance));
  if (distance >= 8) for (; to + 8 <= end; to += 8) store<u64>(to, load<u64>(to - <usize>distance));
  for (; to < end; to++) store<u8>(to, load<u8>(to - <usize>distance));
  return isWhole;
}

// Compressed bytes inside a text: DEFLATE alone, framed by zlib (RFC 1950) or by gzip (RFC 1952). Check sums are not
// compared: a wrong one must not hide what the bytes say. Written here and no library, because it must not allocate, trap
// or write past its room, whatever it is given.
import * as deflate from './deflate';
import * as huffman from './huffman';

export { BROKEN, COMPLETE, NO_ROOM, outcome } from './deflate';

// How compressed bytes are framed.
export const NOT_COMPRESSED: u32 = 0;
export const GZIP: u32 = 1;
export const ZLIB: u32 = 2;
export const DEFLATE: u32 = 3;

/** What is read to see whether bytes are compressed: the longest codes of a block are some 300 bytes of input. */
const SAMPLED_BYTES: usize = 512;
const SAMPLE_BYTES: u32 = 16;
const LEAST_SAMPLE: u32 = 8;
const sample: usize = memory.data(16);

/**
 * Whether the bytes look compressed, and how they are framed. gzip and zlib are known by their header and, zlib's being
 * two bytes, a sound beginning; bare DEFLATE, which any byte can begin, by a beginning of ASCII text.
 */
export function framingOf(start: usize, end: usize): u32 {
  if (isGzip(start, end)) return GZIP;
  if (isZlib(start, end) && sampleOf(start, end, ZLIB) > 0) return ZLIB;
  const bytes = sampleOf(start, end, DEFLATE);
  for (let i: u32 = 0; i < bytes; i++) {
    const c = load<u8>(sample + i);
    if (c > 0x7e || (c < 0x20 && c != 0x09 && c != 0x0a && c != 0x0d)) return NOT_COMPRESSED;
  }
  return bytes > 0 ? DEFLATE : NOT_COMPRESSED;
}

/** Bytes that a sound beginning comes to; 0 where it is none. */
function sampleOf(start: usize, end: usize, framing: u32): u32 {
  const bytes = inflate(start, min(end, start + SAMPLED_BYTES), sample, SAMPLE_BYTES, framing);
  return deflate.outcome == deflate.COMPLETE || bytes >= LEAST_SAMPLE ? bytes : 0;
}

/**
 * Writes what the bytes decompress to and gives its length, at most `room`; `outcome` says how it ended, and what came out
 * counts in any case. Members of gzip that follow each other are read in a row; what else follows is left.
 */
export function inflate(start: usize, end: usize, out: usize, room: u32, framing: u32): u32 {
  deflate.beginBlocks(start, end, out, room);
  if (framing == ZLIB) huffman.skipBytes(2);
  do {
    if (framing == GZIP) skipGzipHeader();
    deflate.readBlocks();
    huffman.alignBits();
    // Sum and length of a gzip member.
    if (framing == GZIP) huffman.skipBytes(8);
  } while (deflate.outcome == deflate.COMPLETE && framing == GZIP && isGzip(huffman.bytesAt(), end));
  return deflate.writtenBytes();
}

function isGzip(p: usize, end: usize): bool {
  // The method is DEFLATE, and no flag is set that RFC 1952 reserves.
  return p + 4 <= end && load<u16>(p) == 0x8b1f && load<u8>(p, 2) == 8 && (load<u8>(p, 3) & 0xe0) == 0;
}

function isZlib(p: usize, end: usize): bool {
  if (p + 2 > end) return false;
  const method = <u32>load<u8>(p);
  const flags = <u32>load<u8>(p, 1);
  // DEFLATE with a window of at most 32 KiB; a preset dictionary is nothing that anybody here has.
  return (method & 15) == 8 && method >> 4 <= 7 && ((method << 8) | flags) % 31 == 0 && (flags & 0x20) == 0;
}

function skipGzipHeader(): void {
  huffman.skipBytes(3);
  const flags = huffman.takeBits(8);
  huffman.skipBytes(6);
  if (flags & 4) huffman.skipBytes(huffman.takeBits(16));
  if (flags & 8) skipName();
  if (flags & 16) skipName();
  if (flags & 2) huffman.skipBytes(2);
}

function skipName(): void {
  // Past the end all bits are zero.
  while (huffman.takeBits(8) != 0) {}
}

// One decoded piece, from a run of base64, base32 or hexadecimal digits: kept as the lines of it that can be read, or set
// aside where it is compressed.
import { framingOf, NOT_COMPRESSED } from './inflate';
import { hasControls, keepPrintable } from './printable';

/** A message that carries more compressed pieces than this is not read to its end. */
const CAPACITY: u32 = 64;

/** Bare DEFLATE has no header, so it is looked for only where a token with a word beside it would have room. */
const LEAST_BARE_BYTES: usize = 32;
/** gzip's header and trailer alone are 18 bytes, zlib's frame 6. */
const LEAST_FRAMED_BYTES: usize = 8;

const PIECE_BYTES: usize = 12;
const pieces: usize = memory.data(768); // CAPACITY × PIECE_BYTES
let count: u32 = 0;
let wasFull: bool = false;

/** Forgets the pieces that were set aside. */
export function clearPieces(): void {
  count = 0;
  wasFull = false;
}

/** Compressed pieces that were set aside. */
export function pieceCount(): u32 {
  return count;
}

/** Whether there were more than could be set aside. */
export function hadTooMany(): bool {
  return wasFull;
}

export function pieceStart(i: u32): usize {
  return <usize>load<u32>(pieces + <usize>i * PIECE_BYTES);
}

export function pieceEnd(i: u32): usize {
  return <usize>load<u32>(pieces + <usize>i * PIECE_BYTES, 4);
}

/** How the piece is framed (inflate.ts). */
export function pieceFraming(i: u32): u32 {
  return load<u32>(pieces + <usize>i * PIECE_BYTES, 8);
}

/** Ends the piece from `start` to `to` (there is room for one byte more); gives the end of what is left of it. */
export function finishPiece(start: usize, to: usize): usize {
  const framing = compressedAs(start, to);
  if (framing == NOT_COMPRESSED) return keepPrintable(start, to);
  if (count == CAPACITY) {
    wasFull = true;
    return start;
  }
  const piece = pieces + <usize>count * PIECE_BYTES;
  store<u32>(piece, <u32>start);
  store<u32>(piece, <u32>to, 4);
  store<u32>(piece, framing, 8);
  count++;
  return to;
}

function compressedAs(start: usize, end: usize): u32 {
  if (end - start < LEAST_FRAMED_BYTES) return NOT_COMPRESSED;
  const first = load<u8>(start);
  // gzip, or a window of zlib.
  const mayBeFramed = first == 0x1f || (first & 0x8f) == 8;
  if (!mayBeFramed && (end - start < LEAST_BARE_BYTES || !hasControls(start, end))) return NOT_COMPRESSED;
  return framingOf(start, end);
}

/** Takes the compressed pieces out of the text from `start` to `end` in which they stand; gives its new end. */
export function leaveOutPieces(start: usize, end: usize): usize {
  let to = start;
  let from = start;
  for (let i: u32 = 0; i < count; i++) {
    memory.copy(to, from, pieceStart(i) - from);
    to += pieceStart(i) - from;
    from = pieceEnd(i);
  }
  memory.copy(to, from, end - from);
  return to + (end - from);
}

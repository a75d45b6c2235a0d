// One decoded piece, from a run of base64, base32 or hexadecimal digits: kept as the lines of it that can be read, or set
// aside where it is compressed.
import { keepPrintable } from './printable';

/** A message that carries more compressed pieces than this is not read to its end. */
const CAPACITY: u32 = 64;

const pieces: usize = memory.data(512); // CAPACITY × 8
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
  return <usize>load<u32>(pieces + ((<usize>i) << 3));
}

export function pieceEnd(i: u32): usize {
  return <usize>load<u32>(pieces + ((<usize>i) << 3), 4);
}

/** Ends the piece from `start` to `to` (there is room for one byte more); gives the end of what is left of it. */
export function finishPiece(start: usize, to: usize): usize {
  if (!looksDeflated(start, to)) return keepPrintable(start, to);
  if (count == CAPACITY) {
    wasFull = true;
    return start;
  }
  store<u32>(pieces + ((<usize>count) << 3), <u32>start);
  store<u32>(pieces + ((<usize>count) << 3), <u32>to, 4);
  count++;
  return to;
}

/** Whether bytes begin as gzip (RFC 1952) or zlib (RFC 1950) does. */
export function looksDeflated(start: usize, end: usize): bool {
  if (end - start < 18) return false;
  if (load<u16>(start) == 0x8b1f) return load<u8>(start, 2) == 8;
  const first = <u32>load<u8>(start);
  return (first & 0x8f) == 8 && first == 0x78 && ((first << 8) | <u32>load<u8>(start, 1)) % 31 == 0;
}

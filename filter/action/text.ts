// A text of the filter's own making (a URL, a line for each header, one event of a stream), with the margins that
// reading wants. One buffer per VM, which grows to the longest text so far; a second text may stand behind the first.
import { MARGIN } from '../view/arena';

let block: usize = 0;
let capacity: u32 = 0;
let start: u32 = 0;
let length: u32 = 0;

/** Begins a text of at most `bytes`. */
export function beginText(bytes: u32): void {
  start = 0;
  length = 0;
  if (bytes <= capacity) return;
  if (block != 0) heap.free(block);
  capacity = (bytes + 0xfff) & ~0xfff;
  block = heap.alloc(<usize>capacity + 2 * MARGIN);
}

/** Begins another text behind the last one, whose address and length the caller has noted. */
export function nextText(): void {
  start += length + 2 * MARGIN;
  length = 0;
}

/** Bytes to begin with for two texts of at most `bytes` together. */
export function roomForTwo(bytes: u32): u32 {
  return bytes + 2 * MARGIN;
}

/** Appends bytes; what does not fit any more is a mistake of the caller and is left out. */
export function appendText(from: usize, bytes: u32): void {
  if (bytes > capacity - start - length) return;
  memory.copy(textStart() + length, from, bytes);
  length += bytes;
}

export function appendByte(byte: u8): void {
  if (start + length == capacity) return;
  store<u8>(textStart() + length, byte);
  length++;
}

/** Says how long a text is that was written to textStart by another. */
export function endText(bytes: u32): void {
  length = min(bytes, capacity - start);
}

export function textStart(): usize {
  return block + MARGIN + start;
}

export function textLength(): u32 {
  return length;
}

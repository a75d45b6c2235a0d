// Bytes that are kept: a block of memory that doubles as it fills.
import { MARGIN } from '../view/arena';

/** First size: most messages and events fit. */
const FIRST_BYTES: u32 = 1024;

/** Lies wherever its owner puts it; all zero it is empty. Margins for reading lie before and behind what it holds. */
@unmanaged
export class Block {
  private block: usize = 0;
  private capacity: u32 = 0;
  length: u32 = 0;

  @inline
  start(): usize {
    return this.block + MARGIN;
  }

  /** Makes room for `bytes` more and gives where they go; `length` counts them already. */
  take(bytes: u32): usize {
    const needed = this.length + bytes;
    if (needed > this.capacity) {
      let capacity = max(this.capacity, FIRST_BYTES);
      while (capacity < needed) capacity <<= 1;
      const block = heap.alloc(<usize>capacity + 2 * MARGIN);
      if (this.block != 0) {
        memory.copy(block + MARGIN, this.start(), this.length);
        heap.free(this.block);
      }
      this.block = block;
      this.capacity = capacity;
    }
    const at = this.start() + this.length;
    this.length = needed;
    return at;
  }

  append(from: usize, bytes: u32): void {
    memory.copy(this.take(bytes), from, bytes);
  }

  /** Drops the first `bytes`. */
  drop(bytes: u32): void {
    this.length -= bytes;
    memory.copy(this.start(), this.start() + bytes, this.length);
  }

  /** Gives its memory back. */
  free(): void {
    if (this.block != 0) heap.free(this.block);
    this.block = 0;
    this.capacity = 0;
    this.length = 0;
  }

  /** Empties it; of a large one the memory goes back. */
  clear(keptBytes: u32): void {
    if (this.capacity > keptBytes) this.free();
    this.length = 0;
  }
}

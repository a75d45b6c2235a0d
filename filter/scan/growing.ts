// A text that grows at its end, as that of a stream does. Its phrases are read on from where they were read to: reading all of
// what is kept of it again for each word of a model would cost a hundred times as much.
import * as table from '../table/read';
import { beginText, endText, feedText, isNearPhrase, loadText, saveText, textBytes } from './phrases';

// What is kept of a growing text. All zero: nothing has been read.
/** Where its state (phrases.ts) is, the room there, and the generation of the table that it is of; 0 where there is none. */
const STATE: usize = 0;
const STATE_BYTES: usize = 4;
const TABLE: usize = 8;
/** How many bytes of the text have been read, from the first that is kept; and how many before those are kept no more. */
const READ: usize = 12;
const DROPPED: usize = 16;
/** Whether a phrase may be whole with what comes next. */
const NEAR: usize = 20;
export const GROWING_BYTES: usize = 24;

/**
 * Reads the bytes from `start` to `end`, which are what is kept of the text, as far as they are new. What was found, as if the
 * text ended there, is in steps.ts; its places count from the first byte that was read.
 */
export function readGrown(growing: usize, start: usize, end: usize): void {
  if (load<u32>(growing, TABLE) == table.generation) loadText(<usize>load<u32>(growing, STATE));
  else {
    forgetGrown(growing);
    beginText();
  }
  feedText(start + <usize>load<u32>(growing, READ), end);
  store<u32>(growing, <u32>(end - start), READ);
  store<u32>(growing, <u32>isNearPhrase(), NEAR);
  save(growing);
  endText();
}

/** Whether a phrase of high confidence lacks one step, which may come next. */
export function isNearGrown(growing: usize): bool {
  return load<u32>(growing, NEAR) != 0;
}

/** How many bytes of the text were read before the first that is kept. */
export function droppedBytes(growing: usize): u32 {
  return load<u32>(growing, DROPPED);
}

/** The first `bytes` of what was kept of the text are kept no more. */
export function dropGrown(growing: usize, bytes: u32): void {
  if (bytes > load<u32>(growing, READ)) forgetGrown(growing);
  else {
    store<u32>(growing, load<u32>(growing, READ) - bytes, READ);
    store<u32>(growing, load<u32>(growing, DROPPED) + bytes, DROPPED);
  }
}

/** Forgets what was read: the text begins anew with what is kept. */
export function forgetGrown(growing: usize): void {
  store<u32>(growing, 0, TABLE);
  store<u32>(growing, 0, READ);
  store<u32>(growing, 0, DROPPED);
  store<u32>(growing, 0, NEAR);
}

/** Frees the state. */
export function freeGrown(growing: usize): void {
  if (load<u32>(growing, STATE) != 0) heap.free(<usize>load<u32>(growing, STATE));
}

function save(growing: usize): void {
  const bytes = textBytes();
  if (bytes > <usize>load<u32>(growing, STATE_BYTES)) {
    freeGrown(growing);
    store<u32>(growing, <u32>heap.alloc(bytes), STATE);
    store<u32>(growing, <u32>bytes, STATE_BYTES);
  }
  saveText(<usize>load<u32>(growing, STATE));
  store<u32>(growing, table.generation, TABLE);
}

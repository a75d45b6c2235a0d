// The views of one message that wait to be read, in the order in which they were opened, and the limits that keep a
// message built to explode from costing more than its size.
import { MARGIN } from './arena';

/** A secret in base64 in JSON in base64 is three; nobody means more by accident, and each layer multiplies work. */
export const MAX_DEPTH: u32 = 3;
/** A message that opens to more views than this is built to; what one mostly has is five. */
const CAPACITY: u32 = 128;
const VIEW_BYTES: u32 = 16;

const views: usize = memory.data(2048); // CAPACITY × VIEW_BYTES
let count: u32 = 0;
let next: u32 = 0;

// The view that is being read.
export let viewStart: usize = 0;
export let viewEnd: usize = 0;
export let viewChain: u32 = 0;
export let viewDepth: u32 = 0;

/** Bytes of arena that a message of `length` bytes may use in all: eight times itself, and the margins of half as many views as there may be. */
export function expansionRoom(length: u32): u32 {
  return <u32>min<u64>(<u64>length * 8 + CAPACITY * MARGIN, 0x7fffffff);
}

/** Forgets all views. */
export function clearViews(): void {
  count = 0;
  next = 0;
}

/** Adds a view; false where there are too many. */
export function addView(start: usize, end: usize, chain: u32, depth: u32): bool {
  if (count == CAPACITY) return false;
  const view = views + <usize>(count * VIEW_BYTES);
  store<u32>(view, <u32>start);
  store<u32>(view, <u32>end, 4);
  store<u32>(view, chain, 8);
  store<u32>(view, depth, 12);
  count++;
  return true;
}

/** Goes to the next view that waits; false after the last. */
export function nextView(): bool {
  if (next == count) return false;
  const view = views + <usize>(next * VIEW_BYTES);
  viewStart = <usize>load<u32>(view);
  viewEnd = <usize>load<u32>(view, 4);
  viewChain = load<u32>(view, 8);
  viewDepth = load<u32>(view, 12);
  next++;
  return true;
}

/** Puts another text in the place of the view that is being read. */
export function replaceView(start: usize, end: usize, chain: u32): void {
  viewStart = start;
  viewEnd = end;
  viewChain = chain;
}

/** Counts what replaced the view as a layer of its own. */
export function deepenView(): void {
  viewDepth++;
}

// Room for decoded text: one block per VM that grows to the largest message so far and is used anew for each message.

/** Readable bytes before and zero bytes after each view: the prefilter reads 64 bytes a step and looks one step ahead. */
export const MARGIN: u32 = 256;

let block: usize = 0;
let capacity: usize = 0;
let used: usize = 0;
/** What the message may use: the block may be of a larger one before it. */
let limit: usize = 0;

/** Empties the arena and makes room for `bytes` of decoded text in all. */
export function resetArena(bytes: u32): void {
  used = 0;
  limit = <usize>bytes;
  if (<usize>bytes <= capacity) return;
  if (block != 0) heap.free(block);
  capacity = (<usize>bytes + 0xffff) & ~0xffff;
  block = heap.alloc(capacity);
}

/** An address with `bytes` behind it and a margin on both sides, or 0 where the message has used up its room. */
export function takeArena(bytes: u32): usize {
  const whole = (<usize>bytes + 2 * MARGIN + 63) & ~63;
  if (used + whole > limit) return 0;
  const address = block + used + MARGIN;
  used += whole;
  return address;
}

/** Bytes that a text may still have. */
export function leftInArena(): u32 {
  const left = limit > used ? limit - used : 0;
  return left > 2 * MARGIN + 64 ? <u32>(left - 2 * MARGIN - 64) : 0;
}

/** Gives back what the view at `address`, the last one taken, did not need. */
export function shrinkArena(address: usize, bytes: u32): void {
  used = (address - block + bytes + MARGIN + 63) & ~63;
}

/** Zero bytes round a text, so that nothing left over from another message stands beside it. */
export function clearMargins(start: usize, end: usize): void {
  store<u64>(start - 8, 0);
  memory.fill(end, 0, 144);
}

// The cells of the terms (TERM_CELLS of layout.ts) that four bytes lead to, hashed when a table is loaded: nearly every word of a text
// begins a walk there, and its first four steps are one look.
import * as layout from './layout';

const SLOT_BITS = 13; // 64 KB, less than half of it used
const SLOTS: u32 = 8192;
const slots: usize = memory.data(65536); // SLOTS × key u32, cell u32
/** A search for what is not there has to end; walks that find no room here begin at the first byte. */
const MOST_ROOTS: u32 = 6144;
let rootCount: u32 = 0;

/** Bytes of a root. */
export const ROOT_BYTES: usize = 4;

/** Set in the number of a cell that is none, but a place in a tail. */
export const IN_TAIL: u32 = 0x80000000;

/** Notes the roots of a table that has been checked. */
export function noteRoots(cells: usize, count: u32, tails: usize): void {
  memory.fill(slots, 0, (<usize>SLOTS) << 3);
  rootCount = 0;
  for (let cell: u32 = 1; cell < count; cell++) note(cells, count, tails, cell);
}

/** The cell behind the four bytes of `key`, the first one lowest; 0 where the walk has to begin at the first byte. */
export function rootOf(key: u32): u32 {
  let at = slotOf(key);
  while (load<u32>(at, 4) != 0) {
    if (load<u32>(at) == key) return load<u32>(at, 4);
    at = nextOf(at);
  }
  return 0;
}

/** Notes a cell that lies four bytes behind the first one, or a tail that begins before that. */
function note(cells: usize, count: u32, tails: usize, cell: u32): void {
  let key: u32 = 0;
  let depth: u32 = 0;
  for (let at = cell; at != 0; depth++) {
    const before = load<u32>(cells + ((<usize>at) << 3), 4);
    if (before >= count || depth == <u32>ROOT_BYTES) return;
    const value = load<u32>(cells + ((<usize>before) << 3));
    // Entries that end on the way are found by walking.
    if ((value & <u32>(layout.CELL_IS_TAIL | layout.CELL_ENDS_STEM)) != 0) return;
    const byte = at - (value & <u32>layout.CELL_BASE_MASK);
    if (byte < <u32>layout.LEAST_TERM_BYTE || byte > 255) return;
    key = (key << 8) | byte;
    at = before;
  }
  const value = load<u32>(cells + ((<usize>cell) << 3));
  if ((value & <u32>layout.CELL_IS_TAIL) == 0) {
    if (depth == <u32>ROOT_BYTES) add(key, cell);
    return;
  }
  let tail = value & <u32>layout.CELL_BASE_MASK;
  for (; depth < <u32>ROOT_BYTES; depth++, tail++) {
    const byte = <u32>load<u8>(tails + <usize>tail);
    if (byte < <u32>layout.LEAST_TERM_BYTE) return;
    key |= byte << (depth << 3);
  }
  add(key, IN_TAIL | tail);
}

function add(key: u32, cell: u32): void {
  if (rootCount == MOST_ROOTS) return;
  let at = slotOf(key);
  while (load<u32>(at, 4) != 0) at = nextOf(at);
  store<u32>(at, key);
  store<u32>(at, cell, 4);
  rootCount++;
}

function slotOf(key: u32): usize {
  return slots + ((<usize>((key * <u32>layout.KEY_MULTIPLIER) >>> (32 - SLOT_BITS))) << 3);
}

function nextOf(at: usize): usize {
  return slots + ((at - slots + 8) & <usize>((SLOTS << 3) - 1));
}

// The keys of a JSON text: which object has which, to find one that comes twice.
import { decode, decoded, decodedLength } from './string';

/** First and last size of the set. The last holds 786,432 keys, more than fit into the 5 MiB that a body has by default. */
const FIRST_SLOTS: u32 = 256;
const MOST_SLOTS: u32 = 1 << 20;

let slots: usize = 0; // u64 hashes, 0 for none
let room: u32 = 0; // slots that there is memory for
let count: u32 = 0; // slots in use for this text
let used: u32 = 0;
let wasFull: bool = false;

/** Forgets all keys. */
export function clearKeys(): void {
  if (room == 0) allocate(FIRST_SLOTS);
  count = FIRST_SLOTS;
  used = 0;
  wasFull = false;
  memory.fill(slots, 0, (<usize>count) << 3);
}

/** Whether the last key was refused because there were too many. */
export function keysWereTooMany(): bool {
  return wasFull;
}

/** Adds a key (without its quotes) of object number `object`; false where the object has it, or there is no room. */
export function addKey(object: u32, start: usize, end: usize): bool {
  if (used + (used >> 1) >= count && !grow()) return false;
  const added = put(hashOf(object, start, end));
  if (added) used++;
  return added;
}

function put(hash: u64): bool {
  const mask = count - 1;
  let slot = <u32>(hash >> 32) & mask;
  while (true) {
    const at = slots + ((<usize>slot) << 3);
    const known = load<u64>(at);
    if (known == 0) {
      store<u64>(at, hash);
      return true;
    }
    if (known == hash) return false;
    slot = (slot + 1) & mask;
  }
  return false; // not reached; the compiler does not see that
}

function grow(): bool {
  if (count == MOST_SLOTS) {
    wasFull = true;
    return false;
  }
  const before = count;
  const old = heap.alloc((<usize>before) << 3);
  memory.copy(old, slots, (<usize>before) << 3);
  count = before << 2;
  if (count > room) {
    heap.free(slots);
    allocate(count);
  }
  memory.fill(slots, 0, (<usize>count) << 3);
  for (let i: u32 = 0; i < before; i++) {
    const hash = load<u64>(old + ((<usize>i) << 3));
    if (hash != 0) put(hash);
  }
  heap.free(old);
  return true;
}

function allocate(size: u32): void {
  room = size;
  slots = heap.alloc((<usize>size) << 3);
}

/** FNV-1a of what the key says, begun anew for each object, and mixed so that any bits may number a slot. Never 0. */
function hashOf(object: u32, start: usize, end: usize): u64 {
  let hash: u64 = 0xcbf29ce484222325 ^ (<u64>object * 0x9e3779b97f4a7c15);
  let p = start;
  while (p < end) {
    const c = load<u8>(p);
    if (c == 0x5c) {
      p = decode(p, end);
      for (let i: u32 = 0; i < decodedLength; i++) hash = (hash ^ load<u8>(decoded + i)) * 0x100000001b3;
    } else {
      hash = (hash ^ c) * 0x100000001b3;
      p++;
    }
  }
  hash ^= hash >> 29;
  return (hash * 0x9e3779b97f4a7c15) | 1;
}

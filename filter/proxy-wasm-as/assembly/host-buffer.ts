// The one buffer for bytes that come from the host. A proxy-wasm host hands bytes over by asking the guest for memory
// and writing there; every host call of 0.2.1 asks at most once. So one buffer serves all of them: it grows, it never
// shrinks, and nothing is freed by the filter.

/** Bytes that may be read before the first byte from the host: two 64-byte steps of a SIMD reader looking back. */
export const READABLE_BEFORE: u32 = 128;
/** Bytes that may be read after the last byte from the host: four 64-byte steps of a SIMD reader running ahead. */
export const READABLE_AFTER: u32 = 256;

/** One cache line, and one step of a SIMD reader that takes 64 bytes at a time. */
const ALIGNMENT: usize = 64;
/** Growth unit: a wasm page, so that small differences in body size do not allocate anew. */
const GROWTH_BYTES: u32 = 65536;
/** Larger requests are refused: Envoy caps a VM's whole memory at 1 GiB. */
const MAX_BYTES: u32 = 1 << 29;

let block: usize = 0;
let start: usize = 0;
let capacity: u32 = 0;

/**
 * Makes room for `length` bytes (0 to 512 MiB) and gives their 64-byte aligned address; what was in the buffer is gone.
 * Gives 0, which the host takes as a failed call, when `length` is out of range.
 */
export function reserveHostBuffer(length: u32): usize {
  if (length > MAX_BYTES) return 0;
  if (length > capacity || block == 0) grow(length);
  return start;
}

/** Bytes that fit without growing. For tests that watch memory. */
export function hostBufferCapacity(): u32 {
  return capacity;
}

// At least by half, so that a body read anew at each chunk does not allocate at each chunk.
function grow(length: u32): void {
  const wanted = max(length, capacity + (capacity >> 1));
  const rounded = (max(wanted, 1) + GROWTH_BYTES - 1) & ~(GROWTH_BYTES - 1);
  if (block != 0) heap.free(block);
  block = heap.alloc(<usize>rounded + READABLE_BEFORE + READABLE_AFTER + ALIGNMENT);
  start = (block + READABLE_BEFORE + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  capacity = rounded;
}

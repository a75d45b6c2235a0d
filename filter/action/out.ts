// What goes on in the place of a chunk of an answer. One buffer per VM that grows to the largest so far.
import { BufferType, setBuffer, WHOLE } from '../proxy-wasm-as/assembly';

let block: usize = 0;
let capacity: u32 = 0;

/** Bytes so far. */
export let outLength: u32 = 0;

/** Address of the first byte; what is appended may move it. */
export function outStart(): usize {
  return block;
}

/** Begins anew. */
export function beginOut(): void {
  outLength = 0;
}

/** Forgets what was written behind `length` bytes. */
export function rewindOut(length: u32): void {
  outLength = min(outLength, length);
}

/** Appends bytes. */
export function emit(from: usize, bytes: u32): void {
  if (outLength + bytes > capacity) {
    capacity = (max(outLength + bytes, capacity + (capacity >> 1)) + 0xffff) & ~0xffff;
    const grown = heap.alloc(capacity);
    if (block != 0) {
      memory.copy(grown, block, outLength);
      heap.free(block);
    }
    block = grown;
  }
  memory.copy(block + outLength, from, bytes);
  outLength += bytes;
}

/** Puts what was written in the place of all that Envoy holds of the answer's body. */
export function putOut(): void {
  setBuffer(BufferType.ResponseBody, 0, WHOLE, block, outLength);
}

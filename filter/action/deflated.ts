// The one coding that Envoy does not open: an answer in `deflate` (RFC 9110 section 8.4.1.2, zlib's framing; some origins
// leave the framing out), held whole and opened here to be read. The client gets it as it came.
import { MARGIN } from '../view/arena';
import { framingOf, inflate, NOT_COMPRESSED } from '../view/inflate';

export { COMPLETE, NO_ROOM, outcome } from '../view/inflate';

/** Texts shrink to a tenth, lists of alike rows to a fiftieth; what opens to more is built to. */
const MOST_RATIO: u32 = 100;
/** Small bodies may open to this, whatever their ratio. */
const LEAST_ROOM_BYTES: u32 = 65536;
/** An answer of more is past every default limit. */
const MOST_ROOM_BYTES: u32 = 16777216;

/** Grows to the largest so far. */
let block: usize = 0;
let capacity: u32 = 0;

/** Address of what was opened last, with margins. */
export function openedStart(): usize {
  return block + MARGIN;
}

/** Opens the bytes; gives how many there are then. `outcome` says how it ended; bytes that are not compressed are none. */
export function openDeflated(start: usize, length: u32): u32 {
  const room = <u32>min<u64>(<u64>length * MOST_RATIO + LEAST_ROOM_BYTES, MOST_ROOM_BYTES);
  if (room > capacity) {
    if (block != 0) heap.free(block);
    capacity = room;
    block = heap.alloc(<usize>capacity + 2 * MARGIN);
  }
  const framing = framingOf(start, start + length);
  return framing == NOT_COMPRESSED ? 0 : inflate(start, start + length, openedStart(), room, framing);
}

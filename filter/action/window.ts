// An answer that passes on as it comes is read in windows. They begin at fixed offsets of the answer and not where a
// chunk happens to end, so what is found does not depend on how the network cut it.
import { BufferType, getBuffer, result, Status } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { Exchange } from './exchange';
import { heldStart, hold, release } from './held';
import { readPiece } from './judge';

/** A thousand answers at once cost 16 MiB. */
const WINDOW_BYTES: u32 = 16384;
/** Read again at the start of the next window: the longest thing that is found whole across a border, a key in PEM. */
export const OVERLAP_BYTES: u32 = 2048;

/** Reads the chunk of `length` bytes that is in Envoy's buffer; `isLast` reads what is left. */
export function readWindow(exchange: Exchange, length: u32, isLast: bool): void {
  let done: u32 = 0;
  if (length > 0 && getBuffer(BufferType.ResponseBody, 0, length) != Status.Ok) return;
  const chunk = result.pointer();
  if (isLast && exchange.heldLength == 0 && length <= WINDOW_BYTES) {
    readPiece(exchange, layout.SURFACE_RESPONSE_BODY, chunk, length, exchange.heldOffset);
    return;
  }
  while (done < length) {
    const taken = min(length - done, WINDOW_BYTES - exchange.heldLength);
    hold(exchange, chunk + done, taken);
    done += taken;
    if (exchange.heldLength == WINDOW_BYTES) {
      readHeld(exchange);
      release(exchange, WINDOW_BYTES - OVERLAP_BYTES);
    }
  }
  if (isLast && exchange.heldLength > 0) {
    readHeld(exchange);
    exchange.heldLength = 0;
  }
}

function readHeld(exchange: Exchange): void {
  readPiece(exchange, layout.SURFACE_RESPONSE_BODY, heldStart(exchange), exchange.heldLength, exchange.heldOffset);
}

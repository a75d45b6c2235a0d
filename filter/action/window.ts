// An answer that is too long to hold is read in windows. They begin at fixed offsets of the answer and not where a chunk
// happens to end, so what is found does not depend on how the network cut it. Where policy may stop the answer, a window
// goes on only when it has been read, but for its end, which is read again with the next one.
import { BodyStatus, BufferType, getBuffer, result, Status } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { answerFinding } from './answer';
import { Exchange, Reading } from './exchange';
import { heldStart, hold, release } from './held';
import { readPiece } from './judge';
import { beginOut, emit, outLength, putOut } from './out';
import { cut } from './stop';

/** A thousand answers at once cost 16 MiB. */
const WINDOW_BYTES: u32 = 16384;
/** Read again at the start of the next window: the longest thing that is found whole across a border, a key in PEM. */
export const OVERLAP_BYTES: u32 = 2048;

/** Reads the chunk of `length` bytes that is in Envoy's buffer; `isEnd` reads what is left. */
export function readWindow(exchange: Exchange, length: u32, isEnd: bool): BodyStatus {
  let done: u32 = 0;
  // Trailers may follow the last byte, and behind them none could be sent.
  const isLast = isEnd || <u64>exchange.heldOffset + exchange.heldLength + length >= exchange.bodyBytes;
  if (length > 0 && getBuffer(BufferType.ResponseBody, 0, length) != Status.Ok) return BodyStatus.Continue;
  const chunk = result.pointer();
  if (isLast && exchange.heldLength == 0 && length <= WINDOW_BYTES) {
    const verdict = readPiece(exchange, layout.SURFACE_RESPONSE_BODY, chunk, length, exchange.heldOffset);
    return isStop(exchange, verdict) ? stop(exchange) : BodyStatus.Continue;
  }
  const isHeldBack = exchange.mayStop && !exchange.isLate;
  if (isHeldBack) beginOut();
  let start = chunk;
  while (done < length) {
    const taken = min(length - done, WINDOW_BYTES - exchange.heldLength);
    hold(exchange, start, taken);
    start += taken;
    done += taken;
    if (exchange.heldLength < WINDOW_BYTES) break;
    const verdict = readHeld(exchange);
    if (isStop(exchange, verdict)) return stop(exchange);
    if (isHeldBack) emit(heldStart(exchange), WINDOW_BYTES - OVERLAP_BYTES);
    release(exchange, WINDOW_BYTES - OVERLAP_BYTES);
    // What was reported has passed through the host buffer, where the chunk lies.
    if (verdict == layout.VERDICT_ALLOW || done == length) continue;
    if (getBuffer(BufferType.ResponseBody, done, length - done) != Status.Ok) break;
    start = result.pointer();
  }
  if (isLast && exchange.heldLength > 0) {
    if (isStop(exchange, readHeld(exchange))) return stop(exchange);
    if (isHeldBack) emit(heldStart(exchange), exchange.heldLength);
    exchange.heldOffset += exchange.heldLength;
    exchange.heldLength = 0;
  }
  if (isHeldBack) putOut();
  // While nothing goes on, the answer can still be another one.
  if (isHeldBack && !exchange.hasBegun && outLength == 0 && !isLast) return BodyStatus.StopIterationNoBuffer;
  exchange.hasBegun = true;
  return BodyStatus.Continue;
}

function readHeld(exchange: Exchange): i32 {
  return readPiece(
    exchange,
    layout.SURFACE_RESPONSE_BODY,
    heldStart(exchange),
    exchange.heldLength,
    exchange.heldOffset,
  );
}

/** What cannot be taken out without changing the length that was announced is stopped. */
function isStop(exchange: Exchange, verdict: i32): bool {
  return exchange.mayStop && verdict >= layout.VERDICT_STRIP;
}

function stop(exchange: Exchange): BodyStatus {
  exchange.heldLength = 0;
  beginOut();
  if (!exchange.hasBegun) {
    answerFinding(exchange, layout.SURFACE_RESPONSE_BODY);
    return BodyStatus.StopIterationNoBuffer;
  }
  putOut();
  cut(exchange);
  return BodyStatus.Continue;
}

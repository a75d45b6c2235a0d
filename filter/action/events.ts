// Server-sent events of an MCP server (https://html.spec.whatwg.org/multipage/server-sent-events.html): one event is one
// JSON-RPC message. An event goes on when it is whole and judged; one that is blocked gives way to an error for its id.
import { BufferType, Bytes, getBuffer, result, Status, setBuffer } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { maxRequestBodyBytes } from '../verdict/verdict';
import { eventOfFinding } from './answer';
import { Exchange } from './exchange';
import { heldStart, hold, release } from './held';
import { read, readIds } from './judge';
import { appendText, beginText, textLength, textStart } from './text';
import { OVERLAP_BYTES } from './window';

const BLANK_LINE = Bytes.of('\n\n');
/** The longest end of an event: CR LF CR LF. */
const END_BYTES: u32 = 4;

/** What goes on of this chunk. Grows to the largest so far. */
let out: usize = 0;
let outCapacity: u32 = 0;
let outLength: u32 = 0;

/** Judges the events that the chunk of `length` bytes completes and puts them in the chunk's place. */
export function passEvents(exchange: Exchange, length: u32, isLast: bool): void {
  if (length > 0) {
    if (getBuffer(BufferType.ResponseBody, 0, length) != Status.Ok) return;
    hold(exchange, result.pointer(), length);
  }
  outLength = 0;
  let from: u32 = 0;
  let isEnd = false;
  let to = eventEnd(exchange, 0, exchange.heldSearched);
  while (!isEnd) {
    isEnd = to == 0;
    if (isEnd) to = exchange.heldLength;
    from = passPieces(exchange, from, to);
    if (!isEnd || isLast) {
      if (from < to) passEvent(exchange, from, to);
      from = to;
      exchange.heldIsRest = false;
    }
    if (!isEnd) to = eventEnd(exchange, from, from);
  }
  if (from > 0) release(exchange, from);
  exchange.heldSearched = exchange.heldLength;
  setBuffer(BufferType.ResponseBody, 0, length, out, outLength);
}

/**
 * An event past the limit is judged in pieces, so that memory stays bounded: as many as there are from offset `from` to
 * `to`, of a fixed size, so that nothing depends on the chunks. The end of each is held back and read again with the next
 * one. Gives the offset of what is left.
 */
function passPieces(exchange: Exchange, from: u32, to: u32): u32 {
  const most = maxRequestBodyBytes();
  const overlap = min(OVERLAP_BYTES, most >> 1);
  while (to - from > most) {
    if (isBlocked(exchange, from, from + most)) {
      emitError(exchange);
      // An end of the event across the border stays whole.
      from += most - min(END_BYTES, overlap);
    } else {
      emit(heldStart(exchange) + from, most - overlap);
      from += most - overlap;
      exchange.heldIsRest = true;
    }
  }
  return from;
}

/**
 * The end of the event that begins at offset `from` of what is held, its blank line included, or 0. What is held up to
 * offset `searched` has been looked at before.
 */
function eventEnd(exchange: Exchange, from: u32, searched: u32): u32 {
  const start = heldStart(exchange);
  let lineIsEmpty = false;
  for (let i = max(from, searched - min(END_BYTES, searched)); i < exchange.heldLength; i++) {
    const c = load<u8>(start + i);
    if (c != 0x0a && c != 0x0d) {
      lineIsEmpty = false;
      continue;
    }
    // CR LF is one end of line; a CR at the very end may be half of one.
    if (c == 0x0d) {
      if (i + 1 == exchange.heldLength) return 0;
      if (load<u8>(start + i, 1) == 0x0a) i++;
    }
    if (lineIsEmpty) return i + 1;
    lineIsEmpty = true;
  }
  return 0;
}

function passEvent(exchange: Exchange, from: u32, to: u32): void {
  if (isBlocked(exchange, from, to)) emitError(exchange);
  else emit(heldStart(exchange) + from, to - from);
}

function isBlocked(exchange: Exchange, from: u32, to: u32): bool {
  readEventIds(exchange, from, to);
  beginText(to - from);
  appendText(heldStart(exchange) + from, to - from);
  return read(exchange, layout.SURFACE_MCP_RESPONSE, textStart(), textLength()) == layout.VERDICT_BLOCK;
}

function emitError(exchange: Exchange): void {
  // What has gone on of the event is ended, and the error is one of its own.
  if (exchange.heldIsRest) emit(BLANK_LINE.pointer, BLANK_LINE.length);
  exchange.heldIsRest = false;
  const event = eventOfFinding(exchange);
  emit(event.pointer, event.length);
}

/** Reads the ids in the event's first data line, for the answer. */
function readEventIds(exchange: Exchange, from: u32, to: u32): void {
  const start = heldStart(exchange);
  let p = start + from;
  const end = start + to;
  while (p < end) {
    let lineEnd = p;
    while (lineEnd < end && load<u8>(lineEnd) != 0x0a && load<u8>(lineEnd) != 0x0d) lineEnd++;
    if (lineEnd - p > 5 && load<u32>(p) == 0x61746164 && load<u8>(p, 4) == 0x3a) {
      readIds(p + 5, lineEnd, layout.SURFACE_MCP_RESPONSE);
      return;
    }
    p = lineEnd + 1;
  }
  readIds(end, end, layout.SURFACE_MCP_RESPONSE);
}

function emit(from: usize, bytes: u32): void {
  if (outLength + bytes > outCapacity) {
    const capacity = (outLength + bytes + 0xffff) & ~0xffff;
    const block = heap.alloc(capacity);
    if (out != 0) {
      memory.copy(block, out, outLength);
      heap.free(out);
    }
    out = block;
    outCapacity = capacity;
  }
  memory.copy(out + outLength, from, bytes);
  outLength += bytes;
}

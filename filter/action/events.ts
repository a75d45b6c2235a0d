// Server-sent events of an MCP server (https://html.spec.whatwg.org/multipage/server-sent-events.html): one event is one
// JSON-RPC message. An event goes on when it is whole and judged; one that is blocked gives way to an error for its id.
import { BufferType, getBuffer, result, Status, setBuffer } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { maxRequestBodyBytes } from '../verdict/verdict';
import { eventOfFinding } from './answer';
import { Exchange } from './exchange';
import { heldStart, hold, release } from './held';
import { read, readIds } from './judge';
import { appendText, beginText, textLength, textStart } from './text';

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
  while (true) {
    const to = eventEnd(exchange, from);
    if (to == 0) break;
    passEvent(exchange, from, to);
    from = to;
  }
  // An event past the limit is judged in pieces: memory stays bounded.
  if (from < exchange.heldLength && (isLast || exchange.heldLength - from > maxRequestBodyBytes())) {
    passEvent(exchange, from, exchange.heldLength);
    from = exchange.heldLength;
  }
  if (exchange.heldLength > 0) release(exchange, from);
  setBuffer(BufferType.ResponseBody, 0, length, out, outLength);
}

/** The end of the event that begins at offset `from` of what is held, its blank line included, or 0. */
function eventEnd(exchange: Exchange, from: u32): u32 {
  const start = heldStart(exchange);
  let lineIsEmpty = false;
  for (let i = from; i < exchange.heldLength; i++) {
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
  readEventIds(exchange, from, to);
  beginText(to - from);
  appendText(heldStart(exchange) + from, to - from);
  const verdict = read(exchange, layout.SURFACE_MCP_RESPONSE, textStart(), textLength());
  if (verdict != layout.VERDICT_BLOCK) {
    emit(heldStart(exchange) + from, to - from);
    return;
  }
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

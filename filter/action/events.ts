// Server-sent events of an MCP server (https://html.spec.whatwg.org/multipage/server-sent-events.html): one event is one
// JSON-RPC message. An event goes on when it is whole and judged; one that is blocked gives way to an error for its id.
import { setOnlyId } from '../mcp/message';
import { writeKept } from '../mcp/tools';
import { BufferType, Bytes, getBuffer, result, Status, Writer } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { maxRequestBodyBytes } from '../verdict/verdict';
import { dataOfFinding, dataOfUnreadable } from './answer';
import { emitEndpoint, endpointPath } from './endpoint';
import { dataLength, endOfLine, hasOthers, isEndpoint, isField, isMessage, nextLine, readEvent } from './event-lines';
import { Exchange } from './exchange';
import { heldStart, hold, release } from './held';
import { hasFindings, read } from './judge';
import {
  blockedSurface,
  isAskedFor,
  isRefused,
  judgeMcpAnswer,
  messageRoom,
  Outcome,
  tooLargeOf,
  unreadable,
} from './mcp';
import { beginOut, emit, outLength, putOut } from './out';
import { comparesTools } from './pins';
import { appendByte, appendText, beginText, textLength, textStart } from './text';
import { OVERLAP_BYTES } from './window';

const BLANK_LINE = Bytes.of('\n\n');
const LINE_BREAK = Bytes.of('\n');
const MESSAGE = Bytes.of('event: message\n');
const DATA = Bytes.of('data: ');
/** The longest end of an event: CR LF CR LF. */
const END_BYTES: u32 = 4;

/**
 * Judges the events that the chunk of `length` bytes completes and puts them in the chunk's place; its first `judged` bytes
 * may go on as they are. An event that lists tools stays held where control is asked about them first (exchange.pinsCall).
 */
export function passEvents(exchange: Exchange, judged: u32, length: u32, isLast: bool): void {
  beginOut();
  if (length > 0) {
    if (getBuffer(BufferType.ResponseBody, 0, length) != Status.Ok) return;
    emit(result.pointer(), judged);
    hold(exchange, result.pointer() + judged, length - judged);
  }
  let from: u32 = 0;
  let isEnd = false;
  let to = eventEnd(exchange, 0, exchange.heldSearched);
  while (!isEnd) {
    isEnd = to == 0;
    if (isEnd) to = exchange.heldLength;
    from = passPieces(exchange, from, to);
    if (!isEnd || isLast) {
      if (from < to) {
        if (waits(exchange, from, to)) break;
        passEvent(exchange, from, to);
      }
      from = to;
      exchange.heldIsRest = false;
      exchange.heldIsDropped = false;
    }
    if (!isEnd) to = eventEnd(exchange, from, from);
  }
  if (from > 0) release(exchange, from);
  exchange.heldSearched = exchange.pinsCall == 0 ? exchange.heldLength : 0;
  if (exchange.pinsCall != 0) {
    exchange.judgedBytes = outLength;
    exchange.hasEnded = isLast;
  }
  putOut();
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
    if (exchange.heldIsDropped || (!exchange.heldIsRest && isTooLarge(exchange))) {
      // Its end stays whole.
      from += most - END_BYTES;
    } else if (isBlocked(exchange, from, from + most)) {
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

/** Whether the event lists tools that control was asked about. */
function waits(exchange: Exchange, from: u32, to: u32): bool {
  if (exchange.heldIsRest || exchange.heldIsDropped || !comparesTools()) return false;
  readEvent(heldStart(exchange) + from, heldStart(exchange) + to);
  return isMessage && dataLength > 0 && isAskedFor(exchange, messageRoom(dataLength), dataLength);
}

function passEvent(exchange: Exchange, from: u32, to: u32): void {
  if (exchange.heldIsDropped) return;
  if (exchange.heldIsRest) {
    if (isBlocked(exchange, from, to)) emitError(exchange);
    else emit(heldStart(exchange) + from, to - from);
    return;
  }
  const start = heldStart(exchange) + from;
  const end = heldStart(exchange) + to;
  readEvent(start, end);
  // Clients read messages from events of this type alone; the older transport names its endpoint in one of another.
  if (!isMessage || dataLength == 0) {
    if (judgeOther(exchange, start, end))
      return emitMessage(start, end, dataOfFinding(exchange, layout.SURFACE_MCP_RESPONSE));
    if (!isEndpoint || !passEndpoint(exchange, start, end)) emit(start, to - from);
    return;
  }
  const outcome = judgeMcpAnswer(exchange, messageRoom(dataLength), dataLength, true);
  if (outcome == Outcome.Block) return emitMessage(start, end, dataOfFinding(exchange, blockedSurface));
  if (outcome == Outcome.Unreadable) return emitMessage(start, end, dataOfUnreadable(exchange, unreadable));
  if (judgeOther(exchange, start, end))
    return emitMessage(start, end, dataOfFinding(exchange, layout.SURFACE_MCP_RESPONSE));
  if (outcome == Outcome.Pass) return emit(start, to - from);
  // In place: shorter without the tools. No line break stands in JSON but as white space.
  const data = messageRoom(dataLength);
  const kept = writeKept(data, data + dataLength, data);
  for (let p = data; p < kept; p++) if (load<u8>(p) == 0x0a || load<u8>(p) == 0x0d) store<u8>(p, 0x20);
  emitOtherLines(start, end, true);
  emit(DATA.pointer, DATA.length);
  emit(data, <u32>(kept - data));
  emit(BLANK_LINE.pointer, BLANK_LINE.length);
}

/** Emits an event that names where messages are sent to; false where it names no place at the server. */
function passEndpoint(exchange: Exchange, start: usize, end: usize): bool {
  const urlEnd = messageRoom(dataLength) + dataLength;
  const path = endpointPath(exchange, messageRoom(dataLength), urlEnd);
  if (path == 0) return false;
  emitOtherLines(start, end, true);
  emit(DATA.pointer, DATA.length);
  emitEndpoint(exchange, path, urlEnd);
  emit(BLANK_LINE.pointer, BLANK_LINE.length);
  return true;
}

/** Whether what an event holds beside its data is blocked. */
function judgeOther(exchange: Exchange, start: usize, end: usize): bool {
  if (!hasOthers && isMessage) return false;
  beginText(<u32>(end - start));
  for (let line = start; line < end; ) {
    const lineEnd = endOfLine(line, end);
    if (!isMessage || !isField(line, lineEnd, 'data')) {
      appendText(line, <u32>(lineEnd - line));
      appendByte(0x0a);
    }
    line = nextLine(lineEnd, end);
  }
  return read(exchange, layout.SURFACE_MCP_RESPONSE, textStart(), textLength()) >= layout.VERDICT_STRIP;
}

/** Puts a message of ours in the event's place. Its id stays, since a client goes on from there. */
function emitMessage(start: usize, end: usize, data: Writer): void {
  emitOtherLines(start, end, false);
  emit(MESSAGE.pointer, MESSAGE.length);
  emit(DATA.pointer, DATA.length);
  emit(data.pointer, data.length);
  emit(BLANK_LINE.pointer, BLANK_LINE.length);
}

/** Emits the event's lines but for its data; or its id alone, where that is none that a rule could find something in. */
function emitOtherLines(start: usize, end: usize, withAll: bool): void {
  for (let line = start; line < end; ) {
    const lineEnd = endOfLine(line, end);
    const length = <u32>(lineEnd - line);
    const isKept = withAll ? !isField(line, lineEnd, 'data') : isField(line, lineEnd, 'id') && isPlainId(line, lineEnd);
    if (length > 0 && isKept) {
      emit(line, length);
      emit(LINE_BREAK.pointer, LINE_BREAK.length);
    }
    line = nextLine(lineEnd, end);
  }
}

/** Whether an id line goes on although its event does not: one on which no rule speaks. */
function isPlainId(line: usize, lineEnd: usize): bool {
  beginText(<u32>(lineEnd - line));
  appendText(line, <u32>(lineEnd - line));
  return !hasFindings(textStart(), textLength(), layout.SURFACE_MCP_RESPONSE);
}

/** Whether an event over the limit, which has not begun to go on, is refused: an error goes in its place, and it is dropped. */
function isTooLarge(exchange: Exchange): bool {
  const reason = tooLargeOf(exchange);
  if (!isRefused(exchange, reason)) return false;
  setOnlyId(exchange.id(), exchange.idLength);
  const data = dataOfUnreadable(exchange, reason);
  emitMessage(data.pointer, data.pointer, data);
  exchange.heldIsDropped = true;
  return true;
}

/** Whether a piece of an event over the limit is blocked. */
function isBlocked(exchange: Exchange, from: u32, to: u32): bool {
  setOnlyId(exchange.id(), exchange.idLength);
  beginText(to - from);
  appendText(heldStart(exchange) + from, to - from);
  return read(exchange, layout.SURFACE_MCP_RESPONSE, textStart(), textLength()) >= layout.VERDICT_STRIP;
}

function emitError(exchange: Exchange): void {
  // What has gone on of the event is ended, and the error is one of its own.
  if (exchange.heldIsRest) emit(BLANK_LINE.pointer, BLANK_LINE.length);
  exchange.heldIsRest = false;
  const data = dataOfFinding(exchange, layout.SURFACE_MCP_RESPONSE);
  emitMessage(data.pointer, data.pointer, data);
}

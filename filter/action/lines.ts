// Streams of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) and of lines of JSON,
// as models answer in them. A line goes on when it is whole and judged: by itself, and as the piece of a longer text that
// it carries (joined.ts). While the end of such a text may be the beginning of a match, lines wait in Envoy's buffer.
import {
  BodyStatus,
  BufferType,
  Bytes,
  continueStream,
  getBuffer,
  result,
  Status,
  StreamType,
} from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { maxResponseBytes } from '../verdict/verdict';
import * as sse from '../view/sse';
import { Exchange, Reading, Wait } from './exchange';
import { heldStart, hold, release } from './held';
import { areUnfinished, finishAll, forgetText, readOn } from './joined';
import { readPiece, stripPiece } from './judge';
import { beginOut, emit, outLength, outStart, putOut, rewindOut } from './out';
import { awaitEnd, emitLastWords } from './stop';
import { MARKER, strippedLength, strippedStart } from './strip';
import { appendText, beginText, textLength, textStart } from './text';
import { waitFor, waitNoMore } from './wait';

/** How long a line may wait: nobody who reads along takes it for a stop. */
const WAIT_MILLISECONDS: u32 = 250;
/** Lines that are no JSON are one text of their own. */
const PLAIN_CHANNEL: u32 = 0;

/** Bytes of what goes on that wait for no decision. */
let decided: u32 = 0;

/** Reads the `length` bytes that Envoy has of the answer's body, and says what becomes of them. */
export function passLines(exchange: Exchange, length: u32, isEnd: bool): BodyStatus {
  if (length > 0 && getBuffer(BufferType.ResponseBody, 0, length) != Status.Ok) return BodyStatus.Continue;
  const wasWaiting = exchange.heldByEnvoy;
  beginOut();
  if (exchange.mayStop && wasWaiting > 0) emit(result.pointer(), wasWaiting);
  if (length > wasWaiting) hold(exchange, result.pointer() + wasWaiting, length - wasWaiting);
  decided = wasWaiting > 0 ? exchange.decidedByEnvoy : 0;
  let from: u32 = 0;
  while (from < exchange.heldLength) {
    let to = lineEnd(exchange, from);
    if (to == 0) {
      if (!isEnd && exchange.heldLength - from <= maxResponseBytes()) break;
      to = exchange.heldLength;
    }
    const verdict = passLine(exchange, from, to);
    if (verdict == layout.VERDICT_BLOCK) {
      // What waited may be the beginning of what was found.
      if (wasJoined) rewindOut(decided);
      return stop(exchange, isEnd);
    }
    if (!areUnfinished(exchange, layout.SURFACE_RESPONSE_BODY)) decided = outLength;
    from = to;
  }
  if (from > 0) release(exchange, from);
  exchange.heldSearched = exchange.heldLength;
  if (!exchange.mayStop) return BodyStatus.Continue;
  putOut();
  const mustWait = !isEnd && decided < outLength;
  exchange.heldByEnvoy = mustWait ? outLength : 0;
  exchange.decidedByEnvoy = decided;
  if (mustWait) {
    if (exchange.wait == Wait.Nothing) waitFor(exchange, Wait.Decision, WAIT_MILLISECONDS);
    return BodyStatus.StopIterationAndBuffer;
  }
  waitNoMore(exchange);
  return BodyStatus.Continue;
}

/** The time of the lines that wait is over: they go on. Call it from the tick, on the exchange's context. */
export function passWaiting(exchange: Exchange): void {
  exchange.heldByEnvoy = 0;
  finishAll(exchange, layout.SURFACE_RESPONSE_BODY);
  continueStream(StreamType.Response);
}

/** Ends the stream with words of ours: nothing of it that is not out goes out any more. */
function stop(exchange: Exchange, isEnd: bool): BodyStatus {
  emitLastWords(exchange);
  exchange.heldLength = 0;
  exchange.heldByEnvoy = 0;
  putOut();
  waitNoMore(exchange);
  if (isEnd) exchange.response = Reading.Stopped;
  else awaitEnd(exchange);
  return BodyStatus.Continue;
}

/** The end of the line that begins at offset `from` of what is held, or 0. Either half of CR LF ends one. */
function lineEnd(exchange: Exchange, from: u32): u32 {
  const start = heldStart(exchange);
  for (let i = max(from, exchange.heldSearched); i < exchange.heldLength; i++) {
    const c = load<u8>(start + i);
    if (c == 0x0a || c == 0x0d) return i + 1;
  }
  return 0;
}

/** Whether the last verdict was on a text that lines carry, and not on the line alone. */
let wasJoined: bool = false;
/** Which text that was. */
let foundChannel: u32 = 0;

/** Judges the line from offset `from` to `to` of what is held, and appends what may go on of it. Gives the verdict. */
function passLine(exchange: Exchange, from: u32, to: u32): i32 {
  wasJoined = false;
  let end = to;
  while (end > from && isLineEnd(load<u8>(heldStart(exchange) + end - 1))) end--;
  if (end > from) {
    beginText(end - from);
    appendText(heldStart(exchange) + from, end - from);
    let verdict = readPiece(
      exchange,
      layout.SURFACE_RESPONSE_BODY,
      textStart(),
      textLength(),
      exchange.heldOffset + from,
    );
    if (verdict < layout.VERDICT_STRIP) verdict = readTexts(exchange, from, end);
    if (verdict == layout.VERDICT_STRIP && exchange.mayStop) {
      if (!stripLine(exchange, from, end)) return layout.VERDICT_BLOCK;
      emit(heldStart(exchange) + end, to - end);
      return verdict;
    }
    if (verdict == layout.VERDICT_BLOCK && exchange.mayStop) return verdict;
  }
  if (exchange.mayStop) emit(heldStart(exchange) + from, to - from);
  return layout.VERDICT_ALLOW;
}

/** Reads the texts that the line carries a piece of; gives the strongest verdict. */
function readTexts(exchange: Exchange, from: u32, end: u32): i32 {
  const lineStart = heldStart(exchange) + from;
  const lineStop = heldStart(exchange) + end;
  const data = sse.dataStart(lineStart, lineStop);
  if (data == 0) return layout.VERDICT_ALLOW;
  let strongest = layout.VERDICT_ALLOW;
  if (sse.readPieces(data, lineStop)) {
    if (exchange.dialect == sse.DIALECT_UNKNOWN) exchange.dialect = sse.guessDialect(data, lineStop);
    exchange.eventIndex = sse.eventIndex;
    exchange.contentIndex = sse.contentIndex;
    for (let i: u32 = 0; i < sse.pieceCount; i++) {
      const verdict = readOn(
        exchange,
        layout.SURFACE_RESPONSE_BODY,
        sse.pieceChannel(i),
        sse.pieceStart(i),
        sse.pieceEnd(i),
        true,
      );
      if (verdict <= strongest) continue;
      strongest = verdict;
      foundChannel = sse.pieceChannel(i);
    }
  } else {
    foundChannel = PLAIN_CHANNEL;
    strongest = readOn(exchange, layout.SURFACE_RESPONSE_BODY, PLAIN_CHANNEL, data, lineStop, false);
    // The next data line goes on behind a line break.
    const verdict = readOn(exchange, layout.SURFACE_RESPONSE_BODY, PLAIN_CHANNEL, LINE_BREAK, LINE_BREAK + 1, false);
    if (verdict > strongest) strongest = verdict;
  }
  wasJoined = strongest >= layout.VERDICT_STRIP;
  return strongest;
}

const LINE_BREAK: usize = memory.data<u8>([0x0a]);

/** Appends the line with what was found taken out; false where that cannot be done. */
function stripLine(exchange: Exchange, from: u32, end: u32): bool {
  if (wasJoined) {
    stripTexts(exchange, from, end);
    return true;
  }
  if (!stripPiece(exchange, textStart(), textLength())) return false;
  emit(strippedStart(), strippedLength());
  return true;
}

/** The line's piece of the text gives way to the marker, and those of the lines that wait to nothing. */
function stripTexts(exchange: Exchange, from: u32, end: u32): void {
  beginText(outLength - decided);
  appendText(outStart() + decided, outLength - decided);
  rewindOut(decided);
  const waitingEnd = textStart() + textLength();
  for (let p = textStart(); p < waitingEnd; ) {
    let to = p;
    while (to < waitingEnd && !isLineEnd(load<u8>(to))) to++;
    emitWithout(p, to, foundChannel, null);
    while (to < waitingEnd && isLineEnd(load<u8>(to))) emit(to++, 1);
    p = to;
  }
  emitWithout(heldStart(exchange) + from, heldStart(exchange) + end, foundChannel, MARKER);
  forgetText(exchange, foundChannel);
}

/** Appends a line, what it adds to a text replaced. */
function emitWithout(start: usize, end: usize, channel: u32, marker: Bytes | null): void {
  const data = sse.dataStart(start, end);
  let from = start;
  if (data != 0 && sse.readPieces(data, end)) {
    for (let i: u32 = 0; i < sse.pieceCount; i++) {
      if (sse.pieceChannel(i) != channel) continue;
      emit(from, <u32>(sse.pieceStart(i) - from));
      if (marker !== null) emit(marker.pointer, marker.length);
      from = sse.pieceEnd(i);
    }
  } else if (data != 0 && channel == PLAIN_CHANNEL) {
    emit(start, <u32>(data - start));
    if (marker !== null) emit(marker.pointer, marker.length);
    from = end;
  }
  emit(from, <u32>(end - from));
}

function isLineEnd(c: u8): bool {
  return c == 0x0a || c == 0x0d;
}

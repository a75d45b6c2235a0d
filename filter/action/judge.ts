// One message, read and judged: its findings reported, its verdict given.

import { addEntropyFindings } from '../finding/entropy';
import { findIn, wasCut } from '../finding/find';
import { clearFindings, findingCount, findingRule, keepFlagged } from '../finding/findings';
import { setDestination } from '../finding/own';
import { findInCall } from '../mcp/call';
import { messageCount } from '../mcp/message';
import {
  BufferType,
  Bytes,
  currentTimeNanoseconds,
  getBuffer,
  MapType,
  removeHeader,
  result,
  Status,
  setBuffer,
  WHOLE,
} from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { isLeftOut, isRedirected, verdictOfFinding, verdictOfMessage, verdictOfUnreadable } from '../verdict/verdict';
import { JOINED, RAW } from '../view/encoding';
import { answerFinding, answerUnreadable } from './answer';
import { setDestinationOf } from './destination';
import { Exchange } from './exchange';
import { writeJoinedHost } from './host-text';
import { addPinFindings } from './pins';
import { redirect } from './redirect';
import { chargeClient, POINTS_BLOCKED, recordScan, reportFinding, reportUnreadable } from './report';
import { findInSession } from './sessions';
import { strip, strippedLength, strippedStart } from './strip';
import { countSuppressed } from './suppressed';
import { textLength, textStart } from './text';
import { writeTrace } from './trace-log';

const CONTENT_ENCODING = Bytes.of('content-encoding');
/** What says of a body that it is as it was: gone where a part of it is. */
const LENGTH_HEADERS: StaticArray<Bytes> = [
  Bytes.of('content-length'),
  Bytes.of('etag'),
  Bytes.of('digest'),
  Bytes.of('content-digest'),
  Bytes.of('repr-digest'),
  Bytes.of('content-md5'),
];

/**
 * Reads the text at `start` (with margins) as the whole of a surface. True where policy blocks it, and the exchange was
 * answered.
 */
export function judge(exchange: Exchange, surface: i32, start: usize, length: u32): bool {
  return answerVerdict(exchange, surface, read(exchange, surface, start, length));
}

/** The same of a URL; what looks drawn in it counts as policy says. */
export function judgeUrl(exchange: Exchange, start: usize, length: u32): bool {
  find(exchange, layout.SURFACE_URL, start, length);
  addEntropyFindings(start, exchange.hostLength, length);
  return answerVerdict(exchange, layout.SURFACE_URL, report(exchange, layout.SURFACE_URL));
}

/** The same of the labels of the host put together, where it has many. */
export function judgeJoinedHost(exchange: Exchange): bool {
  if (!writeJoinedHost(exchange)) return false;
  clearFindings();
  setDestinationOf(exchange);
  findTimed(textStart(), textLength(), layout.SURFACE_URL, JOINED);
  writeTrace();
  return answerVerdict(exchange, layout.SURFACE_URL, report(exchange, layout.SURFACE_URL));
}

/** The same of an MCP request, whose messages message.ts has read where `isRead`. A call that policy redirects is answered later. */
export function judgeMessages(exchange: Exchange, start: usize, length: u32, isRead: bool): bool {
  find(exchange, layout.SURFACE_MCP_REQUEST, start, length);
  for (let i: u32 = 0; isRead && i < messageCount; i++) findInCall(i);
  if (isRead) findInSession(exchange);
  const verdict = report(exchange, layout.SURFACE_MCP_REQUEST);
  if (verdict == layout.VERDICT_BLOCK && !wasCut && isRedirected(layout.SURFACE_MCP_REQUEST)) {
    redirect(exchange);
    return true;
  }
  return answerVerdict(exchange, layout.SURFACE_MCP_REQUEST, verdict);
}

/**
 * Reads texts that were put together of several requests; only what neighbours do not make by chance counts, and where
 * `warnsOnly` it is a warning at most. True where policy blocks it.
 */
export function isJoinedBlocked(exchange: Exchange, surface: i32, start: usize, length: u32, warnsOnly: bool): bool {
  clearFindings();
  setDestinationOf(exchange);
  findTimed(start, length, surface, JOINED);
  writeTrace();
  if (!warnsOnly) return report(exchange, surface) == layout.VERDICT_BLOCK;
  for (let i: u32 = 0; i < findingCount(); i++) {
    if (verdictOfFinding(i, surface) == layout.VERDICT_ALLOW) continue;
    reportFinding(exchange, i, surface, layout.VERDICT_WARN, 0);
    // A secret that was cut is no accident.
    chargeClient(exchange, POINTS_BLOCKED);
  }
  return false;
}

function answerVerdict(exchange: Exchange, surface: i32, verdict: i32): bool {
  if (wasCut && refuse(exchange, layout.UNREADABLE_REQUEST_EXPANSION)) return true;
  if (verdict != layout.VERDICT_BLOCK) return false;
  answerFinding(exchange, surface);
  return true;
}

/**
 * Reads the body of a held answer, `length` bytes in the host buffer, or opened from what is there, and blocks it or takes
 * out of it what policy says. True where the exchange was answered in the origin's place.
 */
export function judgeAnswer(exchange: Exchange, surface: i32, start: usize, length: u32, isOpened: bool): bool {
  const verdict = read(exchange, surface, start, length);
  if (wasCut && refuse(exchange, layout.UNREADABLE_RESPONSE_EXPANSION)) return true;
  if (verdict < layout.VERDICT_STRIP) return false;
  if (verdict == layout.VERDICT_STRIP) {
    // Lines of the log have passed through the host buffer since.
    if (!isOpened && getBuffer(BufferType.ResponseBody, 0, length) == Status.Ok) start = result.pointer();
    setDestinationOf(exchange);
    if (strip(start, length, surface)) {
      if (isOpened) removeHeader(MapType.ResponseHeaders, CONTENT_ENCODING.pointer, CONTENT_ENCODING.length);
      for (let i = 0; i < LENGTH_HEADERS.length; i++) {
        const name = LENGTH_HEADERS[i];
        removeHeader(MapType.ResponseHeaders, name.pointer, name.length);
      }
      setBuffer(BufferType.ResponseBody, 0, WHOLE, strippedStart(), strippedLength());
      return false;
    }
    setDestinationOf(exchange);
    clearFindings();
    findIn(start, length, surface);
    verdictOfMessage(surface);
  }
  answerFinding(exchange, surface);
  return true;
}

/** In the place of a tool's number: the text is no tool. */
export const NO_TOOL: i32 = -1;

/**
 * Reads the text and reports what is in it, and of a tool how it stands to its pin; gives the verdict, and leaves answering
 * to the caller.
 */
export function read(exchange: Exchange, surface: i32, start: usize, length: u32, tool: i32 = NO_TOOL): i32 {
  find(exchange, surface, start, length);
  if (tool != NO_TOOL) addPinFindings(<u32>tool);
  return report(exchange, surface);
}

function find(exchange: Exchange, surface: i32, start: usize, length: u32): void {
  clearFindings();
  setDestinationOf(exchange);
  findTimed(start, length, surface);
  writeTrace();
}

export function report(exchange: Exchange, surface: i32): i32 {
  for (let i: u32 = 0; i < findingCount(); i++) {
    const verdict = verdictOfFinding(i, surface);
    if (verdict != layout.VERDICT_ALLOW) reportFinding(exchange, i, surface, verdict, 0);
    else if (isLeftOut(i, surface)) countSuppressed(findingRule(i));
  }
  return verdictOfMessage(surface);
}

/**
 * Reads one piece of an answer that comes in pieces, got by `chain`; each rule is reported once in the answer. Gives the
 * verdict.
 * `isAcross`: the text was put together from two messages, where only what neighbours do not make by chance counts.
 * `growing`: the text has grown (finding/find.ts).
 */
export function readPiece(
  exchange: Exchange,
  surface: i32,
  start: usize,
  length: u32,
  offset: u32,
  chain: u32 = RAW,
  isAcross: bool = false,
  growing: usize = 0,
): i32 {
  clearFindings();
  setDestinationOf(exchange);
  findTimed(start, length, surface, chain, growing);
  // Two texts put together make others by chance.
  if (isAcross) keepFlagged(layout.RULE_FLAG_UNLIKELY);
  writeTrace();
  for (let i: u32 = 0; i < findingCount(); i++) {
    const verdict = verdictOfFinding(i, surface);
    if (verdict == layout.VERDICT_ALLOW) {
      if (isLeftOut(i, surface) && exchange.reportOnce(findingRule(i))) countSuppressed(findingRule(i));
      continue;
    }
    const isFirst = exchange.reportOnce(findingRule(i));
    if (isFirst || verdict == layout.VERDICT_BLOCK) reportFinding(exchange, i, surface, verdict, offset);
  }
  return verdictOfMessage(surface);
}

/** Takes out of a piece of an answer what policy says (strip.ts); false where it cannot be done. */
export function stripPiece(exchange: Exchange, start: usize, length: u32): bool {
  setDestinationOf(exchange);
  return strip(start, length, layout.SURFACE_RESPONSE_BODY);
}

let texts: u32 = 0;

/** Of every 16 texts one is timed: the clock costs a call of the host each time it is read. */
export function findTimed(start: usize, length: u32, surface: i32, chain: u32 = RAW, growing: usize = 0): void {
  if ((texts++ & 15) != 0) {
    findIn(start, length, surface, chain, growing);
    return;
  }
  const began = currentTimeNanoseconds();
  findIn(start, length, surface, chain, growing);
  recordScan(surface, currentTimeNanoseconds() - began);
}

/** Reports that a message cannot be read. True where policy blocks that, and the exchange was answered. */
export function refuse(exchange: Exchange, reason: i32): bool {
  const verdict = verdictOfUnreadable(reason);
  if (verdict == layout.VERDICT_ALLOW) return false;
  reportUnreadable(exchange, reason, verdict);
  if (verdict != layout.VERDICT_BLOCK) return false;
  answerUnreadable(exchange, reason);
  return true;
}

/** Whether any rule finds something in the text; reports nothing. */
export function hasFindings(start: usize, length: u32, surface: i32): bool {
  clearFindings();
  setDestination(0, 0, false);
  findIn(start, length, surface);
  return findingCount() > 0;
}

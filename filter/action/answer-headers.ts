// Headers and trailers of an answer, read like those of a request and by the same lists (request-text.ts). What a site gives
// its own clients, cookies and ids, looks as drawn as a secret and is none: there only what names its issuer counts.
import { findIn, wasCut } from '../finding/find';
import { clearFindings, keepFlagged } from '../finding/findings';
import { lower } from '../finding/near';
import { Bytes, getHeaderPairs, MapType, PairReader, removeHeader, result, Status } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { verdictOfMessage, verdictOfUnreadable } from '../verdict/verdict';
import { answerFinding, answerUnreadable } from './answer';
import { setDestinationOf } from './destination';
import { Exchange } from './exchange';
import { findTimed, report } from './judge';
import { reportUnreadable } from './report';
import { appendLine, isWanted } from './request-text';
import { beginText, nextText, roomForTwo, textLength, textStart } from './text';
import { writeTrace } from './trace-log';

/** A redirect may carry what the site itself gives out for its next page (RFC 9110 section 10.2.2); that request is read. */
const NOT_READ: StaticArray<Bytes> = [Bytes.of('location'), Bytes.of('content-location')];
/** Names, and last words of names, of what a site hands out to its clients. */
const HANDED_OUT: StaticArray<Bytes> = [Bytes.of('set-cookie'), Bytes.of('etag')];
const HANDED_OUT_ENDS: StaticArray<Bytes> = [Bytes.of('-id'), Bytes.of('-token'), Bytes.of('-nonce')];

const reader = new PairReader();
/** The text of what is no cookie and no id; the other lies behind it. */
let plainStart: usize = 0;
let plainLength: u32 = 0;
/** Whether the last headers were blocked because they open to many times their size. */
let isUnreadable: bool = false;

/** Makes texts of the serialized pairs of an answer's headers, for areBlocked. */
export function writeAnswerHeaders(pairs: usize, length: u32): void {
  beginText(roomForTwo(length));
  appendLines(pairs, length, false);
  plainStart = textStart();
  plainLength = textLength();
  nextText();
  appendLines(pairs, length, true);
}

function appendLines(pairs: usize, length: u32, areHandedOut: bool): void {
  reader.start(pairs, length);
  while (reader.next()) if (isReadHere() && isHandedOut() == areHandedOut) appendLine(reader);
}

/**
 * Reads the texts of writeAnswerHeaders, reports what is in them and takes out of `map` what policy strips. True where
 * policy blocks: then the caller cuts the answer, or calls answerInstead.
 */
export function areBlocked(exchange: Exchange, map: MapType): bool {
  const isCut = findInTexts(exchange, true);
  writeTrace();
  const verdict = report(exchange, layout.SURFACE_RESPONSE_HEADER);
  const ofCut = isCut ? verdictOfUnreadable(layout.UNREADABLE_RESPONSE_EXPANSION) : layout.VERDICT_ALLOW;
  if (ofCut != layout.VERDICT_ALLOW) reportUnreadable(exchange, layout.UNREADABLE_RESPONSE_EXPANSION, ofCut);
  isUnreadable = ofCut == layout.VERDICT_BLOCK;
  if (isUnreadable) return true;
  if (verdict != layout.VERDICT_STRIP) return verdict == layout.VERDICT_BLOCK;
  return !stripHeaders(exchange, map);
}

/** Answers in the place of an answer whose headers or trailers are blocked. */
export function answerInstead(exchange: Exchange): void {
  if (isUnreadable) answerUnreadable(exchange, layout.UNREADABLE_RESPONSE_EXPANSION);
  else answerFinding(exchange, layout.SURFACE_RESPONSE_HEADER);
}

/** Finds what is in both texts; true where one of them could not be opened to the end. */
function findInTexts(exchange: Exchange, isTimed: bool): bool {
  clearFindings();
  setDestinationOf(exchange);
  findIn(textStart(), textLength(), layout.SURFACE_RESPONSE_HEADER);
  keepFlagged(layout.RULE_FLAG_ISSUED);
  const isCut = wasCut;
  if (isTimed) findTimed(plainStart, plainLength, layout.SURFACE_RESPONSE_HEADER);
  else findIn(plainStart, plainLength, layout.SURFACE_RESPONSE_HEADER);
  return isCut || wasCut;
}

/** Removes each header in which something is found; false where what is left still holds something. */
function stripHeaders(exchange: Exchange, map: MapType): bool {
  if (getHeaderPairs(map) != Status.Ok) return false;
  const pairs = result.pointer();
  const length = result.length();
  setDestinationOf(exchange);
  beginText(length);
  reader.start(pairs, length);
  while (reader.next()) {
    if (!isReadHere()) continue;
    beginText(0);
    appendLine(reader);
    clearFindings();
    findIn(textStart(), textLength(), layout.SURFACE_RESPONSE_HEADER);
    if (isHandedOut()) keepFlagged(layout.RULE_FLAG_ISSUED);
    if (verdictOfMessage(layout.SURFACE_RESPONSE_HEADER) >= layout.VERDICT_STRIP)
      removeHeader(map, reader.name, reader.nameLength);
  }
  if (getHeaderPairs(map) != Status.Ok) return false;
  writeAnswerHeaders(result.pointer(), result.length());
  findInTexts(exchange, false);
  return verdictOfMessage(layout.SURFACE_RESPONSE_HEADER) < layout.VERDICT_STRIP;
}

/** Whether the reader's header is read in an answer. */
function isReadHere(): bool {
  if (!isWanted(reader.name, reader.nameLength)) return false;
  for (let i = 0; i < NOT_READ.length; i++) if (isNamed(NOT_READ[i])) return false;
  return true;
}

function isHandedOut(): bool {
  for (let i = 0; i < HANDED_OUT.length; i++) if (isNamed(HANDED_OUT[i])) return true;
  for (let i = 0; i < HANDED_OUT_ENDS.length; i++) if (endsWith(HANDED_OUT_ENDS[i])) return true;
  return false;
}

function isNamed(name: Bytes): bool {
  return reader.nameLength == name.length && endsWith(name);
}

function endsWith(end: Bytes): bool {
  if (reader.nameLength < end.length) return false;
  const from = reader.name + reader.nameLength - end.length;
  for (let i: u32 = 0; i < end.length; i++) if (lower(load<u8>(from + i)) != load<u8>(end.pointer + i)) return false;
  return true;
}

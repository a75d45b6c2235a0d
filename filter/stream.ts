// One HTTP exchange from start to end. Every function here is one callback of Envoy's, in the order in which they come;
// what a stage does is in its folder. Longer than most files, because the exchange is to be read in one go.

import { judgeAcross, noteAcross, openAcross } from './action/across';
import { answerFinding, answerNoUrl, answerUnreadableAnswer } from './action/answer';
import { answerInstead, areBlocked, writeAnswerHeaders } from './action/answer-headers';
import { namesAgree, readTunnel } from './action/authority';
import { enterClient, leaveClient } from './action/clients';
import { Content, contentOf, holds, startsWith } from './action/content';
import { readDecimal } from './action/decimal';
import { isCutShort, takeCounts, wasBroken, wasCutShort } from './action/decompressor';
import { COMPLETE, NO_ROOM, openDeflated, openedStart, outcome } from './action/deflated';
import { noteSuppressions } from './action/destination';
import { mayGoThere, noteEndpoint } from './action/endpoint';
import { passEvents } from './action/events';
import { Chain, Exchange, giveExchange, Reading, removeExchange, Wait } from './action/exchange';
import { sendAgreement, sendHandshake, uncount } from './action/handshake';
import { hold } from './action/held';
import { freeJoined } from './action/joined';
import { judge, judgeAnswer, judgeJoinedHost, judgeUrl, refuse } from './action/judge';
import { countBytes, countRequest } from './action/limits';
import { passLines, passWaiting } from './action/lines';
import {
  blockedSurface,
  isAskedFor,
  isRefused,
  judgeMcpAnswer,
  judgeMcpRequest,
  messageRoom,
  Outcome,
  tooLargeOf,
  unreadable,
} from './action/mcp';
import { mayAsk } from './action/mcp-token';
import { forgetOrigin, hasOriginEnded, noteOrigin, originBytes } from './action/origin';
import { beginOut, putOut } from './action/out';
import { forgetPinsCall } from './action/pins';
import { forgetHandlerCall } from './action/redirect';
import { answerRedirected } from './action/redirected';
import { writeHeaderText, writeUrlText } from './action/request-text';
import { keepSession, sessionOf } from './action/sessions';
import { closeStopped, cut, forgetStop } from './action/stop';
import { textLength, textStart } from './action/text';
import { passHello } from './action/tunnel';
import { noteUpstream } from './action/upstream';
import { isSecureForm, openUrlForm } from './action/url-form';
import { firstWaiting, restTick, waitFor, waitNoMore } from './action/wait';
import { closeWebSocket, cutUnanswered, openWebSocket, passFrames, passWaitingFrames } from './action/websocket';
import { OVERLAP_BYTES, readWindow } from './action/window';
import { writeKept } from './mcp/tools';
import {
  BodyStatus,
  BufferType,
  Bytes,
  continueStream,
  currentTimeNanoseconds,
  getBuffer,
  getHeaderPairs,
  getProperty,
  HeadersStatus,
  MapType,
  PairReader,
  removeHeader,
  result,
  Status,
  StreamType,
  setBuffer,
  setEffectiveContext,
  TrailersStatus,
  WHOLE,
} from './proxy-wasm-as/assembly';
import * as layout from './table/layout';
import * as table from './table/read';
import { isRead, maxRequestBodyBytes, maxResponseBytes, mayStop, setLevel } from './verdict/verdict';

const METHOD = Bytes.of(':method');
const CONNECT = Bytes.of('CONNECT');
const PATH = Bytes.of(':path');
const AUTHORITY = Bytes.of(':authority');
const UPGRADE = Bytes.of('upgrade');
const WEBSOCKET = Bytes.of('websocket');
const KEY = Bytes.of('sec-websocket-key');
const CONNECTION = Bytes.of('connection');
const STATUS = Bytes.of(':status');
const SWITCHING_PROTOCOLS = Bytes.of('101');
const CONTENT_LENGTH = Bytes.of('content-length');
const CONTENT_TYPE = Bytes.of('content-type');
const CONTENT_ENCODING = Bytes.of('content-encoding');
const IDENTITY = Bytes.of('identity');
const DEFLATE = Bytes.of('deflate');
const JSON_TYPE = Bytes.of('application/json');
const MCP = Bytes.of('mcp');
/** Model Context Protocol, Streamable HTTP: what a server calls a session, and its client after it. */
const SESSION = Bytes.of('mcp-session-id');
const FILTER_CHAIN = Bytes.of('xds\0filter_chain_name');

/** An origin that pauses for longer in an answer that is held may be one that waits for its reader. */
const PAUSE_MILLISECONDS: u32 = 1000;

const reader = new PairReader();

/** Request headers: names compared, URL and headers judged; a body is held until it has been read to its end. */
export function onRequestHeaders(exchange: Exchange, isLast: bool): HeadersStatus {
  exchange.chain = readChain();
  if (exchange.chain == Chain.Mcp && !mayAsk(exchange)) return HeadersStatus.StopIteration;
  exchange.isSecureForm = exchange.chain == Chain.Egress && isSecureForm();
  if (getHeaderPairs(MapType.RequestHeaders) != Status.Ok) return HeadersStatus.StopIteration;
  const pairs = result.pointer();
  const pairsLength = result.length();
  let asksUpgrade = false;
  let asksWebSocket = false;
  let hasKey = false;
  let isEncoded = false;
  let bodyBytes: u64 = 0;
  reader.start(pairs, pairsLength);
  while (reader.next()) {
    if (METHOD.equals(reader.name, reader.nameLength)) {
      exchange.setMethod(reader.value, reader.valueLength);
    } else if (exchange.chain == Chain.Mcp && PATH.equals(reader.name, reader.nameLength))
      noteEndpoint(
        exchange,
        noteUpstream(exchange, reader.value, reader.valueLength),
        reader.value + reader.valueLength,
      );
    else if (AUTHORITY.equals(reader.name, reader.nameLength)) exchange.setHost(reader.value, reader.valueLength);
    else if (UPGRADE.equals(reader.name, reader.nameLength))
      asksWebSocket = isText(reader.value, reader.valueLength, WEBSOCKET);
    else if (KEY.equals(reader.name, reader.nameLength)) hasKey = true;
    else if (CONNECTION.equals(reader.name, reader.nameLength))
      asksUpgrade = holds(reader.value, reader.valueLength, UPGRADE);
    else if (CONTENT_ENCODING.equals(reader.name, reader.nameLength))
      isEncoded = !isText(reader.value, reader.valueLength, IDENTITY);
    else if (CONTENT_LENGTH.equals(reader.name, reader.nameLength))
      bodyBytes = readDecimal(reader.value, reader.valueLength);
    // Of two ids nobody knows which one a server takes: both together are none that it has given out.
    else if (exchange.chain == Chain.Mcp && SESSION.equals(reader.name, reader.nameLength))
      exchange.session ^= sessionOf(reader.value, reader.valueLength);
  }
  if (exchange.chain == Chain.Egress && CONNECT.equals(exchange.method(), exchange.methodLength))
    exchange.chain = Chain.Tunnel;
  // The pairs lie in the host buffer: both texts are made before the host is asked anything else.
  writeUrlText(pairs, pairsLength);
  const urlStart = textStart();
  const urlLength = textLength();
  writeHeaderText(pairs, pairsLength, exchange.chain != Chain.Egress || exchange.isSecureForm);
  noteSuppressions(exchange, urlStart + exchange.hostLength, urlLength - exchange.hostLength);
  const mostUrlBytes = load<u32>(table.policy, layout.POLICY_URL_BYTES);
  if (mostUrlBytes != 0 && urlLength > mostUrlBytes && refuse(exchange, layout.UNREADABLE_URL_TOO_LONG))
    return HeadersStatus.StopIteration;
  if (!mayGoThere(exchange) || enterClient(exchange)) return HeadersStatus.StopIteration;
  openAcross(exchange);
  noteAcross(urlStart, urlLength, true);
  if (judgeUrl(exchange, urlStart, urlLength)) return HeadersStatus.StopIteration;
  // The headers of a tunnel are for the gateway and go no farther.
  const hasHeaders = exchange.chain != Chain.Tunnel;
  if (hasHeaders && judge(exchange, layout.SURFACE_HEADER, textStart(), textLength()))
    return HeadersStatus.StopIteration;
  if (exchange.chain != Chain.Mcp && judgeJoinedHost(exchange)) return HeadersStatus.StopIteration;
  if (judgeAcross(exchange, layout.SURFACE_URL)) return HeadersStatus.StopIteration;
  if (countRequest(exchange)) return HeadersStatus.StopIteration;
  if (exchange.chain == Chain.Tunnel) {
    exchange.request = Reading.Hold;
    return HeadersStatus.Continue;
  }
  if (
    exchange.chain == Chain.Intercept &&
    !namesAgree(exchange) &&
    refuse(exchange, layout.UNREADABLE_AUTHORITY_MISMATCH)
  )
    return HeadersStatus.StopIteration;
  // Envoy shows an HTTP/2 WebSocket (RFC 8441) like one of HTTP/1.1. It sends nothing behind such a request before the
  // origin has agreed; any other body is read.
  exchange.isUpgrade = asksUpgrade && asksWebSocket;
  if (exchange.isUpgrade) {
    if (!sendHandshake(exchange, hasKey)) return HeadersStatus.StopIteration;
    openWebSocket(exchange);
    return HeadersStatus.Continue;
  }
  if (isLast || !isRead(requestSurface(exchange))) return HeadersStatus.Continue;
  if (bodyBytes > <u64>maxRequestBodyBytes())
    return tooLarge(exchange) ? HeadersStatus.StopIteration : HeadersStatus.Continue;
  if (isEncoded && refuse(exchange, layout.UNREADABLE_REQUEST_ENCODING)) return HeadersStatus.StopIteration;
  exchange.request = Reading.Hold;
  return HeadersStatus.StopIteration;
}

/** Request body: `length` bytes are held so far. Nothing has been sent to the origin before the verdict. */
export function onRequestBody(exchange: Exchange, length: u32, isLast: bool): BodyStatus {
  if (exchange.isAnswered) return BodyStatus.StopIterationNoBuffer;
  if (exchange.fromClient != 0) return passFrames(exchange, true, length, isLast);
  if (exchange.request == Reading.Pass) return BodyStatus.Continue;
  if (exchange.chain == Chain.Tunnel) return passHello(exchange, length, isLast);
  if (length > maxRequestBodyBytes()) {
    if (tooLarge(exchange)) return BodyStatus.StopIterationNoBuffer;
    // It passes; as much as may be held is read all the same, so that the result does not depend on the chunks.
    return judgeRequest(exchange, maxRequestBodyBytes()) ? BodyStatus.StopIterationNoBuffer : BodyStatus.Continue;
  }
  if (!isLast) return BodyStatus.StopIterationAndBuffer;
  return judgeRequest(exchange, length) ? BodyStatus.StopIterationNoBuffer : BodyStatus.Continue;
}

/** Request trailers: the end of a body whose last part did not say so. */
export function onRequestTrailers(exchange: Exchange): TrailersStatus {
  if (exchange.isAnswered) return TrailersStatus.StopIteration;
  takeCounts(MapType.RequestTrailers);
  if (isRead(layout.SURFACE_HEADER) && getHeaderPairs(MapType.RequestTrailers) == Status.Ok) {
    writeUrlText(result.pointer(), result.length());
    writeHeaderText(result.pointer(), result.length(), false);
    if (judge(exchange, layout.SURFACE_HEADER, textStart(), textLength())) return TrailersStatus.StopIteration;
  }
  if (exchange.request == Reading.Pass) return TrailersStatus.Continue;
  if (wasBroken && refuse(exchange, layout.UNREADABLE_REQUEST_ENCODING)) return TrailersStatus.StopIteration;
  if (wasCutShort && refuse(exchange, layout.UNREADABLE_REQUEST_EXPANSION)) return TrailersStatus.StopIteration;
  const length = getBuffer(BufferType.RequestBody, 0, WHOLE) == Status.Ok ? result.length() : 0;
  return judgeRequest(exchange, length) ? TrailersStatus.StopIteration : TrailersStatus.Continue;
}

/** Response headers: how the answer is read. */
export function onResponseHeaders(exchange: Exchange, isLast: bool): HeadersStatus {
  if (exchange.chain == Chain.Tunnel) return HeadersStatus.Continue;
  exchange.request = Reading.Pass;
  const surface = responseSurface(exchange);
  if (exchange.isAnswered) return HeadersStatus.Continue;
  const readsHeaders = isRead(layout.SURFACE_RESPONSE_HEADER);
  const readsBody = !isLast && isRead(surface);
  if (!readsHeaders && !readsBody && !exchange.isUpgrade) return HeadersStatus.Continue;
  if (getHeaderPairs(MapType.ResponseHeaders) != Status.Ok) return HeadersStatus.StopIteration;
  // The pairs lie in the host buffer: the text is made before the host is asked anything else.
  if (readsHeaders) writeAnswerHeaders(result.pointer(), result.length());
  exchange.mayStop = mayStop(surface);
  let isAgreed = false;
  let isEncoded = false;
  let session: u64 = 0;
  exchange.bodyBytes = u64.MAX_VALUE;
  let kind = Content.Text;
  reader.start(result.pointer(), result.length());
  while (reader.next()) {
    if (CONTENT_ENCODING.equals(reader.name, reader.nameLength)) {
      exchange.isDeflated = !isEncoded && isText(reader.value, reader.valueLength, DEFLATE);
      isEncoded = isEncoded || !isText(reader.value, reader.valueLength, IDENTITY);
    } else if (CONTENT_TYPE.equals(reader.name, reader.nameLength)) {
      kind = contentOf(reader.value, reader.valueLength);
      exchange.isJson = startsWith(reader.value, reader.valueLength, JSON_TYPE);
    } else if (CONTENT_LENGTH.equals(reader.name, reader.nameLength))
      exchange.bodyBytes = readDecimal(reader.value, reader.valueLength);
    else if (STATUS.equals(reader.name, reader.nameLength)) {
      exchange.isSuccess = reader.valueLength == 3 && load<u8>(reader.value) == 0x32;
      isAgreed = exchange.isUpgrade && SWITCHING_PROTOCOLS.equals(reader.value, reader.valueLength);
    } else if (exchange.chain == Chain.Mcp && SESSION.equals(reader.name, reader.nameLength))
      session = sessionOf(reader.value, reader.valueLength);
  }
  const isBlocked = readsHeaders && areBlocked(exchange, MapType.ResponseHeaders);
  if (exchange.isUpgrade && isAgreed && !isBlocked) {
    sendAgreement(exchange);
    return HeadersStatus.Continue;
  }
  if (exchange.isUpgrade) {
    // The origin answers as to any other request.
    exchange.isUpgrade = false;
    closeWebSocket(exchange);
  }
  if (isBlocked) {
    answerInstead(exchange);
    return HeadersStatus.StopIteration;
  }
  if (!readsBody) return HeadersStatus.Continue;
  // Some servers repeat the id in each answer, and some whatever a client says.
  if (session != 0 && exchange.isSuccess && session != exchange.session) keepSession(exchange, session);
  exchange.isEventStream = kind == Content.Events;
  exchange.response = readingOf(exchange, kind);
  if (isEncoded && !(exchange.isDeflated && exchange.response == Reading.Hold && exchange.chain != Chain.Mcp)) {
    exchange.response = Reading.Pass;
    return refuse(exchange, layout.UNREADABLE_RESPONSE_ENCODING) ? HeadersStatus.StopIteration : HeadersStatus.Continue;
  }
  // Lines and events may give way to others of another length.
  if (exchange.response == Reading.Events || (exchange.response == Reading.Lines && exchange.mayStop))
    removeHeader(MapType.ResponseHeaders, CONTENT_LENGTH.pointer, CONTENT_LENGTH.length);
  exchange.hasBegun = exchange.response != Reading.Hold;
  return exchange.hasBegun ? HeadersStatus.Continue : HeadersStatus.StopIteration;
}

/** Response body: the chunk of `length` bytes, or what Envoy holds so far. */
export function onResponseBody(exchange: Exchange, length: u32, isLast: bool): BodyStatus {
  if (exchange.fromOrigin != 0) return passFrames(exchange, false, length, isLast);
  if (exchange.isAnswered || exchange.response == Reading.Pass) return BodyStatus.Continue;
  if (exchange.response == Reading.Stopped) return swallow();
  if (exchange.pinsCall != 0) {
    if (isLast) exchange.hasEnded = true;
    return BodyStatus.StopIterationAndBuffer;
  }
  const isOpenedEnd = !isLast && hasOriginEnded();
  const isEnd = isLast || isOpenedEnd;
  if (exchange.response == Reading.Lines) return passLines(exchange, length, isEnd);
  if (exchange.response == Reading.Window) return readWindow(exchange, length, isEnd);
  if (exchange.response == Reading.Events) {
    passEvents(exchange, 0, length, isEnd);
    if (exchange.pinsCall != 0) return BodyStatus.StopIterationAndBuffer;
    waitNoMore(exchange);
    if (!exchange.isBuffering) return BodyStatus.Continue;
    // What Envoy has put to an empty buffer of held bytes goes on by a word from outside this callback alone.
    exchange.isBuffering = false;
    waitFor(exchange, Wait.Flow, 0);
    return BodyStatus.StopIterationNoBuffer;
  }
  if (length > maxResponseBytes()) {
    // Too long to hold: it goes on and is read as it passes.
    if (exchange.chain == Chain.Mcp && refuse(exchange, tooLargeOf(exchange))) return BodyStatus.StopIterationNoBuffer;
    if (exchange.isDeflated && refuse(exchange, layout.UNREADABLE_RESPONSE_ENCODING))
      return BodyStatus.StopIterationNoBuffer;
    exchange.response = exchange.isDeflated ? Reading.Pass : Reading.Window;
    const status = exchange.isDeflated ? BodyStatus.Continue : readWindow(exchange, length, isEnd);
    if (status == BodyStatus.Continue) exchange.hasBegun = true;
    return status;
  }
  if (!isEnd) {
    if (exchange.chain != Chain.Mcp && !exchange.isDeflated) waitFor(exchange, Wait.Decision, PAUSE_MILLISECONDS);
    return BodyStatus.StopIterationAndBuffer;
  }
  waitNoMore(exchange);
  if (isOpenedEnd && isCutShort(length, originBytes) && refuse(exchange, layout.UNREADABLE_RESPONSE_EXPANSION))
    return BodyStatus.StopIterationNoBuffer;
  const isAnswered = judgeHeld(exchange, length);
  if (exchange.pinsCall != 0) return BodyStatus.StopIterationAndBuffer;
  return isAnswered ? BodyStatus.StopIterationNoBuffer : BodyStatus.Continue;
}

/** Response trailers: the end of an answer whose last part did not say so. */
export function onResponseTrailers(exchange: Exchange): TrailersStatus {
  takeCounts(MapType.ResponseTrailers);
  if (exchange.isAnswered) return TrailersStatus.Continue;
  if (blocksTrailers(exchange)) return TrailersStatus.StopIteration;
  if (exchange.pinsCall != 0) {
    exchange.hasEnded = true;
    return TrailersStatus.StopIteration;
  }
  if (exchange.response == Reading.Hold) {
    judgeHeld(exchange, getBuffer(BufferType.ResponseBody, 0, WHOLE) == Status.Ok ? result.length() : 0);
    return exchange.pinsCall != 0 ? TrailersStatus.StopIteration : TrailersStatus.Continue;
  }
  const isReadOn = exchange.response != Reading.Pass && exchange.response != Reading.Stopped;
  // A decompressor may have ended the text early, and said nothing.
  const isCutText = wasCutShort && isReadOn && isRefused(exchange, layout.UNREADABLE_RESPONSE_EXPANSION);
  // Behind trailers no byte can be sent: an end that was held back is read, and then what there was of it is missing for
  // the client, who must not take it for the whole.
  const isMissing = exchange.heldLength > 0 && exchange.mayStop && !exchange.isLate;
  if (exchange.response == Reading.Lines) passLines(exchange, 0, true);
  else if (exchange.response == Reading.Window) readWindow(exchange, 0, true);
  if ((isMissing || isCutText) && exchange.response != Reading.Stopped) {
    cut(exchange);
    // With them the answer would have its end.
    return TrailersStatus.StopIteration;
  }
  exchange.response = Reading.Pass;
  return TrailersStatus.Continue;
}

/** The third instance of the plugin, first in the chain of the forward proxy. */
export function onUrlFormHeaders(): HeadersStatus {
  if (openUrlForm()) return HeadersStatus.Continue;
  answerNoUrl();
  return HeadersStatus.StopIteration;
}

/** Control has said how the tools of the list stand that the answer was held for: it is judged now, and goes on. */
export function onPinsAnswer(exchange: Exchange): void {
  exchange.pinsCall = 0;
  const length = getBuffer(BufferType.ResponseBody, 0, WHOLE) == Status.Ok ? result.length() : 0;
  exchange.isBuffering = true;
  if (exchange.response == Reading.Events) passEvents(exchange, exchange.judgedBytes, length, exchange.hasEnded);
  else judgeHeld(exchange, length);
  if (exchange.pinsCall == 0 && !exchange.isAnswered) continueStream(StreamType.Response);
}

/** A handler has answered, with `length` bytes, a call that policy redirects; 0: none has. */
export function onHandlerAnswer(exchange: Exchange, length: u32): void {
  exchange.handlerCall = 0;
  answerRedirected(exchange, length);
}

/** Time goes by: lines that have waited go on, and so do answers that do not come to their end; streams are ended. */
export function onTick(rootContext: u32): void {
  const now = currentTimeNanoseconds();
  let next = firstWaiting();
  while (next !== null) {
    const exchange = next;
    next = changetype<Exchange | null>(exchange.waitNext);
    if (exchange.waitEnd > now) continue;
    if (exchange.wait == Wait.End) {
      closeStopped(exchange);
      continue;
    }
    waitNoMore(exchange);
    setLevel(exchange.level);
    if (setEffectiveContext(exchange.contextId) != Status.Ok) continue;
    if (exchange.fromOrigin != 0) passWaitingFrames(exchange);
    else if (exchange.response == Reading.Events) continueStream(StreamType.Response);
    else if (exchange.response == Reading.Hold) passHeld(exchange);
    else passWaiting(exchange);
  }
  setEffectiveContext(rootContext);
  if (!cutUnanswered()) restTick();
}

/** The exchange is over. */
export function onDone(contextId: u32): void {
  forgetOrigin(contextId);
  const exchange = removeExchange(contextId);
  if (exchange === null) return;
  countBytes(exchange);
  leaveClient(exchange);
  forgetPinsCall(exchange);
  forgetHandlerCall(exchange);
  uncount(exchange);
  closeWebSocket(exchange);
  forgetStop(exchange);
  freeJoined(exchange);
  giveExchange(exchange);
}

/** The second instance of the plugin, nearest to the origin, sees its bytes before they are opened. */
export function onProbeResponseBody(contextId: u32, length: u32, isLast: bool): BodyStatus {
  noteOrigin(contextId, length, isLast);
  return BodyStatus.Continue;
}

function readChain(): Chain {
  if (readTunnel()) return Chain.Intercept;
  const isNamed = getProperty(FILTER_CHAIN.pointer, FILTER_CHAIN.length) == Status.Ok;
  return isNamed && isText(result.pointer(), result.length(), MCP) ? Chain.Mcp : Chain.Egress;
}

function requestSurface(exchange: Exchange): i32 {
  return exchange.chain == Chain.Mcp ? layout.SURFACE_MCP_REQUEST : layout.SURFACE_REQUEST_BODY;
}

function responseSurface(exchange: Exchange): i32 {
  return exchange.chain == Chain.Mcp ? layout.SURFACE_MCP_RESPONSE : layout.SURFACE_RESPONSE_BODY;
}

/** Reads the trailers of an answer; true where policy blocks them: another answer goes out, or where one has begun it is cut. */
function blocksTrailers(exchange: Exchange): bool {
  if (exchange.response == Reading.Stopped || !isRead(layout.SURFACE_RESPONSE_HEADER)) return false;
  if (getHeaderPairs(MapType.ResponseTrailers) != Status.Ok) return false;
  writeAnswerHeaders(result.pointer(), result.length());
  if (!areBlocked(exchange, MapType.ResponseTrailers)) return false;
  forgetPinsCall(exchange);
  if (exchange.response == Reading.Hold && !exchange.hasBegun) answerInstead(exchange);
  else cut(exchange);
  return true;
}

/** True where policy refuses the body and the exchange was answered; else the body passes unread. */
function tooLarge(exchange: Exchange): bool {
  exchange.request = Reading.Pass;
  return refuse(exchange, layout.UNREADABLE_REQUEST_TOO_LARGE);
}

/** Judges the request body of `length` bytes; true where the exchange was answered. */
function judgeRequest(exchange: Exchange, length: u32): bool {
  exchange.request = Reading.Pass;
  // It asks the host, and the body lies in the host buffer after it.
  openAcross(exchange);
  if (length == 0 || getBuffer(BufferType.RequestBody, 0, length) != Status.Ok) return false;
  noteAcross(result.pointer(), length, false);
  const isAnswered =
    exchange.chain == Chain.Mcp
      ? judgeMcpRequest(exchange, result.pointer(), length)
      : judge(exchange, layout.SURFACE_REQUEST_BODY, result.pointer(), length);
  return isAnswered || judgeAcross(exchange, requestSurface(exchange));
}

/**
 * Judges an answer that was held to its end; true where the exchange was answered in the origin's place. Where it lists
 * tools, control is asked first (exchange.pinsCall), and onPinsAnswer judges it.
 */
function judgeHeld(exchange: Exchange, length: u32): bool {
  exchange.response = Reading.Pass;
  exchange.hasBegun = true;
  if (length == 0 || getBuffer(BufferType.ResponseBody, 0, length) != Status.Ok) return false;
  if (exchange.isDeflated) return judgeDeflated(exchange, result.pointer(), length);
  if (exchange.chain != Chain.Mcp)
    return judgeAnswer(exchange, layout.SURFACE_RESPONSE_BODY, result.pointer(), length, false);
  const start = messageRoom(length);
  memory.copy(start, result.pointer(), length);
  if (isAskedFor(exchange, start, length)) {
    exchange.response = Reading.Hold;
    return false;
  }
  const outcome = judgeMcpAnswer(exchange, start, length, exchange.isSuccess && exchange.isJson);
  if (outcome == Outcome.Block) answerFinding(exchange, blockedSurface);
  else if (outcome == Outcome.Unreadable) answerUnreadableAnswer(exchange, unreadable);
  else if (outcome == Outcome.Strip) {
    // Without the tools the text is shorter, so it may be written over itself.
    const keptBytes = <u32>(writeKept(start, start + length, start) - start);
    removeHeader(MapType.ResponseHeaders, CONTENT_LENGTH.pointer, CONTENT_LENGTH.length);
    setBuffer(BufferType.ResponseBody, 0, length, start, keptBytes);
  }
  return exchange.isAnswered;
}

/** Opens an answer, and judges what it says. */
function judgeDeflated(exchange: Exchange, start: usize, length: u32): bool {
  const bytes = openDeflated(start, length);
  if (outcome == NO_ROOM && refuse(exchange, layout.UNREADABLE_RESPONSE_EXPANSION)) return true;
  const isBroken = bytes == 0 || (outcome != COMPLETE && outcome != NO_ROOM);
  if (isBroken && refuse(exchange, layout.UNREADABLE_RESPONSE_ENCODING)) return true;
  return bytes > 0 && judgeAnswer(exchange, layout.SURFACE_RESPONSE_BODY, openedStart(), bytes, true);
}

/** The origin has paused in the middle of an answer that is held, as one does that never ends: it goes on as it comes. */
function passHeld(exchange: Exchange): void {
  const isThere = getBuffer(BufferType.ResponseBody, 0, WHOLE) == Status.Ok;
  if (isThere && judgeHeld(exchange, result.length())) return;
  exchange.response = Reading.Window;
  exchange.isLate = true;
  exchange.hasBegun = true;
  if (isThere && getBuffer(BufferType.ResponseBody, 0, WHOLE) == Status.Ok) {
    const kept = min(result.length(), OVERLAP_BYTES);
    exchange.heldOffset = result.length() - kept;
    hold(exchange, result.pointer() + exchange.heldOffset, kept);
  }
  continueStream(StreamType.Response);
}

/** How an answer is read. What policy lets pass whatever is found is not held. */
function readingOf(exchange: Exchange, kind: Content): Reading {
  if (exchange.chain == Chain.Mcp) return kind == Content.Events ? Reading.Events : Reading.Hold;
  if (kind == Content.Media) return Reading.Pass;
  if (kind == Content.Events || kind == Content.Lines) return Reading.Lines;
  if (!exchange.mayStop) return Reading.Window;
  const hasLength = exchange.bodyBytes != u64.MAX_VALUE;
  if (kind == Content.Text && (!hasLength || exchange.bodyBytes <= <u64>maxResponseBytes())) return Reading.Hold;
  // Of bytes without an announced end nobody knows that they come to one: they pass as they come.
  exchange.isLate = !hasLength;
  return Reading.Window;
}

/** Puts nothing in the place of a chunk. */
function swallow(): BodyStatus {
  beginOut();
  putOut();
  return BodyStatus.Continue;
}

function isText(start: usize, length: u32, text: Bytes): bool {
  return length == text.length && startsWith(start, length, text);
}

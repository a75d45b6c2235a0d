// One HTTP exchange from start to end. Every function here is one callback of Envoy's, in the order in which they come;
// what a stage does is in its folder. Longer than most files, because the exchange is to be read in one go.

import { answerFinding, answerUnreadableAnswer } from './action/answer';
import { namesAgree, readTunnel } from './action/authority';
import { passEvents } from './action/events';
import { Chain, Exchange, Reading } from './action/exchange';
import { judge, refuse } from './action/judge';
import { blockedSurface, judgeMcpAnswer, judgeMcpRequest, messageRoom, Outcome, unreadable } from './action/mcp';
import { writeHeaderText, writeUrlText } from './action/request-text';
import { textLength, textStart } from './action/text';
import { readWindow } from './action/window';
import { lower } from './finding/near';
import { writeKept } from './mcp/tools';
import {
  BodyStatus,
  BufferType,
  Bytes,
  getBuffer,
  getHeader,
  getHeaderPairs,
  getProperty,
  HeadersStatus,
  MapType,
  PairReader,
  removeHeader,
  result,
  Status,
  setBuffer,
  setProperty,
  TrailersStatus,
  WHOLE,
} from './proxy-wasm-as/assembly';
import * as layout from './table/layout';
import { isRead, maxRequestBodyBytes } from './verdict/verdict';

const METHOD = Bytes.of(':method');
const AUTHORITY = Bytes.of(':authority');
const UPGRADE = Bytes.of('upgrade');
const WEBSOCKET = Bytes.of('websocket');
const CONNECTION = Bytes.of('connection');
/** An HTTP/2 WebSocket (RFC 8441). */
const CONNECT = Bytes.of('CONNECT');
const CONTENT_LENGTH = Bytes.of('content-length');
const CONTENT_TYPE = Bytes.of('content-type');
const CONTENT_ENCODING = Bytes.of('content-encoding');
const IDENTITY = Bytes.of('identity');
const EVENT_STREAM = Bytes.of('text/event-stream');
const JSON_TYPE = Bytes.of('application/json');
const STATUS = Bytes.of(':status');
const IMAGE = Bytes.of('image/');
const AUDIO = Bytes.of('audio/');
const VIDEO = Bytes.of('video/');
const FONT = Bytes.of('font/');
const MCP = Bytes.of('mcp');
const FILTER_CHAIN = Bytes.of('xds\0filter_chain_name');
// Envoy's decompressors leave their counts behind as trailers.
const COMPRESSED_BYTES = Bytes.of('x-envoy-decompressor-gzip-compressed-bytes');
const UNCOMPRESSED_BYTES = Bytes.of('x-envoy-decompressor-gzip-uncompressed-bytes');
/** The probe's note (onProbeResponseBody): the origin's last byte has been seen, whatever the decompressors still say. */
const ORIGIN_ENDED = Bytes.of('penstock.origin_ended');
const READ_ORIGIN_ENDED = Bytes.of('filter_state\0wasm.penstock.origin_ended');
const ONE = Bytes.of('1');

const reader = new PairReader();

/** Request headers: names compared, URL and headers judged; a body is held until it has been read to its end. */
export function onRequestHeaders(exchange: Exchange, isLast: bool): HeadersStatus {
  exchange.chain = readChain();
  if (getHeaderPairs(MapType.RequestHeaders) != Status.Ok) return HeadersStatus.StopIteration;
  const pairs = result.pointer();
  const pairsLength = result.length();
  let asksUpgrade = false;
  let isConnect = false;
  let asksWebSocket = false;
  let isEncoded = false;
  let bodyBytes: u64 = 0;
  reader.start(pairs, pairsLength);
  while (reader.next()) {
    if (METHOD.equals(reader.name, reader.nameLength)) {
      exchange.setMethod(reader.value, reader.valueLength);
      isConnect = CONNECT.equals(reader.value, reader.valueLength);
    } else if (AUTHORITY.equals(reader.name, reader.nameLength)) exchange.setHost(reader.value, reader.valueLength);
    else if (UPGRADE.equals(reader.name, reader.nameLength))
      asksWebSocket = isText(reader.value, reader.valueLength, WEBSOCKET);
    else if (CONNECTION.equals(reader.name, reader.nameLength))
      asksUpgrade = holds(reader.value, reader.valueLength, UPGRADE);
    else if (CONTENT_ENCODING.equals(reader.name, reader.nameLength))
      isEncoded = !isText(reader.value, reader.valueLength, IDENTITY);
    else if (CONTENT_LENGTH.equals(reader.name, reader.nameLength))
      bodyBytes = readDecimal(reader.value, reader.valueLength);
  }
  // The pairs lie in the host buffer: both texts are made before the host is asked anything else.
  writeUrlText(pairs, pairsLength);
  const urlStart = textStart();
  const urlLength = textLength();
  writeHeaderText(pairs, pairsLength, exchange.chain != Chain.Egress);
  if (judge(exchange, layout.SURFACE_URL, urlStart, urlLength)) return HeadersStatus.StopIteration;
  if (judge(exchange, layout.SURFACE_HEADER, textStart(), textLength())) return HeadersStatus.StopIteration;
  if (
    exchange.chain == Chain.Intercept &&
    !namesAgree(exchange) &&
    refuse(exchange, layout.UNREADABLE_AUTHORITY_MISMATCH)
  )
    return HeadersStatus.StopIteration;
  // Envoy sends nothing behind such a request before the origin has agreed; any other body is read.
  exchange.isUpgrade = isConnect || (asksUpgrade && asksWebSocket);
  if (isLast || exchange.isUpgrade || !isRead(requestSurface(exchange))) return HeadersStatus.Continue;
  if (bodyBytes > <u64>maxRequestBodyBytes())
    return tooLarge(exchange) ? HeadersStatus.StopIteration : HeadersStatus.Continue;
  if (isEncoded && refuse(exchange, layout.UNREADABLE_REQUEST_ENCODING)) return HeadersStatus.StopIteration;
  exchange.request = Reading.Hold;
  return HeadersStatus.StopIteration;
}

/** Request body: `length` bytes are held so far. Nothing has been sent to the origin before the verdict. */
export function onRequestBody(exchange: Exchange, length: u32, isLast: bool): BodyStatus {
  if (exchange.isAnswered) return BodyStatus.StopIterationNoBuffer;
  if (exchange.request == Reading.Pass) return BodyStatus.Continue;
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
  const wasBroken =
    readTrailer(MapType.RequestTrailers, COMPRESSED_BYTES) > 0 &&
    readTrailer(MapType.RequestTrailers, UNCOMPRESSED_BYTES) == 0;
  removeHeader(MapType.RequestTrailers, COMPRESSED_BYTES.pointer, COMPRESSED_BYTES.length);
  removeHeader(MapType.RequestTrailers, UNCOMPRESSED_BYTES.pointer, UNCOMPRESSED_BYTES.length);
  if (isRead(layout.SURFACE_HEADER) && getHeaderPairs(MapType.RequestTrailers) == Status.Ok) {
    writeUrlText(result.pointer(), result.length());
    writeHeaderText(result.pointer(), result.length(), false);
    if (judge(exchange, layout.SURFACE_HEADER, textStart(), textLength())) return TrailersStatus.StopIteration;
  }
  if (exchange.request == Reading.Pass) return TrailersStatus.Continue;
  if (wasBroken && refuse(exchange, layout.UNREADABLE_REQUEST_ENCODING)) return TrailersStatus.StopIteration;
  const length = getBuffer(BufferType.RequestBody, 0, WHOLE) == Status.Ok ? result.length() : 0;
  return judgeRequest(exchange, length) ? TrailersStatus.StopIteration : TrailersStatus.Continue;
}

/** Response headers: how the answer is read. */
export function onResponseHeaders(exchange: Exchange, isLast: bool): HeadersStatus {
  exchange.request = Reading.Pass;
  if (exchange.isAnswered || exchange.isUpgrade || isLast || !isRead(responseSurface(exchange)))
    return HeadersStatus.Continue;
  if (getHeaderPairs(MapType.ResponseHeaders) != Status.Ok) return HeadersStatus.StopIteration;
  let isEncoded = false;
  exchange.response = exchange.chain == Chain.Mcp ? Reading.Hold : Reading.Window;
  reader.start(result.pointer(), result.length());
  while (reader.next()) {
    if (CONTENT_ENCODING.equals(reader.name, reader.nameLength))
      isEncoded = isEncoded || !isText(reader.value, reader.valueLength, IDENTITY);
    else if (CONTENT_TYPE.equals(reader.name, reader.nameLength)) {
      exchange.response = readingOf(exchange, reader.value, reader.valueLength);
      exchange.isJson = startsWith(reader.value, reader.valueLength, JSON_TYPE);
    } else if (STATUS.equals(reader.name, reader.nameLength))
      exchange.isSuccess = reader.valueLength == 3 && load<u8>(reader.value) == 0x32;
  }
  if (isEncoded) {
    exchange.response = Reading.Pass;
    return refuse(exchange, layout.UNREADABLE_RESPONSE_ENCODING) ? HeadersStatus.StopIteration : HeadersStatus.Continue;
  }
  // Events may give way to others of another length.
  if (exchange.response == Reading.Events)
    removeHeader(MapType.ResponseHeaders, CONTENT_LENGTH.pointer, CONTENT_LENGTH.length);
  return exchange.response == Reading.Hold ? HeadersStatus.StopIteration : HeadersStatus.Continue;
}

/** Response body: the chunk of `length` bytes, or what is held so far. */
export function onResponseBody(exchange: Exchange, length: u32, isLast: bool): BodyStatus {
  if (exchange.isAnswered || exchange.response == Reading.Pass) return BodyStatus.Continue;
  if (exchange.response == Reading.Window) {
    readWindow(exchange, length, isLast);
    return BodyStatus.Continue;
  }
  // A decompressor ends an answer by trailers that Envoy does not show while the answer is held.
  const isEnd = isLast || getProperty(READ_ORIGIN_ENDED.pointer, READ_ORIGIN_ENDED.length) == Status.Ok;
  if (exchange.response == Reading.Events) {
    passEvents(exchange, length, isEnd);
    return BodyStatus.Continue;
  }
  if (length > maxRequestBodyBytes()) {
    // Too long to hold: where policy lets it, it goes on and is read as it passes.
    if (refuse(exchange, layout.UNREADABLE_RESPONSE_TOO_LARGE)) return BodyStatus.StopIterationNoBuffer;
    exchange.response = Reading.Window;
    readWindow(exchange, length, isEnd);
    return BodyStatus.Continue;
  }
  if (!isEnd) return BodyStatus.StopIterationAndBuffer;
  exchange.response = Reading.Pass;
  if (length > 0 && getBuffer(BufferType.ResponseBody, 0, length) == Status.Ok) judgeAnswer(exchange, length);
  return exchange.isAnswered ? BodyStatus.StopIterationNoBuffer : BodyStatus.Continue;
}

/** Response trailers: the end of an answer whose last part did not say so. */
export function onResponseTrailers(exchange: Exchange): TrailersStatus {
  removeHeader(MapType.ResponseTrailers, COMPRESSED_BYTES.pointer, COMPRESSED_BYTES.length);
  removeHeader(MapType.ResponseTrailers, UNCOMPRESSED_BYTES.pointer, UNCOMPRESSED_BYTES.length);
  if (exchange.isAnswered) return TrailersStatus.Continue;
  if (exchange.response == Reading.Window) readWindow(exchange, 0, true);
  if (exchange.response == Reading.Hold) {
    const length = getBuffer(BufferType.ResponseBody, 0, WHOLE) == Status.Ok ? result.length() : 0;
    if (length > 0) judgeAnswer(exchange, length);
  }
  exchange.response = Reading.Pass;
  return TrailersStatus.Continue;
}

/** The second instance of the plugin, nearest to the origin, sees its bytes before they are opened. */
export function onProbeResponseBody(isLast: bool): BodyStatus {
  if (isLast) setProperty(ORIGIN_ENDED.pointer, ORIGIN_ENDED.length, ONE.pointer, ONE.length);
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

/** True where policy refuses the body and the exchange was answered; else the body passes unread. */
function tooLarge(exchange: Exchange): bool {
  exchange.request = Reading.Pass;
  return refuse(exchange, layout.UNREADABLE_REQUEST_TOO_LARGE);
}

/** Judges the request body of `length` bytes; true where the exchange was answered. */
function judgeRequest(exchange: Exchange, length: u32): bool {
  exchange.request = Reading.Pass;
  if (length == 0 || getBuffer(BufferType.RequestBody, 0, length) != Status.Ok) return false;
  if (exchange.chain == Chain.Mcp) return judgeMcpRequest(exchange, result.pointer(), length);
  return judge(exchange, layout.SURFACE_REQUEST_BODY, result.pointer(), length);
}

/** Judges a whole answer of an MCP server, which lies in the host buffer; what policy blocks gives way to errors. */
function judgeAnswer(exchange: Exchange, length: u32): void {
  const start = messageRoom(length);
  memory.copy(start, result.pointer(), length);
  const outcome = judgeMcpAnswer(exchange, start, length, exchange.isSuccess && exchange.isJson);
  if (outcome == Outcome.Block) answerFinding(exchange, blockedSurface);
  else if (outcome == Outcome.Unreadable) answerUnreadableAnswer(exchange, unreadable);
  else if (outcome == Outcome.Strip) {
    // Without the tools the text is shorter, so it may be written over itself.
    const keptBytes = <u32>(writeKept(start, start + length, start) - start);
    removeHeader(MapType.ResponseHeaders, CONTENT_LENGTH.pointer, CONTENT_LENGTH.length);
    setBuffer(BufferType.ResponseBody, 0, length, start, keptBytes);
  }
}

/** How an answer of a content type is read. */
function readingOf(exchange: Exchange, type: usize, length: u32): Reading {
  if (exchange.chain == Chain.Mcp) return startsWith(type, length, EVENT_STREAM) ? Reading.Events : Reading.Hold;
  const isMedia =
    startsWith(type, length, IMAGE) ||
    startsWith(type, length, AUDIO) ||
    startsWith(type, length, VIDEO) ||
    startsWith(type, length, FONT);
  return isMedia ? Reading.Pass : Reading.Window;
}

function readTrailer(map: MapType, name: Bytes): u64 {
  return getHeader(map, name.pointer, name.length) == Status.Ok ? readDecimal(result.pointer(), result.length()) : 0;
}

/** A decimal number; the largest there is where the text is none or does not fit. */
function readDecimal(start: usize, length: u32): u64 {
  let value: u64 = 0;
  if (length == 0 || length > 19) return u64.MAX_VALUE;
  for (let i: u32 = 0; i < length; i++) {
    const digit = <u64>load<u8>(start + i) - 0x30;
    if (digit > 9) return u64.MAX_VALUE;
    value = value * 10 + digit;
  }
  return value;
}

function isText(start: usize, length: u32, text: Bytes): bool {
  return length == text.length && startsWith(start, length, text);
}

/** Whether the text holds another, in any case. */
function holds(start: usize, length: u32, text: Bytes): bool {
  for (let i: u32 = 0; i + text.length <= length; i++) if (startsWith(start + i, length - i, text)) return true;
  return false;
}

/** Whether the text begins with another, in any case. */
function startsWith(start: usize, length: u32, text: Bytes): bool {
  if (length < text.length) return false;
  for (let i: u32 = 0; i < text.length; i++) if (lower(load<u8>(start + i)) != load<u8>(text.pointer + i)) return false;
  return true;
}

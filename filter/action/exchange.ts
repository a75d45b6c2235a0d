// What is kept of one HTTP exchange from its first callback to its last: a record of fixed size from a pool. Longer than most files,
// since every stage has its fields here.
import { idCount, idLength, idStart, isBatch, MAX_ID_BYTES } from '../mcp/message';
import { ContextMap, Pool } from '../proxy-wasm-as/assembly';

/** Which listener an exchange came in by; the names are those of the filter chains in envoy/*.yaml. */
export const enum Chain {
  /** Plain HTTP through the forward proxy. */
  Egress = 0,
  /** Inside an opened tunnel: TLS on both sides. */
  Intercept = 1,
  /** The MCP reverse proxy. */
  Mcp = 2,
  /** A tunnel that passes unopened. */
  Tunnel = 3,
}

/** How far the filter goes with a direction's body. */
export const enum Reading {
  /** Nothing to read, or nothing more: bytes pass. */
  Pass = 0,
  /** Held until its end, then judged whole. */
  Hold = 1,
  /** Passes on as it comes and is read in windows. */
  Window = 2,
  /** Held and judged one server-sent event at a time. */
  Events = 3,
  /** Passes on line by line, each judged, and the texts that the lines carry as well (lines.ts). */
  Lines = 4,
  /** Given up in its middle: nothing more goes out. */
  Stopped = 5,
}

/** What an exchange in the list of wait.ts waits for. */
export const enum Wait {
  Nothing = 0,
  /** The end of what may be the beginning of a match, or of an answer that is held whole. */
  Decision = 1,
  /** The network side to end the stream (stop.ts). */
  End = 2,
  /** The next tick, to let go of what Envoy holds (stream.ts, onResponseBody). */
  Flow = 3,
}

/** A DNS name has at most 253 characters; a port adds six. */
export const MAX_HOST_BYTES: u32 = 260;
/** The longest registered method has 17 (IANA HTTP Method Registry). */
export const MAX_METHOD_BYTES: u32 = 20;
/** Most rules that are reported once each in an answer that is read in pieces: a bit each (layout.MAX_RULES). */
const REPORTED_BYTES: u32 = 128;

@unmanaged
export class Exchange {
  contextId: u32 = 0;
  chain: Chain = Chain.Egress;
  request: Reading = Reading.Pass;
  response: Reading = Reading.Pass;
  /** The filter has answered in the origin's place, or will (redirect.ts). */
  isAnswered: bool = false;
  /** What follows the headers is no HTTP: a WebSocket. */
  isUpgrade: bool = false;
  /** The strongest verdict that its line in the access log tells of (note.ts). */
  noted: i32 = 0;
  /** The client's key for the WebSocket is missing, as HTTP/2 has none, and is ours. */
  hasOwnKey: bool = false;
  /** A request to the proxy's own /ws leads to wss (url-form.ts). */
  isSecureForm: bool = false;
  /** It is among those that are counted (handshake.ts). */
  isCounted: bool = false;
  /** The two directions of a WebSocket (websocket.ts), 0 for none. */
  fromClient: usize = 0;
  fromOrigin: usize = 0;
  /** When a WebSocket that is being closed is cut, in nanoseconds; 0 where it is not. */
  closesAt: u64 = 0;
  nextClosing: usize = 0;
  private reportedUnreadables: u32 = 0;
  /** Names the exchange in answers and log lines; 0 until somebody asks. */
  requestId: u64 = 0;
  /** The call to control that the answer waits for, 0 where it waits for none (pins.ts). */
  pinsCall: u32 = 0;
  /** The call to control that a redirected call waits for, 0 where it waits for none (redirect.ts). */
  handlerCall: u32 = 0;
  /** On 8889: what the session is known by that the client or the server has named (sessions.ts), 0 for none. */
  session: u64 = 0;
  /** The answer has ended while it waited. */
  hasEnded: bool = false;
  /** Envoy still puts the next chunk to what it held while control was asked. */
  isBuffering: bool = false;
  /** Bytes in Envoy's buffer that are judged already. */
  judgedBytes: u32 = 0;
  /** On 8889: which of the table's servers it leads to, and in which table that is (upstream.ts). */
  upstream: u32 = 0;
  upstreamTable: u32 = 0;
  /** On 8889: the path behind `/~` (endpoint.ts), 0 for another path. */
  endpoint: u64 = 0;
  /** clients.ts: what its client is known by, 0 where nothing of it is kept; how it stands, and the points it cost it. */
  client: u64 = 0;
  level: u32 = 0;
  points: u32 = 0;
  /** Where it leads there are no points and no levels. */
  isExempt: bool = false;
  /** limits.ts: the hash of its domain, 0 where none is counted; bytes of bodies that have gone on, and that are held. */
  domain: u64 = 0;
  bytesPassed: u64 = 0;
  requestBytesHeld: u32 = 0;
  responseBytesHeld: u32 = 0;
  /** The entries that leave findings of this exchange out (finding/suppression.ts), and of which table they are. */
  suppressions: u64 = 0;
  suppressionsTable: u32 = 0;
  hostLength: u32 = 0;
  /** The host holds what was found in it, and is in no line of the log. */
  hidesHost: bool = false;
  methodLength: u32 = 0;
  /** What the window or the events that are held use (window.ts, events.ts); what a redirected call is refused with (redirect.ts). */
  held: usize = 0;
  heldCapacity: u32 = 0;
  heldLength: u32 = 0;
  /** Offset of the first held byte in the answer. */
  heldOffset: u32 = 0;
  /** Held bytes in which no event ends. */
  heldSearched: u32 = 0;
  /** What is held is the rest of an event that has gone on in part. */
  heldIsRest: bool = false;
  /** What is held is of an event that is dropped. */
  heldIsDropped: bool = false;
  /** On 8889: a message of the request asks for a list of tools. */
  asksForTools: bool = false;
  /** On 8889: the one id that the request wants answered; 0 where it has none or several. */
  idLength: u32 = 0;
  /** On 8889: the answer's status is 2xx, and its type is JSON. */
  isSuccess: bool = false;
  isJson: bool = false;
  /** Length of the answer that its headers announce; the largest number where they do not. */
  bodyBytes: u64 = 0;
  /** Policy may stop or change this answer: it is held back while it is read. */
  mayStop: bool = false;
  /** Headers of the answer have gone out. */
  hasBegun: bool = false;
  /** The answer was held for long enough: it goes on as it comes, and what is found stops what follows. */
  isLate: bool = false;
  /** The answer is compressed in a way that the filter opens by itself (deflated.ts). */
  isDeflated: bool = false;
  /** The answer is one of server-sent events, and not of lines of JSON. */
  isEventStream: bool = false;
  /** Which API the stream is of (view/sse.ts), and where its text stands. */
  dialect: u8 = 0;
  eventIndex: u32 = 0;
  contentIndex: u32 = 0;
  /** The texts that the lines carry, or the messages of a WebSocket of either direction (joined.ts), 0 for none yet. */
  joined: usize = 0;
  joinedSent: usize = 0;
  /** Bytes that Envoy holds for the filter: lines that wait for a decision. */
  heldByEnvoy: u32 = 0;
  /** Of these, what waits for nothing itself. */
  decidedByEnvoy: u32 = 0;
  /** wait.ts: what for, until when, and the neighbours in the list. */
  wait: Wait = Wait.Nothing;
  waitEnd: u64 = 0;
  waitNext: usize = 0;
  waitPrevious: usize = 0;
  /** The client's connection, once the network side has ended the stream there. */
  connectionId: u32 = 0;
  /** How a message to the client ends: in HTTP/1 with the last chunk, or, without chunks, with the connection. */
  isHttp1: bool = false;
  isChunked: bool = false;

  @inline
  host(): usize {
    return changetype<usize>(this) + offsetof<Exchange>();
  }

  @inline
  method(): usize {
    return this.host() + MAX_HOST_BYTES;
  }

  /** The id that idLength is the length of, as it was written. */
  @inline
  id(): usize {
    return this.method() + MAX_METHOD_BYTES + REPORTED_BYTES;
  }

  /** Keeps the id of the message that was read last, for an answer that shows none. */
  keepId(): void {
    this.idLength = idCount == 1 && !isBatch ? idLength(0) : 0;
    memory.copy(this.id(), idStart(0), this.idLength);
  }

  /** True once for each rule: whether it has not been reported in this answer yet. */
  reportOnce(rule: u32): bool {
    const at = this.method() + MAX_METHOD_BYTES + <usize>(rule >> 3);
    const bit = <u8>(1 << (<u8>(rule & 7)));
    const was = load<u8>(at);
    store<u8>(at, was | bit);
    return (was & bit) == 0;
  }

  /** True once for each reason: whether it has not been reported in this exchange yet. */
  reportUnreadableOnce(reason: i32): bool {
    const was = this.reportedUnreadables;
    this.reportedUnreadables = was | (1 << reason);
    return was != this.reportedUnreadables;
  }

  /** Counts what a callback of the request's body was shown, `length` bytes, the held ones among them where there are any. */
  @inline
  countRequestBytes(length: u32, isHeld: bool): void {
    if (length < this.requestBytesHeld) this.bytesPassed += <u64>this.requestBytesHeld;
    this.requestBytesHeld = isHeld ? length : 0;
    if (!isHeld) this.bytesPassed += <u64>length;
  }

  /** The same of the answer's. */
  @inline
  countResponseBytes(length: u32, isHeld: bool): void {
    if (length < this.responseBytesHeld) this.bytesPassed += <u64>this.responseBytesHeld;
    this.responseBytesHeld = isHeld ? length : 0;
    if (!isHeld) this.bytesPassed += <u64>length;
  }

  /** Counts what was held to the end. */
  countHeld(): void {
    this.bytesPassed += <u64>this.requestBytesHeld + <u64>this.responseBytesHeld;
    this.requestBytesHeld = 0;
    this.responseBytesHeld = 0;
  }

  setHost(from: usize, length: u32): void {
    this.hostLength = min(length, MAX_HOST_BYTES);
    memory.copy(this.host(), from, this.hostLength);
  }

  setMethod(from: usize, length: u32): void {
    this.methodLength = min(length, MAX_METHOD_BYTES);
    memory.copy(this.method(), from, this.methodLength);
  }
}

const exchanges = new ContextMap();
const records = new Pool(
  offsetof<Exchange>() + MAX_HOST_BYTES + MAX_METHOD_BYTES + REPORTED_BYTES + <u32>MAX_ID_BYTES,
  32,
);

/** A new record for the context. */
export function openExchange(contextId: u32): Exchange {
  const record = records.take();
  const exchange = changetype<Exchange>(record);
  exchange.contextId = contextId;
  exchanges.set(contextId, record);
  return exchange;
}

/** The context's record, or null where it has none (a probe, a context of another kind). */
export function exchangeOf(contextId: u32): Exchange | null {
  return changetype<Exchange | null>(exchanges.get(contextId));
}

/** Takes the context's record out of use and frees what it held; 0 where it has none. The caller gives it back. */
export function removeExchange(contextId: u32): Exchange | null {
  const record = exchanges.remove(contextId);
  if (record == 0) return null;
  const exchange = changetype<Exchange>(record);
  if (exchange.held != 0) heap.free(exchange.held);
  return exchange;
}

/** Gives the record back for the next exchange. */
export function giveExchange(exchange: Exchange): void {
  records.give(changetype<usize>(exchange));
}

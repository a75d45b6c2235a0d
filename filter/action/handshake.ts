// The handshake of a WebSocket (RFC 6455 section 4, RFC 8441): nothing is agreed on that would make frames unreadable, and
// origin, cookies and the number of connections are as policy says.
import {
  addHeader,
  Bytes,
  currentTimeNanoseconds,
  getSharedData,
  MapType,
  removeHeader,
  replaceHeader,
  result,
  Status,
  setSharedData,
  Writer,
} from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { answerRefused } from './answer';
import { Chain, Exchange } from './exchange';
import { reportRefused } from './report';

const EXTENSIONS = Bytes.of('sec-websocket-extensions');
const KEY = Bytes.of('sec-websocket-key');
const ACCEPT = Bytes.of('sec-websocket-accept');
const COOKIE = Bytes.of('cookie');
const ORIGIN = Bytes.of('origin');

/** How many WebSockets all workers have, as a u32 in shared data. */
const COUNT = Bytes.of('penstock.websockets');
/** Another worker may come in between; so often in a row only where something is broken. */
const MOST_TRIES = 100;

/** A scheme and a host. */
const TEXT_BYTES: u32 = 288;
const text: usize = memory.data(288, 8);
const writer = new Writer();

/** Makes the request ready to go on. False where there are too many connections, and the exchange was answered. */
export function sendHandshake(exchange: Exchange, hasKey: bool): bool {
  if (!count(exchange)) {
    reportRefused(exchange, 'websocket-connections');
    answerRefused(exchange, 503, 'websocket-connections', 'there are as many WebSockets as policy allows');
    return false;
  }
  removeHeader(MapType.RequestHeaders, EXTENSIONS.pointer, EXTENSIONS.length);
  // HTTP/2 has none (RFC 8441 section 5.1), and Envoy goes on to the origin in HTTP/1.1 without one.
  if (!hasKey) {
    writeKey(exchange);
    addHeader(MapType.RequestHeaders, KEY.pointer, KEY.length, writer.pointer, writer.length);
    exchange.hasOwnKey = true;
  }
  const flags = load<u8>(table.policy, layout.POLICY_WEBSOCKET_FLAGS);
  if ((flags & layout.WEBSOCKET_NO_COOKIES) != 0) removeHeader(MapType.RequestHeaders, COOKIE.pointer, COOKIE.length);
  if ((flags & layout.WEBSOCKET_NO_ORIGIN) != 0) removeHeader(MapType.RequestHeaders, ORIGIN.pointer, ORIGIN.length);
  if ((flags & layout.WEBSOCKET_OWN_ORIGIN) != 0) {
    writer
      .start(text, TEXT_BYTES)
      .ascii(exchange.chain == Chain.Intercept || exchange.isSecureForm ? 'https://' : 'http://')
      .bytes(exchange.host(), exchange.hostLength);
    replaceHeader(MapType.RequestHeaders, ORIGIN.pointer, ORIGIN.length, writer.pointer, writer.length);
  }
  return true;
}

/** Makes the origin's agreement ready to go on. */
export function sendAgreement(exchange: Exchange): void {
  removeHeader(MapType.ResponseHeaders, EXTENSIONS.pointer, EXTENSIONS.length);
  // The answer to a key that the client never sent.
  if (exchange.hasOwnKey) removeHeader(MapType.ResponseHeaders, ACCEPT.pointer, ACCEPT.length);
}

/** 16 bytes in base64. They tell a cache's answer from an origin's, so another each time is enough (section 10.3). */
function writeKey(exchange: Exchange): void {
  let state = currentTimeNanoseconds() ^ ((<u64>exchange.contextId) << 32);
  writer.start(text, TEXT_BYTES);
  for (let i = 0; i < 22; i++) {
    // SplitMix64.
    state += 0x9e3779b97f4a7c15;
    let mixed = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    // Of the last letter only two bits are of the 128.
    const value = <u8>(mixed >> 58) & (i == 21 ? 0x30 : 0x3f);
    writer.byte(
      value < 26 ? 0x41 + value : value < 52 ? 0x47 + value : value < 62 ? value - 4 : value == 62 ? 0x2b : 0x2f,
    );
  }
  writer.ascii('==');
}

/** Counts one more where policy limits how many there may be; false where there are as many. */
function count(exchange: Exchange): bool {
  const most = load<u32>(table.policy, layout.POLICY_WEBSOCKET_CONNECTIONS);
  if (most == 0) return true;
  exchange.isCounted = add(1, most);
  return exchange.isCounted;
}

/** One fewer, where the exchange was counted. */
export function uncount(exchange: Exchange): void {
  if (exchange.isCounted) add(-1, u32.MAX_VALUE);
  exchange.isCounted = false;
}

function add(change: i32, most: u32): bool {
  for (let i = 0; i < MOST_TRIES; i++) {
    const isKnown = getSharedData(COUNT.pointer, COUNT.length) == Status.Ok && result.length() == 4;
    const now = isKnown ? load<u32>(result.pointer()) : 0;
    if (change > 0 && now >= most) return false;
    store<u32>(text, change < 0 && now == 0 ? 0 : now + change);
    if (setSharedData(COUNT.pointer, COUNT.length, text, 4, isKnown ? result.cas() : 0) == Status.Ok) return true;
  }
  return false;
}

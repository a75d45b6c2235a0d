// The three names of an intercepted request, CONNECT authority, TLS server name and Host, must be one: else a tunnel that
// policy allowed for one host would carry requests to another.
import { lower } from '../finding/near';
import { Bytes, getProperty, result, Status } from '../proxy-wasm-as/assembly';
import { Exchange, MAX_HOST_BYTES } from './exchange';

const CONNECT_AUTHORITY = Bytes.of('filter_state\0penstock.connect_authority');
/** The name in the leaf that control minted: the SNI that the client asked for. */
const LEAF_NAME = Bytes.of('connection\0dns_san_local_certificate');
/** Inside a tunnel every request is https. */
const DEFAULT_PORT: u32 = 443;

const connectName: usize = memory.data(260); // MAX_HOST_BYTES

/** Whether the three names agree, up to case, a trailing dot and the default port. */
export function namesAgree(exchange: Exchange): bool {
  if (getProperty(CONNECT_AUTHORITY.pointer, CONNECT_AUTHORITY.length) != Status.Ok) return false;
  if (result.length() > MAX_HOST_BYTES) return false;
  const length = result.length();
  memory.copy(connectName, result.pointer(), length);
  const connectEnd = connectName + length;
  const hostEnd = exchange.host() + exchange.hostLength;
  if (portOf(connectName, connectEnd) != portOf(exchange.host(), hostEnd)) return false;
  if (!isSameName(connectName, nameEnd(connectName, connectEnd), exchange.host(), nameEnd(exchange.host(), hostEnd)))
    return false;
  if (getProperty(LEAF_NAME.pointer, LEAF_NAME.length) != Status.Ok) return false;
  const leafEnd = result.pointer() + result.length();
  return isSameName(
    connectName,
    nameEnd(connectName, connectEnd),
    result.pointer(),
    nameEnd(result.pointer(), leafEnd),
  );
}

/** The end of the name in `name:port`, a trailing dot left out. */
export function nameEnd(start: usize, end: usize): usize {
  const colon = portColon(start, end);
  let stop = colon != 0 ? colon : end;
  if (stop > start && load<u8>(stop - 1) == 0x2e) stop--;
  return stop;
}

/** The colon before the port, or 0. Colons inside an IPv6 literal's brackets are none. */
function portColon(start: usize, end: usize): usize {
  for (let p = end; p > start; ) {
    const c = load<u8>(--p);
    if (c == 0x3a) return p;
    if (c < 0x30 || c > 0x39) return 0;
  }
  return 0;
}

/** The port that an authority names, or the default; a number out of range never equals a real one. */
function portOf(start: usize, end: usize): u32 {
  const colon = portColon(start, end);
  if (colon == 0 || colon + 1 == end) return DEFAULT_PORT;
  if (end - colon > 6) return u32.MAX_VALUE;
  let port: u32 = 0;
  for (let p = colon + 1; p < end; p++) port = port * 10 + (<u32>load<u8>(p) - 0x30);
  return port;
}

function isSameName(a: usize, aEnd: usize, b: usize, bEnd: usize): bool {
  if (aEnd - a != bEnd - b || a == aEnd) return false;
  for (; a < aEnd; a++, b++) if (lower(load<u8>(a)) != lower(load<u8>(b))) return false;
  return true;
}

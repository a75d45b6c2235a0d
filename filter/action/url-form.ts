// `/ws?url=ws(s)://host/path` on the proxy's own port: a WebSocket for clients that know no proxy. A small instance of the
// plugin, first in the chain, makes of it the request that it stands for; everything behind sees no difference.
import {
  Bytes,
  getHeader,
  getProperty,
  MapType,
  replaceHeader,
  result,
  Status,
  setProperty,
} from '../proxy-wasm-as/assembly';

const PATH = Bytes.of(':path');
const AUTHORITY = Bytes.of(':authority');
const SCHEME = Bytes.of(':scheme');
const HTTP = Bytes.of('http');
const HTTPS = Bytes.of('https');
const ROOT = Bytes.of('/');
const QUERY = Bytes.of('?url=');
const WS = Bytes.of('ws://');
const WSS = Bytes.of('wss://');
const FORM_PATH = Bytes.of('/ws?');
/** The port that the request came in by; a request to the proxy itself names it, as those for its own pages do. */
const OWN_PORT = Bytes.of('destination\0port');
const SECURE = Bytes.of('penstock.websocket_secure');
const READ_SECURE = Bytes.of('filter_state\0wasm.penstock.websocket_secure');
const ONE = Bytes.of('1');

/** Request headers are at most 96 KiB (max_request_headers_kb); a longer URL has no way here. */
const URL_BYTES: u32 = 98304;
const url: usize = memory.data(98304);

/** Makes of a request in the form the one that it stands for; any other stays as it is. False where its URL is none. */
export function openUrlForm(): bool {
  if (getHeader(MapType.RequestHeaders, PATH.pointer, PATH.length) != Status.Ok) return true;
  if (!begins(result.pointer(), result.pointer() + result.length(), FORM_PATH)) return true;
  const end = url + decodeUrl(result.pointer(), result.length());
  if (!isForProxy()) return true;
  const isSecure = begins(url, end, WSS);
  if (!isSecure && !begins(url, end, WS)) return false;
  const host = url + (isSecure ? WSS.length : WS.length);
  let path = host;
  for (; path < end && load<u8>(path) != 0x2f && load<u8>(path) != 0x3f; path++)
    if (load<u8>(path) == 0x40) return false;
  if (path == host) return false;
  replaceHeader(MapType.RequestHeaders, AUTHORITY.pointer, AUTHORITY.length, host, <u32>(path - host));
  const scheme = isSecure ? HTTPS : HTTP;
  replaceHeader(MapType.RequestHeaders, SCHEME.pointer, SCHEME.length, scheme.pointer, scheme.length);
  if (path == end) replaceHeader(MapType.RequestHeaders, PATH.pointer, PATH.length, ROOT.pointer, ROOT.length);
  else {
    // The byte before it is the host's, which Envoy has by now.
    if (load<u8>(path) == 0x3f) store<u8>(--path, 0x2f);
    replaceHeader(MapType.RequestHeaders, PATH.pointer, PATH.length, path, <u32>(end - path));
  }
  if (isSecure) setProperty(SECURE.pointer, SECURE.length, ONE.pointer, ONE.length);
  return true;
}

/** Whether the request's authority ends with the port it came in by. */
function isForProxy(): bool {
  if (getProperty(OWN_PORT.pointer, OWN_PORT.length) != Status.Ok || result.length() != 8) return false;
  let port = load<u64>(result.pointer());
  if (getHeader(MapType.RequestHeaders, AUTHORITY.pointer, AUTHORITY.length) != Status.Ok) return false;
  const start = result.pointer();
  let p = start + result.length();
  for (; port > 0 && p > start; port /= 10) if (<u64>load<u8>(--p) != 0x30 + (port % 10)) return false;
  return port == 0 && p > start && load<u8>(p - 1) == 0x3a;
}

/** Whether the request came in this form and goes on over TLS. */
export function isSecureForm(): bool {
  return getProperty(READ_SECURE.pointer, READ_SECURE.length) == Status.Ok;
}

/** Writes the value of `url`, the first of the query, without its escapes; gives its length, 0 where it is no URL. */
function decodeUrl(path: usize, length: u32): u32 {
  const end = path + length;
  let from = path;
  while (from < end && load<u8>(from) != 0x3f) from++;
  if (!begins(from, end, QUERY)) return 0;
  let bytes: u32 = 0;
  for (from += QUERY.length; from < end && load<u8>(from) != 0x26; from++) {
    let byte = load<u8>(from);
    if (byte == 0x25 && from + 2 < end) {
      const high = digit(load<u8>(from, 1));
      const low = digit(load<u8>(from, 2));
      if (high > 15 || low > 15) return 0;
      byte = (high << 4) | low;
      from += 2;
    }
    // What ends at `#` is the client's own (RFC 3986 section 3.5); what is no character of a URL would be another request.
    if (byte == 0x23) break;
    if (byte <= 0x20 || byte >= 0x7f || bytes == URL_BYTES) return 0;
    store<u8>(url + bytes, byte);
    bytes++;
  }
  return bytes;
}

function digit(c: u8): u8 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 16;
}

function begins(from: usize, end: usize, text: Bytes): bool {
  return end >= from + text.length && memory.compare(from, text.pointer, text.length) == 0;
}

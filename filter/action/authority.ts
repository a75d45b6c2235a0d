// The three names of an intercepted request, CONNECT authority, TLS server name and Host, must be one: else a tunnel that
// policy allowed for one host would carry requests to another.
import { lower } from '../finding/near';
import { Bytes, getProperty, result, Status } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { verdictOfUnreadable } from '../verdict/verdict';
import { Exchange } from './exchange';

/**
 * What Envoy noted when the tunnel's TLS was opened (envoy/intercept.yaml): the CONNECT authority, a space, and the name
 * in the leaf that control minted, which is the SNI that the client asked for. It exists inside a tunnel only.
 */
const TUNNEL = Bytes.of('filter_state\0penstock.tunnel');
/** Inside a tunnel every request is https. */
const DEFAULT_PORT: u32 = 443;

const tunnel: usize = memory.data(1024);
const TUNNEL_BYTES: u32 = 1024;
let tunnelLength: u32 = 0;

/** Notes the tunnel that the exchange came in by; false where it came in by none. */
export function readTunnel(): bool {
  tunnelLength = 0;
  if (getProperty(TUNNEL.pointer, TUNNEL.length) != Status.Ok) return false;
  // Two names of 253 characters and a port fit; what does not is no pair of names, and agrees with nothing.
  if (result.length() <= TUNNEL_BYTES) {
    tunnelLength = result.length();
    memory.copy(tunnel, result.pointer(), tunnelLength);
  }
  return true;
}

/** Whether the three names agree, up to case, a trailing dot and the default port. The server name's may not matter to policy. */
export function namesAgree(exchange: Exchange): bool {
  const end = tunnel + tunnelLength;
  let space = tunnel;
  while (space < end && load<u8>(space) != 0x20) space++;
  if (space >= end) return false;
  const host = exchange.host();
  const hostEnd = host + exchange.hostLength;
  const name = nameEnd(tunnel, space);
  return (
    portOf(tunnel, space) == portOf(host, hostEnd) &&
    isSameName(tunnel, name, host, nameEnd(host, hostEnd)) &&
    (verdictOfUnreadable(layout.UNREADABLE_TUNNEL_SERVER_NAME) == layout.VERDICT_ALLOW ||
      isSameName(tunnel, name, space + 1, nameEnd(space + 1, end)))
  );
}

/** Whether the name from `start` to `end` is the host's, up to case and a trailing dot. */
export function isHost(exchange: Exchange, start: usize, end: usize): bool {
  const host = exchange.host();
  return isSameName(host, nameEnd(host, host + exchange.hostLength), start, nameEnd(start, end));
}

/** Whether the host is an address: the last label of a name is never a number (RFC 3696 section 2). */
export function isAddress(exchange: Exchange): bool {
  const host = exchange.host();
  const end = nameEnd(host, host + exchange.hostLength);
  if (end > host && load<u8>(host) == 0x5b) return true;
  let label = end;
  while (label > host && load<u8>(label - 1) != 0x2e) label--;
  for (let p = label; p < end; p++) if (load<u8>(p) < 0x30 || load<u8>(p) > 0x39) return false;
  return label < end;
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

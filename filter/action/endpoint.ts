// The older transport of MCP (HTTP+SSE, specification of 2024-11-05): the first event of a stream names the path that the client
// sends its messages to. On 8889 a path leads to the one that the operator named, so the client gets the server's behind `/~`,
// where Envoy takes it as it is (envoy/mcp.yaml); and only what the server has named goes on, since a client has no business at
// its other paths.
import { Bytes, getSharedData, result, Status, setSharedData } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { answerUnknownEndpoint } from './answer';
import { Exchange } from './exchange';
import { NO_SURFACE, noteFound } from './note';
import { emit } from './out';
import { reportRefused, requestIdOf } from './report';
import { hashOf, serverOf } from './sessions';
import { upstreamName, upstreamNameLength } from './upstream';

/** `penstock.endpoints.` and what the server is known by, u64. */
const KEY = Bytes.of('penstock.endpoints.\0\0\0\0\0\0\0\0');
const KEY_SERVER: usize = KEY.pointer + 19;
/** Paths of a server that are remembered, as hashes: one as a rule, and a few while it is replaced by another version. */
const MOST_PATHS: u32 = 8;
const paths: usize = memory.data(64, 8); // MOST_PATHS × 8
let pathsBytes: u32 = 0;
const MOST_TRIES = 100;

const CODE = Bytes.of('mcp-endpoint');
const MARK = Bytes.of('/~');
const SLASH = Bytes.of('/');

/** Notes whether the request's path, behind the name of a server, is one that a server would have named. */
export function noteEndpoint(exchange: Exchange, path: usize, end: usize): void {
  exchange.endpoint = 0;
  if (end - path < 2 || load<u16>(path) != load<u16>(MARK.pointer)) return;
  const next = path + 2 < end ? load<u8>(path, 2) : 0x2f;
  if (next != 0x2f && next != 0x3f && next != 0x23) return; // / ? #
  exchange.endpoint = hashOfPath(path + MARK.length, end);
}

/** Whether the request may go on; else it was answered, since the server has not named the path. */
export function mayGoThere(exchange: Exchange): bool {
  if (exchange.endpoint == 0) return true;
  open();
  if (holds(exchange.endpoint)) return true;
  reportRefused(exchange, 'mcp-endpoint');
  noteFound(exchange, layout.VERDICT_BLOCK, NO_SURFACE, 0, CODE.pointer, CODE.length, requestIdOf(exchange));
  answerUnknownEndpoint(exchange);
  return false;
}

/** Where in the URL of an event that names an endpoint the server's path begins; 0 where it is none of the server. */
export function endpointPath(exchange: Exchange, start: usize, end: usize): usize {
  return upstreamNameLength(exchange) < 0 ? 0 : pathOf(start, end);
}

/** Emits the path, up to the URL's end, as the client has to ask for it, and remembers that the server has named it. */
export function emitEndpoint(exchange: Exchange, path: usize, end: usize): void {
  remember(hashOfPath(path, end));
  const nameLength = upstreamNameLength(exchange);
  if (nameLength > 0) {
    emit(SLASH.pointer, SLASH.length);
    emit(upstreamName(exchange), nameLength);
  }
  emit(MARK.pointer, MARK.length);
  emit(path, <u32>(end - path));
}

/** Where the path of a URL begins, whole or without its origin (RFC 3986 section 4.2); 0 where it begins with none. */
function pathOf(start: usize, end: usize): usize {
  // Of several lines of data, what follows the first would be lines of the stream.
  for (let at = start; at < end; at++) if (load<u8>(at) < 0x20) return 0;
  let p = start;
  for (let at = start; at + 2 < end && load<u8>(at) != 0x2f; at++)
    if (load<u8>(at) == 0x3a && load<u16>(at, 1) == 0x2f2f) p = at + 1;
  if (end - p >= 2 && load<u16>(p) == 0x2f2f) {
    p += 2;
    while (p < end && load<u8>(p) != 0x2f) p++;
  }
  return p < end && load<u8>(p) == 0x2f ? p : 0;
}

/** What the path is known by: without its query, in which each session has another id. */
function hashOfPath(path: usize, end: usize): u64 {
  let p = path;
  while (p < end && load<u8>(p) != 0x3f && load<u8>(p) != 0x23) p++;
  return hashOf(path, p - path) | 1;
}

/** Copies what is remembered of the server; gives its version. */
function open(): u32 {
  store<u64>(KEY_SERVER, serverOf());
  pathsBytes = 0;
  if (getSharedData(KEY.pointer, KEY.length) != Status.Ok) return 0;
  pathsBytes = min(result.length(), MOST_PATHS * 8);
  memory.copy(paths, result.pointer(), pathsBytes);
  return result.cas();
}

function holds(path: u64): bool {
  for (let i: u32 = 0; i < pathsBytes; i += 8) if (load<u64>(paths + i) == path) return true;
  return false;
}

/** Remembers the path, the newest first. */
function remember(path: u64): void {
  for (let i = 0; i < MOST_TRIES; i++) {
    const version = open();
    if (holds(path)) return;
    pathsBytes = min(pathsBytes + 8, MOST_PATHS * 8);
    memory.copy(paths + 8, paths, pathsBytes - 8);
    store<u64>(paths, path);
    if (setSharedData(KEY.pointer, KEY.length, paths, pathsBytes, version) == Status.Ok) return;
  }
}

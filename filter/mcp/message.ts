// JSON-RPC 2.0 (https://www.jsonrpc.org/specification) as MCP uses it: one message, or a batch of them. What the filter
// needs of each is its id, to answer in its place.
import { skipSpace, skipString, skipValue } from './json';

/** A batch has no limit in the protocol; one with more requests than this is refused as no message. */
const MAX_IDS: u32 = 64;
/** Longest id that is answered with, quotes included; a longer one is answered with null. */
const MAX_ID_BYTES: usize = 128;

// Copies: the text that they stand in may be gone when they are answered with.
const ids: usize = memory.data(8192); // MAX_IDS × MAX_ID_BYTES
const lengths: usize = memory.data(256); // MAX_IDS × u32

/** Ids of the last message or batch; a notification has none. */
export let idCount: u32 = 0;
/** Whether the last one was a batch. */
export let isBatch: bool = false;

/** Address of an id as it was written, quotes included. */
export function idStart(i: u32): usize {
  return ids + <usize>i * MAX_ID_BYTES;
}

/** Its length in bytes; 0 where it is answered with null. */
export function idLength(i: u32): u32 {
  return load<u32>(lengths + <usize>(i << 2));
}

/** Answers id `i` with null. */
export function forgetId(i: u32): void {
  store<u32>(lengths + <usize>(i << 2), 0);
}

/** Reads a message or batch that fills the text but for white space; false where it is none. */
export function readMessages(start: usize, end: usize): bool {
  idCount = 0;
  isBatch = false;
  let p = skipSpace(start, end);
  if (p >= end) return false;
  if (load<u8>(p) != 0x5b) {
    p = readMessage(p, end);
    return p != 0 && skipSpace(p, end) == end;
  }
  isBatch = true;
  p = skipSpace(p + 1, end);
  while (true) {
    p = readMessage(p, end);
    if (p == 0) return false;
    p = skipSpace(p, end);
    if (p >= end) return false;
    const c = load<u8>(p);
    p = skipSpace(p + 1, end);
    if (c == 0x5d) return p == end;
    if (c != 0x2c) return false;
  }
  return false; // not reached; the compiler does not see that
}

/** Reads one object with `"jsonrpc": "2.0"`, notes its id, and gives its end, or 0. */
function readMessage(p: usize, end: usize): usize {
  if (p >= end || load<u8>(p) != 0x7b) return 0;
  let isJsonRpc = false;
  let hasId = false;
  p = skipSpace(p + 1, end);
  if (p < end && load<u8>(p) == 0x7d) return 0;
  while (true) {
    const keyStart = p;
    const keyEnd = skipString(p, end);
    // No key of the protocol needs an escape, and one would hide a second id.
    if (keyEnd == 0 || hasBackslash(keyStart, keyEnd)) return 0;
    p = skipSpace(keyEnd, end);
    if (p >= end || load<u8>(p) != 0x3a) return 0;
    const valueStart = skipSpace(p + 1, end);
    const valueEnd = skipValue(valueStart, end);
    if (valueEnd == 0) return 0;
    if (isText(keyStart, keyEnd, '"jsonrpc"')) isJsonRpc = isText(valueStart, valueEnd, '"2.0"');
    else if (isText(keyStart, keyEnd, '"id"')) {
      // Two ids: readers differ in which of them counts.
      if (hasId || !noteId(valueStart, valueEnd)) return 0;
      hasId = true;
    }
    p = skipSpace(valueEnd, end);
    if (p >= end) return 0;
    const c = load<u8>(p);
    if (c == 0x7d) return isJsonRpc ? p + 1 : 0;
    if (c != 0x2c) return 0;
    p = skipSpace(p + 1, end);
  }
  return 0; // not reached; the compiler does not see that
}

/** Notes an id; false where it is neither a string, a number nor null, or there are too many. */
function noteId(start: usize, end: usize): bool {
  const c = load<u8>(start);
  if (c == 0x7b || c == 0x5b || c == 0x74 || c == 0x66 || idCount == MAX_IDS) return false;
  const length: usize = end - start > MAX_ID_BYTES ? 0 : end - start;
  memory.copy(idStart(idCount), start, length);
  store<u32>(lengths + <usize>(idCount << 2), <u32>length);
  idCount++;
  return true;
}

function hasBackslash(p: usize, end: usize): bool {
  for (; p < end; p++) if (load<u8>(p) == 0x5c) return true;
  return false;
}

function isText(start: usize, end: usize, literal: string): bool {
  if (<i32>(end - start) != literal.length) return false;
  for (let i = 0; i < literal.length; i++) if (load<u8>(start + i) != <u8>literal.charCodeAt(i)) return false;
  return true;
}

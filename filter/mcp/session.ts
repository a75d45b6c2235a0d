// What is kept of one MCP session from call to call: which tools its lists named, and its last calls. Records lie in
// buckets of a bounded size, the one that was used last at the end; where there is no room, the first ones are given up.
// Where the buckets are kept is for action/sessions.ts.
import { sipHash } from '../scan/sip-hash';
import { decodeString } from './string';

/** More than the buckets of some 10,000 sessions hold, so that only a flood of new ones drives others out. */
const BUCKET_BYTES: u32 = 8192;
/** Few servers list more than 100 tools; more than a model can choose from. */
const MAX_TOOLS: u32 = 512;

// A record: a header, then the calls, then the tools.
const KEY: usize = 0; // u64
const TOOL_COUNT: usize = 8; // u16
const CALL_COUNT: usize = 10; // u16
const FLAGS: usize = 12; // u8
const CATEGORIES: usize = 16; // u32: which categories the calls are told by
const HEADER_BYTES: u32 = 24;
/** A call: u32 its categories, a bit each, u32 when it came, in seconds. */
const CALL_BYTES: u32 = 8;
/** A tool: u32 the hash of its name. */
const TOOL_BYTES: u32 = 4;

/** A list of tools has been seen. */
const FLAG_LISTED: u8 = 1;
/** It had more tools than there is room for. */
const FLAG_TOO_MANY: u8 = 2;

const bucket: usize = memory.data(8192, 8); // BUCKET_BYTES
let bucketBytes: u32 = 0;

// The record that is at hand, taken out of its bucket.
const header: usize = memory.data(24, 8); // HEADER_BYTES
const calls: usize = memory.data(2056, 8); // (MAX_WINDOW_CALLS + 1) × CALL_BYTES
const tools: usize = memory.data(2048, 8); // MAX_TOOLS × TOOL_BYTES
export let callCount: u32 = 0;
let toolCount: u32 = 0;
/** Whether the record was the last of its bucket: putting it back as it was changes nothing. */
export let wasLast: bool = false;

/** Takes a bucket of `length` bytes; 0 bytes are an empty one. */
export function openBucket(from: usize, length: u32): void {
  bucketBytes = length <= BUCKET_BYTES ? length : 0;
  memory.copy(bucket, from, bucketBytes);
}

/** The bucket as it is to be kept. */
export function bucketStart(): usize {
  return bucket;
}
export function bucketLength(): u32 {
  return bucketBytes;
}

/** Takes the record of `key` out of the bucket; false where it has none. */
export function takeRecord(key: u64): bool {
  for (let at: u32 = 0; at < bucketBytes; ) {
    const record = bucket + <usize>at;
    const bytes = recordBytes(<u32>load<u16>(record, CALL_COUNT), <u32>load<u16>(record, TOOL_COUNT));
    if (load<u64>(record, KEY) != key) {
      at += bytes;
      continue;
    }
    memory.copy(header, record, HEADER_BYTES);
    callCount = load<u16>(record, CALL_COUNT);
    toolCount = load<u16>(record, TOOL_COUNT);
    memory.copy(calls, record + HEADER_BYTES, callCount * CALL_BYTES);
    memory.copy(tools, record + HEADER_BYTES + callCount * CALL_BYTES, toolCount * TOOL_BYTES);
    bucketBytes -= bytes;
    wasLast = at == bucketBytes;
    memory.copy(record, record + bytes, bucketBytes - at);
    return true;
  }
  return false;
}

/** Makes a new record for `key`, which the bucket has none of. */
export function newRecord(key: u64): void {
  memory.fill(header, 0, HEADER_BYTES);
  store<u64>(header, key, KEY);
  callCount = 0;
  toolCount = 0;
  wasLast = false;
}

/** Puts the record that is at hand at the end of the bucket. Those that were used least recently make room. */
export function putRecord(): void {
  store<u16>(header, <u16>callCount, CALL_COUNT);
  store<u16>(header, <u16>toolCount, TOOL_COUNT);
  const bytes = recordBytes(callCount, toolCount);
  let given: u32 = 0;
  while (bucketBytes - given + bytes > BUCKET_BYTES) {
    const record = bucket + <usize>given;
    given += recordBytes(<u32>load<u16>(record, CALL_COUNT), <u32>load<u16>(record, TOOL_COUNT));
  }
  bucketBytes -= given;
  if (given > 0) memory.copy(bucket, bucket + given, bucketBytes);
  const record = bucket + <usize>bucketBytes;
  memory.copy(record, header, HEADER_BYTES);
  memory.copy(record + HEADER_BYTES, calls, callCount * CALL_BYTES);
  memory.copy(record + HEADER_BYTES + callCount * CALL_BYTES, tools, toolCount * TOOL_BYTES);
  bucketBytes += bytes;
}

function recordBytes(callCount: u32, toolCount: u32): u32 {
  // Whole words, so that no record lies askew.
  return HEADER_BYTES + callCount * CALL_BYTES + ((toolCount * TOOL_BYTES + 7) & ~7);
}

/** Whether a list of tools has been seen. */
export function isListed(): bool {
  return (load<u8>(header, FLAGS) & FLAG_LISTED) != 0;
}

/** Whether lists named more tools than there is room for: which of them a name is then is not known. */
export function hasTooManyTools(): bool {
  return (load<u8>(header, FLAGS) & FLAG_TOO_MANY) != 0;
}

/** Notes that a list has been seen; true where it is the first. */
export function noteListed(): bool {
  const flags = load<u8>(header, FLAGS);
  store<u8>(header, flags | FLAG_LISTED, FLAGS);
  return (flags & FLAG_LISTED) == 0;
}

/** Whether a list named a tool whose name has this hash. */
export function hasTool(hash: u32): bool {
  return indexOf(hash) < toolCount;
}

/** Adds a tool; true where it was not there. */
export function addTool(hash: u32): bool {
  if (hasTool(hash)) return false;
  if (toolCount == MAX_TOOLS) {
    const flags = load<u8>(header, FLAGS);
    store<u8>(header, flags | FLAG_TOO_MANY, FLAGS);
    return (flags & FLAG_TOO_MANY) == 0;
  }
  store<u32>(tools + ((<usize>toolCount) << 2), hash);
  toolCount++;
  return true;
}

/** Takes a tool out; true where it was there. */
export function removeTool(hash: u32): bool {
  const index = indexOf(hash);
  if (index == toolCount) return false;
  toolCount--;
  store<u32>(tools + ((<usize>index) << 2), load<u32>(tools + ((<usize>toolCount) << 2)));
  return true;
}

/** Twice what the protocol recommends at most, each character an escape. */
const MAX_NAME_BYTES: u32 = 1536;
const name: usize = memory.data(1536);

/**
 * What a tool is known by: a hash of its name, which is written from `start` to `end`, under 16 bytes of a key. 0 for no
 * name and for one that is too long to be any.
 */
export function toolHash(key: usize, start: usize, end: usize): u32 {
  if (start == end || end - start > <usize>MAX_NAME_BYTES) return 0;
  return <u32>sipHash(key, name, decodeString(start, end, name) - name) | 1;
}

function indexOf(hash: u32): u32 {
  let index: u32 = 0;
  while (index < toolCount && load<u32>(tools + ((<usize>index) << 2)) != hash) index++;
  return index;
}

/**
 * Forgets the calls that came more than `windowSeconds` before `now`, and those that were told by other categories than
 * those of the table, whose number is `categories`.
 */
export function forgetCalls(now: u32, windowSeconds: u32, categories: u32): void {
  if (load<u32>(header, CATEGORIES) != categories) callCount = 0;
  store<u32>(header, categories, CATEGORIES);
  let old: u32 = 0;
  // Signed: another worker's second may be one ahead.
  while (old < callCount && <i32>(now - load<u32>(callAt(old), 4)) > <i32>windowSeconds) old++;
  dropCalls(old);
}

/** Adds a call; of more than `windowCalls` the first one is forgotten. */
export function addCall(mask: u32, now: u32, windowCalls: u32): void {
  store<u32>(callAt(callCount), mask);
  store<u32>(callAt(callCount), now, 4);
  callCount++;
  if (callCount > windowCalls) dropCalls(callCount - windowCalls);
}

/** The categories of call `i`, a bit each. */
export function callMask(i: u32): u32 {
  return load<u32>(callAt(i));
}

function callAt(i: u32): usize {
  return calls + <usize>i * CALL_BYTES;
}

function dropCalls(count: u32): void {
  if (count == 0) return;
  callCount -= count;
  memory.copy(calls, callAt(count), callCount * CALL_BYTES);
}

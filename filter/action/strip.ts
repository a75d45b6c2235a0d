// The action strip: what was found gives way to a marker, and the rest stays as it is. In JSON each string is read by
// itself, so that the result is JSON again: of a string that says it as it is, the span is replaced; of one that hides it
// in a further encoding, all. What still holds a finding after that, such as a number outside strings, cannot be stripped.
import { findIn } from '../finding/find';
import { clearFindings, findingChain, findingCount, findingEnd, findingOffset } from '../finding/findings';
import { Bytes, Writer } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { verdictOfFinding, verdictOfMessage } from '../verdict/verdict';
import { MARGIN } from '../view/arena';
import { RAW } from '../view/encoding';
import { unescape } from './unescape';

/** What stands in the place of what was found. */
export const MARKER = Bytes.of('[removed by Penstock]');
/** A string with more findings than this is replaced as a whole. */
const MOST_SPANS: u32 = 64;
/** Nothing that a rule finds is shorter. */
const LEAST_BYTES: usize = 8;

/** What is left, and a string that is being worked on. Both grow to the largest so far. */
let block: usize = 0;
let capacity: u32 = 0;
let length: u32 = 0;
let scratch: usize = 0;
let scratchCapacity: u32 = 0;
const writer = new Writer();

/** What is left after strip: with margins, until the next one. */
export function strippedStart(): usize {
  return block + MARGIN;
}

export function strippedLength(): u32 {
  return length;
}

/** Takes out of the text (with margins) what policy strips on a surface; false where that cannot be done. */
export function strip(start: usize, bytes: u32, surface: i32): bool {
  length = 0;
  if (isJson(start, start + bytes)) stripStrings(start, start + bytes, surface);
  else {
    const end = stripText(start, bytes, surface);
    put(scratch + MARGIN, <u32>(end - scratch - MARGIN));
  }
  put(0, 0);
  clearFindings();
  findIn(strippedStart(), length, surface);
  return verdictOfMessage(surface) < layout.VERDICT_STRIP;
}

/** Whether the text, or what stands behind `data:`, begins as JSON. */
function isJson(p: usize, end: usize): bool {
  if (end - p > 5 && load<u32>(p) == 0x61746164 && load<u8>(p, 4) == 0x3a) p += 5;
  while (p < end && load<u8>(p) <= 0x20) p++;
  return p < end && (load<u8>(p) == 0x7b || load<u8>(p) == 0x5b || load<u8>(p) == 0x22);
}

function stripStrings(p: usize, end: usize, surface: i32): void {
  let from = p;
  while (p < end) {
    if (load<u8>(p) != 0x22) {
      p++;
      continue;
    }
    const inside = p + 1;
    let close = inside;
    while (close < end && load<u8>(close) != 0x22) close += load<u8>(close) == 0x5c ? 2 : 1;
    close = min(close, end);
    if (close - inside >= LEAST_BYTES) {
      reserveScratch(<u32>(close - inside));
      const text = scratch + MARGIN;
      const opened = <u32>(unescape(inside, close, text) - text);
      const before = changed;
      const stripped = stripScratch(opened, surface);
      if (changed != before) {
        put(from, <u32>(inside - from));
        putJson(text, <u32>(stripped - text));
        from = close;
      }
    }
    p = close + 1;
  }
  put(from, <u32>(end - from));
}

/** Counts what was replaced. */
let changed: u32 = 0;

/** Copies the text to the scratch and strips it there; gives its end. */
function stripText(start: usize, bytes: u32, surface: i32): usize {
  reserveScratch(bytes);
  memory.copy(scratch + MARGIN, start, bytes);
  return stripScratch(bytes, surface);
}

/** Strips the `bytes` in the scratch; gives their end. */
function stripScratch(bytes: u32, surface: i32): usize {
  const text = scratch + MARGIN;
  for (let turn: u32 = 0; turn <= MOST_SPANS; turn++) {
    clearFindings();
    findIn(text, bytes, surface);
    let found: u32 = u32.MAX_VALUE;
    for (let i: u32 = 0; i < findingCount(); i++)
      if (verdictOfFinding(i, surface) >= layout.VERDICT_STRIP && (found == u32.MAX_VALUE || findingChain(i) == RAW))
        found = i;
    if (found == u32.MAX_VALUE) return text + bytes;
    changed++;
    const from = findingOffset(found);
    const to = findingEnd(found);
    if (findingChain(found) != RAW || turn == MOST_SPANS || to > bytes || from >= to) {
      memory.copy(text, MARKER.pointer, MARKER.length);
      return text + MARKER.length;
    }
    memory.copy(text + from + MARKER.length, text + to, bytes - to);
    memory.copy(text + from, MARKER.pointer, MARKER.length);
    bytes = bytes - (to - from) + MARKER.length;
  }
  return text + bytes;
}

function reserveScratch(bytes: u32): void {
  const needed = bytes + (MOST_SPANS + 1) * MARKER.length;
  if (needed <= scratchCapacity) return;
  if (scratch != 0) heap.free(scratch);
  scratchCapacity = (needed + 0xfff) & ~0xfff;
  scratch = heap.alloc(<usize>scratchCapacity + 2 * MARGIN);
}

function put(from: usize, bytes: u32): void {
  makeRoom(bytes);
  memory.copy(strippedStart() + length, from, bytes);
  length += bytes;
}

/** Appends the text as the inside of a JSON string: at most six bytes for one. */
function putJson(from: usize, bytes: u32): void {
  makeRoom(bytes * 6);
  writer.start(strippedStart() + length, bytes * 6).json(from, bytes);
  length += writer.length;
}

function makeRoom(bytes: u32): void {
  if (block != 0 && length + bytes <= capacity) return;
  capacity = (max(length + bytes, capacity + (capacity >> 1)) + 0xfff) & ~0xfff;
  const grown = heap.alloc(<usize>capacity + 2 * MARGIN);
  if (block != 0) {
    memory.copy(grown + MARGIN, strippedStart(), length);
    heap.free(block);
  }
  block = grown;
}

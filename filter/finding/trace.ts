// What each stage saw of a message, kept while somebody asks for it (`penstock trace`, the stream tests).

export const TRACE_VIEW: u32 = 1;
export const TRACE_HIT: u32 = 2;
export const TRACE_FINDING: u32 = 3;

/** A trace is for one message of a test case; past this it says that it was cut. */
const CAPACITY: u32 = 512;
const EVENT_BYTES: u32 = 20;

const events: usize = memory.data(10240); // CAPACITY × EVENT_BYTES
let count: u32 = 0;
let enabled: bool = false;

/** Switches the trace on or off; off costs one test an event. */
export function setTracing(on: bool): void {
  enabled = on;
  count = 0;
}

/** Events so far. */
export function traceCount(): u32 {
  return count;
}

export function clearTrace(): void {
  count = 0;
}

/** Notes an event: of a view `start` 0 and `end` its length, of a hit or finding its place in the view. */
export function trace(kind: u32, rule: u32, chain: u32, start: usize, end: usize): void {
  if (enabled) add(kind, rule, chain, <u32>start, <u32>end);
}

function add(kind: u32, rule: u32, chain: u32, start: u32, end: u32): void {
  if (count == CAPACITY) return;
  const event = events + <usize>(count * EVENT_BYTES);
  store<u32>(event, kind);
  store<u32>(event, rule, 4);
  store<u32>(event, chain, 8);
  store<u32>(event, start, 12);
  store<u32>(event, end, 16);
  count++;
}

/** Field `index` of event `i`: kind, rule, chain, start, end. */
export function traceField(i: u32, index: u32): u32 {
  return load<u32>(events + <usize>(i * EVENT_BYTES + (index << 2)));
}

// A place that the prefilter named is confirmed or dropped here: the key's entries are compared, then their programs run.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { inClass, isSilent, isUsed } from '../table/read';
import { columnsOf, isNarrowOf, labelOf, labelsOf, mapOf, rowsOf, step } from './automaton';
import { addHit, addLonger } from './hits';
import { sipHash } from './sip-hash';

/** Runs shorter than this are counted anew each time; longer ones are remembered, or text of one class would be quadratic. */
const REMEMBERED_RUN: u32 = 24;

/** Per class the last long run: start and end address. */
const LAST_RUNS_BYTES: usize = 2048; // 256 classes × 8
const lastRuns: usize = memory.data(2048);
/** Whether the last text had any. */
let hasRuns: bool = false;

/** Where the text stands: what a rule that is silent there finds is not confirmed. */
let surface: i32 = 0;

/** Forgets what was seen of the last text. */
export function beginConfirm(on: i32): void {
  surface = on;
  if (hasRuns) memory.fill(lastRuns, 0, LAST_RUNS_BYTES);
  hasRuns = false;
}

/** The entry chain of the key at `p`, or 0; `used` says which of the slots are (table/read.ts). Reads three bytes. */
export function lookUp(slots: usize, used: usize, p: usize): u32 {
  const key = (load<u32>(p) & 0xffffff) | layout.KEY_FOLD;
  const slot = (key * <u32>layout.KEY_MULTIPLIER) >>> (32 - layout.SLOT_BITS);
  if (!isUsed(used, slot)) return 0;
  return load<u16>(slots + ((<usize>slot) << 1));
}

/** Confirms the entries from `first` (as lookUp gave it) for the key at `p` in the text from `begin` to `end`. */
export function confirm(first: u32, p: usize, begin: usize, end: usize): void {
  const key = (load<u32>(p) & 0xffffff) | layout.KEY_FOLD;
  const tail = load<u32>(p, 3);
  let entry = table.entries + <usize>(first - 1) * layout.ENTRY_BYTES;
  for (; ; entry += layout.ENTRY_BYTES) {
    if (
      load<u32>(entry, layout.ENTRY_KEY) == key &&
      (tail & load<u32>(entry, layout.ENTRY_MASK)) == load<u32>(entry, layout.ENTRY_VALUE)
    )
      confirmEntry(entry, p, begin, end);
    if (load<u8>(entry, layout.ENTRY_FLAGS) & layout.ENTRY_FLAG_LAST) return;
  }
}

function confirmEntry(entry: usize, p: usize, begin: usize, end: usize): void {
  const middle = p - <usize>load<u8>(entry, layout.ENTRY_LEAD);
  if (middle < begin || isSilent(load<u16>(entry, layout.ENTRY_RULE), surface)) return;
  let start = middle;
  const backward = load<u32>(entry, layout.ENTRY_BACKWARD);
  if (backward != <u32>layout.NO_PROGRAM) {
    start = runBackward(table.programs + backward, middle, begin);
    if (start == 0) return;
  }
  const notBefore = load<u8>(entry, layout.ENTRY_NOT_BEFORE);
  if (notBefore != <u8>layout.NO_CLASS && start > begin && inClass(notBefore, load<u8>(start - 1))) return;
  const stop = runForward(table.programs + <usize>load<u32>(entry, layout.ENTRY_FORWARD), middle, end);
  if (stop == 0) return;
  const notAfter = load<u8>(entry, layout.ENTRY_NOT_AFTER);
  if (notAfter != <u8>layout.NO_CLASS && stop < end && inClass(notAfter, load<u8>(stop))) return;
  addHit(load<u16>(entry, layout.ENTRY_RULE), start, stop);
}

/** Runs a program from `p` on; gives the end of the match, or 0. */
function runForward(code: usize, p: usize, end: usize): usize {
  while (true) {
    const operation = <i32>load<u8>(code);
    if (operation == layout.OP_ACCEPT) return p;
    if (operation == layout.OP_BYTES) {
      const count = <usize>load<u8>(code, 1);
      if (p + count > end || memory.compare(p, code + 2, count) != 0) return 0;
      p += count;
      code += 2 + count;
    } else if (operation == layout.OP_RUN) {
      const least = <u32>load<u16>(code, 2);
      const most = <u32>load<u16>(code, 4);
      const stop = runEnd(load<u8>(code, 1), most, p, end);
      if (<u32>(stop - p) < least) return 0;
      p = stop;
      code += 6;
    } else if (operation == layout.OP_HASH) {
      const count = <usize>load<u8>(code, 1);
      if (end - p < count || sipHash(table.policy + layout.POLICY_HASH_KEY, p, count) != load<u64>(code, 2)) return 0;
      p += count;
      code += 10;
    } else {
      const stop = segmentEnd(automatonOf(code), p, end);
      if (stop == 0) return 0;
      p = stop;
      code += 3;
    }
  }
}

function runEnd(index: u32, most: u32, p: usize, end: usize): usize {
  const limit = most == <u32>layout.RUN_UNBOUNDED || <usize>most > end - p ? end : p + most;
  let q = p;
  if (most <= REMEMBERED_RUN) {
    while (q < limit && inClass(index, load<u8>(q))) q++;
    return q;
  }
  const last = lastRuns + ((<usize>index) << 3);
  const lastStart = <usize>load<u32>(last);
  const lastEnd = <usize>load<u32>(last, 4);
  if (p >= lastStart && p < lastEnd) return min(limit, lastEnd);
  while (q < end && inClass(index, load<u8>(q))) q++;
  hasRuns = true;
  store<u32>(last, <u32>p);
  store<u32>(last, <u32>q, 4);
  return min(limit, q);
}

function automatonOf(code: usize): usize {
  return table.automata + <usize>load<u16>(code, 1) * layout.AUTOMATON_BYTES;
}

/** The end of the longest match of a segment from `p` on, or 0. */
function segmentEnd(automaton: usize, p: usize, end: usize): usize {
  const limit = end - p > <usize>layout.SEGMENT_BYTES ? p + layout.SEGMENT_BYTES : end;
  // The parts of the automaton are read once and not at each byte; so in the functions below.
  const map = mapOf(automaton);
  const rows = rowsOf(automaton);
  const labels = labelsOf(automaton);
  const columns = columnsOf(automaton);
  const isNarrow = isNarrowOf(automaton);
  let state: u32 = layout.START_STATE;
  let longest: usize = load<u8>(labels + state) != layout.NO_LABEL ? p : 0;
  while (p < limit) {
    const cell = <usize>(state * columns + <u32>load<u8>(map + <usize>load<u8>(p)));
    state = isNarrow ? <u32>load<u8>(rows + cell) : <u32>load<u16>(rows + (cell << 1));
    if (state == layout.DEAD_STATE) break;
    p++;
    if (load<u8>(labels + state) != layout.NO_LABEL) longest = p;
  }
  return longest;
}

/** The same downwards: the start of the longest match that ends before `p`, or 0. */
function segmentStart(automaton: usize, p: usize, begin: usize): usize {
  const limit = p - begin > <usize>layout.SEGMENT_BYTES ? p - layout.SEGMENT_BYTES : begin;
  const map = mapOf(automaton);
  const rows = rowsOf(automaton);
  const labels = labelsOf(automaton);
  const columns = columnsOf(automaton);
  const isNarrow = isNarrowOf(automaton);
  let state: u32 = layout.START_STATE;
  let longest: usize = load<u8>(labels + state) != layout.NO_LABEL ? p : 0;
  while (p > limit) {
    const cell = <usize>(state * columns + <u32>load<u8>(map + <usize>load<u8>(p - 1)));
    state = isNarrow ? <u32>load<u8>(rows + cell) : <u32>load<u16>(rows + (cell << 1));
    if (state == layout.DEAD_STATE) break;
    p--;
    if (load<u8>(labels + state) != layout.NO_LABEL) longest = p;
  }
  return longest;
}

/** Runs a program from `p` down; gives the start of the match, or 0. */
function runBackward(code: usize, p: usize, begin: usize): usize {
  while (true) {
    const operation = <i32>load<u8>(code);
    if (operation == layout.OP_ACCEPT) return p;
    if (operation == layout.OP_BYTES) {
      const count = <usize>load<u8>(code, 1);
      if (p - begin < count) return 0;
      for (let i: usize = 0; i < count; i++) if (load<u8>(p - 1 - i) != load<u8>(code + i, 2)) return 0;
      p -= count;
      code += 2 + count;
    } else if (operation == layout.OP_RUN) {
      const index = load<u8>(code, 1);
      const least = <usize>load<u16>(code, 2);
      const most = <usize>load<u16>(code, 4);
      const reach = min(most, <usize>layout.SEGMENT_BYTES);
      const limit = p - begin < reach ? begin : p - reach;
      const from = p;
      while (p > limit && inClass(index, load<u8>(p - 1))) p--;
      if (from - p < least) return 0;
      code += 6;
    } else if (operation == layout.OP_HASH) {
      return 0; // the compiler writes none backwards
    } else {
      p = segmentStart(automatonOf(code), p, begin);
      if (p == 0) return 0;
      code += 3;
    }
  }
  return 0; // not reached; the compiler does not see that
}

/** Runs the automaton of the number rules from `p` on: every end of every rule is a hit, the shortest first. */
export function confirmNumber(p: usize, begin: usize, end: usize): void {
  const map = mapOf(table.numbers);
  const rows = rowsOf(table.numbers);
  const labels = labelsOf(table.numbers);
  const columns = columnsOf(table.numbers);
  const isNarrow = isNarrowOf(table.numbers);
  let state: u32 = layout.START_STATE;
  const start = p;
  while (p < end) {
    const cell = <usize>(state * columns + <u32>load<u8>(map + <usize>load<u8>(p)));
    state = isNarrow ? <u32>load<u8>(rows + cell) : <u32>load<u16>(rows + (cell << 1));
    if (state == layout.DEAD_STATE) return;
    p++;
    const label = <u32>load<u8>(labels + state);
    if (label != layout.NO_LABEL) addListHits(label, start, p, begin, end, false);
  }
}

/** Runs the automaton of the word rules from `p` on: the last end of each rule is a hit. */
export function confirmWord(p: usize, begin: usize, end: usize): void {
  let state: u32 = layout.START_STATE;
  const start = p;
  const limit = end - p > <usize>layout.WORD_RULE_BYTES ? p + layout.WORD_RULE_BYTES : end;
  while (p < limit) {
    state = step(table.wordRules, state, load<u8>(p));
    if (state == layout.DEAD_STATE) return;
    p++;
    const label = labelOf(table.wordRules, state);
    if (label != layout.NO_LABEL) addListHits(label, start, p, begin, end, true);
  }
}

function addListHits(label: u32, start: usize, stop: usize, begin: usize, end: usize, isLongest: bool): void {
  let record = table.numberRules + <usize>load<u32>(table.numberLists + ((<usize>label) << 2));
  const count = load<u32>(record);
  record += 4;
  for (let i: u32 = 0; i < count; i++, record += layout.NUMBER_RULE_BYTES) {
    const notBefore = load<u8>(record, layout.NUMBER_RULE_NOT_BEFORE);
    if (notBefore != <u8>layout.NO_CLASS && start > begin && inClass(notBefore, load<u8>(start - 1))) continue;
    const notAfter = load<u8>(record, layout.NUMBER_RULE_NOT_AFTER);
    if (notAfter != <u8>layout.NO_CLASS && stop < end && inClass(notAfter, load<u8>(stop))) continue;
    const rule = load<u16>(record, layout.NUMBER_RULE_INDEX);
    if (isLongest) addLonger(rule, start, stop);
    else addHit(rule, start, stop);
  }
}

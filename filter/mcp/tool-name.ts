// The name of a tool in the spellings that servers give it.
import { labelOf, step } from '../scan/automaton';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { isMethod, paramsEnd, paramsStart } from './message';
import { decodeString, Meeting, meet } from './string';
import { Walker } from './walk';

const members = new Walker();

/** The name that findCalled found, as it is written, without the quotes; 0 and 0 where there is none. */
export let calledName: usize = 0;
export let calledNameEnd: usize = 0;

/** Whether message `i` calls a tool, and finds its name. */
export function findCalled(i: u32): bool {
  calledName = 0;
  calledNameEnd = 0;
  if (!isMethod(i, 'tools/call')) return false;
  members.start(paramsStart(i), paramsEnd(i));
  while (members.next()) {
    if (load<u8>(members.value) != 0x22 || meet(members.key, members.keyEnd, 'name') != Meeting.Same) continue;
    calledName = members.value + 1;
    calledNameEnd = members.valueEnd - 1;
  }
  return true;
}

/** Longer names are looked at so far. */
const MAX_NAME_BYTES: usize = 256;
const decodedName: usize = memory.data(256);
let decodedEnd: usize = 0;
const snakeName: usize = memory.data(520);
let snakeEnd: usize = 0;

/** Reads a name, a string of JSON without its quotes, for what follows. */
export function readName(start: usize, end: usize): void {
  decodedEnd = decodeString(start, min(end, start + MAX_NAME_BYTES), decodedName);
  writeSnake(decodedEnd);
}

/** Whether a pattern meets the name: as it is, in snake case, or in snake case without what stands before a server's sign. */
export function isNamed(automaton: u32): bool {
  if (meets(automaton, decodedName, decodedEnd) || meets(automaton, snakeName, snakeEnd)) return true;
  for (let p = snakeName; p + 2 < snakeEnd; p++) if (isSign(p) && meets(automaton, p + 2, snakeEnd)) return true;
  return false;
}

/** Where the tool's own name begins in snake case: behind the last sign of a server that something follows. */
export function ownName(): usize {
  let start = snakeName;
  for (let p = snakeName; p + 2 < snakeEnd; p++) if (isSign(p)) start = p + 2;
  return start;
}

/** Whether a pattern meets the name in snake case from `start` on, which is ownName or the first byte (0). */
export function isNamedFrom(automaton: u32, start: usize): bool {
  return meets(automaton, start == 0 ? snakeName : start, snakeEnd);
}

/** The signs between a server's name and a tool's are written as two underscores. */
function isSign(p: usize): bool {
  return load<u8>(p) == 0x5f && load<u8>(p, 1) == 0x5f && load<u8>(p, 2) != 0x5f;
}

/** Writes the name in snake case: `readFile`, `Read-File` → `read_file`; `files.read`, `files/read` → `files__read`. */
function writeSnake(end: usize): void {
  let to = snakeName;
  for (let p = decodedName; p < end; p++) {
    const c = load<u8>(p);
    const isCapital = c >= 0x41 && c <= 0x5a;
    const before = p > decodedName ? load<u8>(p - 1) : 0;
    const after = p + 1 < end ? load<u8>(p, 1) : 0;
    const isAfterSmall = (before >= 0x61 && before <= 0x7a) || (before >= 0x30 && before <= 0x39);
    const isBeforeSmall = after >= 0x61 && after <= 0x7a;
    // readFile, and the F of HTTPFetch.
    if (isCapital && p > decodedName && (isAfterSmall || (before >= 0x41 && before <= 0x5a && isBeforeSmall)))
      store<u8>(to++, 0x5f);
    if (c == 0x2e || c == 0x2f || c == 0x3a) {
      store<u16>(to, 0x5f5f);
      to += 2;
    } else store<u8>(to++, isCapital ? c | 0x20 : c == 0x2d || c == 0x20 ? 0x5f : c);
  }
  snakeEnd = to;
}

/** Whether the automaton's pattern stands anywhere in the text; its edges are the edges of the text, or no token. */
export function meets(index: u32, p: usize, end: usize): bool {
  const automaton = table.automata + <usize>index * layout.AUTOMATON_BYTES;
  let state = step(automaton, layout.START_STATE, 0);
  for (; p < end; p++) {
    state = step(automaton, state, load<u8>(p));
    if (labelOf(automaton, state) != layout.NO_LABEL) return true;
  }
  return labelOf(automaton, step(automaton, state, 0)) != layout.NO_LABEL;
}

// A tools/call against the rules of tool policy: the tool's name in the spellings that servers give it, then its arguments,
// as they are and as a shell would read them. Longer than most files: one walk of the arguments has it all at hand.
import { addFinding, ruleRecord } from '../finding/findings';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { holdsPrivateAddress } from './address';
import { skipSpace } from './json';
import { isMethod, paramsEnd, paramsStart } from './message';
import { isForShell, readAsShell, shellRoom } from './shell';
import { decodeString, Meeting, meet } from './string';
import { isNamed, meets, readName } from './tool-name';
import { stringEnd, Walker } from './walk';

/** What is known of each rule for this call. */
const states: usize = memory.data(256); // MAX_TOOL_RULES
const OUT: u8 = 0;
/** Its tool is called; its argument is still looked for. */
const OPEN: u8 = 1;
const MET: u8 = 2;

const MAX_DEPTH: u32 = 66;
const keys: usize = memory.data(528); // MAX_DEPTH × (start u32, end u32)

// The argument that is looked at, as it says and as a shell reads it; and the strings of an array in a row. Grow.
let text: usize = 0;
let textRoom: u32 = 0;
let joined: usize = 0;
let joinedRoom: u32 = 0;
let joinedLength: u32 = 0;

const members = new Walker();

/** Adds a finding for each rule that message `i`, where it is a call of a tool, meets. */
export function findInCall(i: u32): void {
  if (table.toolRuleCount == 0 || !isMethod(i, 'tools/call')) return;
  let name: usize = 0;
  let nameEnd: usize = 0;
  let given: usize = 0;
  let givenEnd: usize = 0;
  members.start(paramsStart(i), paramsEnd(i));
  while (members.next()) {
    if (meet(members.key, members.keyEnd, 'name') == Meeting.Same) {
      name = members.value;
      nameEnd = members.valueEnd;
    } else if (meet(members.key, members.keyEnd, 'arguments') == Meeting.Same) {
      given = members.value;
      givenEnd = members.valueEnd;
    }
  }
  if (name == 0 || load<u8>(name) != 0x22) return;
  if (!openRules(name + 1, nameEnd - 1)) return;
  if (given != 0) readArguments(given, givenEnd);
  for (let rule: u32 = 0; rule < table.toolRuleCount; rule++) {
    if (load<u8>(states + rule) != MET) continue;
    const record = recordOf(rule);
    // Rules come in order, and one that allows ends them.
    if (load<u8>(record, layout.TOOL_RULE_FLAGS) & layout.TOOL_RULE_FLAG_ALLOW) return;
    const index = <u32>load<u16>(record, layout.TOOL_RULE_INDEX);
    const isHigh = (load<u8>(ruleRecord(index), layout.RULE_FLAGS) & layout.RULE_FLAG_HIGH) != 0;
    addFinding(index, isHigh, 0, i, 0);
  }
}

function recordOf(rule: u32): usize {
  return table.toolRules + <usize>rule * layout.TOOL_RULE_BYTES;
}

/** Marks the rules whose tool has this name; false where there is none. */
function openRules(name: usize, nameEnd: usize): bool {
  readName(name, nameEnd);
  let any = false;
  for (let rule: u32 = 0; rule < table.toolRuleCount; rule++) {
    const record = recordOf(rule);
    const automaton = load<u32>(record, layout.TOOL_RULE_NAME);
    const isMet = automaton == <u32>layout.NO_AUTOMATON || isNamed(automaton);
    const wantsArgument =
      load<u32>(record, layout.TOOL_RULE_ARGUMENT) != <u32>layout.NO_AUTOMATON ||
      load<u32>(record, layout.TOOL_RULE_KEY) != <u32>layout.NO_AUTOMATON;
    store<u8>(states + rule, !isMet ? OUT : wantsArgument ? OPEN : MET);
    any = any || isMet;
  }
  return any;
}

/** Looks at every value of the arguments, and at the texts of each array in a row: a command may come in parts. */
function readArguments(start: usize, end: usize): void {
  let depth: u32 = 0;
  store<u64>(keys, 0);
  joinedLength = 0;
  for (let p = start; p < end; ) {
    const c = load<u8>(p);
    if (c == 0x22) {
      const after = stringEnd(p, end);
      const colon = skipSpace(after, end);
      if (colon < end && load<u8>(colon) == 0x3a) {
        store<u32>(keys + ((<usize>depth) << 3), <u32>(p + 1));
        store<u32>(keys + ((<usize>depth) << 3), <u32>(after - 1), 4);
        p = colon + 1;
      } else {
        readValue(p + 1, after - 1, depth, true);
        p = after;
      }
    } else if (c == 0x7b || c == 0x5b) {
      if (depth + 1 < MAX_DEPTH) depth++;
      // An array's values belong to the key of the array.
      store<u64>(keys + ((<usize>depth) << 3), load<u64>(keys + ((<usize>(depth - 1)) << 3)));
      joinedLength = 0;
      p++;
    } else if (c == 0x7d || c == 0x5d) {
      if (c == 0x5d && joinedLength > 0) readJoined(depth);
      joinedLength = 0;
      if (depth > 0) depth--;
      p++;
    } else if (c == 0x2c || c == 0x3a || c <= 0x20) p++;
    else {
      const from = p;
      while (p < end && load<u8>(p) != 0x2c && load<u8>(p) != 0x7d && load<u8>(p) != 0x5d && load<u8>(p) > 0x20) p++;
      readValue(from, p, depth, false);
    }
  }
}

function readValue(start: usize, end: usize, depth: u32, isString: bool): void {
  const length = <u32>(end - start);
  reserve(length);
  let to = text;
  if (isString) to = decodeString(start, end, text);
  else {
    memory.copy(text, start, length);
    to += length;
  }
  readText(text, to, depth);
  if (!isString) return;
  reserveJoined(length + 1);
  if (joinedLength > 0) store<u8>(joined + joinedLength++, 0x20);
  memory.copy(joined + joinedLength, text, to - text);
  joinedLength += <u32>(to - text);
}

function readJoined(depth: u32): void {
  reserve(joinedLength);
  memory.copy(text, joined, joinedLength);
  readText(text, text + joinedLength, depth);
}

/** Runs the open rules over a text that lies at `text`, with room behind it for what a shell makes of it. */
function readText(start: usize, end: usize, depth: u32): void {
  let shell: usize = 0;
  let shellEnd: usize = 0;
  if (isForShell(start, end)) {
    shell = end;
    shellEnd = readAsShell(start, end, shell);
  }
  for (let rule: u32 = 0; rule < table.toolRuleCount; rule++) {
    if (load<u8>(states + rule) != OPEN) continue;
    const record = recordOf(rule);
    const key = load<u32>(record, layout.TOOL_RULE_KEY);
    const argument = load<u32>(record, layout.TOOL_RULE_ARGUMENT);
    if (load<u8>(record, layout.TOOL_RULE_FLAGS) & layout.TOOL_RULE_FLAG_PRIVATE) {
      const keyStart = <usize>load<u32>(keys + ((<usize>depth) << 3));
      const keyEnd = <usize>load<u32>(keys + ((<usize>depth) << 3), 4);
      if (holdsPrivateAddress(start, end, key != <u32>layout.NO_AUTOMATON && meets(key, keyStart, keyEnd)))
        store<u8>(states + rule, MET);
      continue;
    }
    if (key != <u32>layout.NO_AUTOMATON) {
      const keyStart = <usize>load<u32>(keys + ((<usize>depth) << 3));
      const keyEnd = <usize>load<u32>(keys + ((<usize>depth) << 3), 4);
      if (!meets(key, keyStart, keyEnd)) continue;
    }
    if (
      argument == <u32>layout.NO_AUTOMATON ||
      meets(argument, start, end) ||
      (shell != 0 && meets(argument, shell, shellEnd))
    )
      store<u8>(states + rule, MET);
  }
}

function reserve(length: u32): void {
  const wanted = length + shellRoom(length) + 64;
  if (wanted <= textRoom) return;
  if (text != 0) heap.free(text);
  textRoom = (wanted + 0xfff) & ~0xfff;
  text = heap.alloc(textRoom);
}

function reserveJoined(more: u32): void {
  const wanted = joinedLength + more + 1;
  if (wanted <= joinedRoom) return;
  const room = (wanted + (wanted >> 1) + 0xfff) & ~0xfff;
  const block = heap.alloc(room);
  if (joined != 0) {
    memory.copy(block, joined, joinedLength);
    heap.free(joined);
  }
  joined = block;
  joinedRoom = room;
}

// The tools of a tools/list answer: where each definition stands in the text, and the text without some of them. Any
// result with a list of `tools` is read as one, whatever was asked, so that no answer hides a definition.
import { isVariant, messageCount, resultEnd, resultStart } from './message';
import { Meeting, meet } from './string';
import { Walker } from './walk';

/** Far more than any client offers a model; more make the list unreadable. */
const MAX_TOOLS: u32 = 4096;
const TOOL_BYTES: u32 = 20;
const START: usize = 0;
const END: usize = 4;
const NAME: usize = 8;
const NAME_END: usize = 12;
const DROPPED: usize = 16;

// Records of the tools, and of the lists that they stand in. Grow to the most so far.
let tools: usize = 0;
let room: u32 = 0;
const lists: usize = memory.data(768); // 64 messages × (start u32, end u32, first tool u32)
/** Lists in the messages that were read last. */
export let listCount: u32 = 0;

/** Tools of the messages that were read last. */
export let toolCount: u32 = 0;
/** Whether the messages name a further page of a list. */
export let hasNextPage: bool = false;
/** Why the last readTools refused: a word of a definition in another spelling, not too many tools. */
export let toolHadVariant: bool = false;

const members = new Walker();
const elements = new Walker();
const definition = new Walker();

/** Finds the tools in the messages that message.ts read last; false where they cannot be read. */
export function readTools(): bool {
  toolCount = 0;
  listCount = 0;
  toolHadVariant = false;
  hasNextPage = false;
  for (let i: u32 = 0; i < messageCount; i++) {
    members.start(resultStart(i), resultEnd(i));
    while (members.next()) {
      const first = load<u8>(members.value);
      if (first == 0x5b && meet(members.key, members.keyEnd, 'tools') == Meeting.Same) {
        if (!readList(members.value, members.valueEnd)) return false;
      } else if (first != 0x6e && meet(members.key, members.keyEnd, 'nextCursor') == Meeting.Same) hasNextPage = true;
    }
  }
  return true;
}

function readList(start: usize, end: usize): bool {
  const list = lists + <usize>listCount * 12;
  store<u32>(list, <u32>start);
  store<u32>(list, <u32>end, 4);
  store<u32>(list, toolCount, 8);
  listCount++;
  elements.start(start, end);
  while (elements.next()) {
    if (toolCount == MAX_TOOLS) return false;
    if (toolCount == room) grow();
    const tool = recordOf(toolCount++);
    store<u32>(tool, <u32>elements.value, START);
    store<u32>(tool, <u32>elements.valueEnd, END);
    store<u32>(tool, 0, NAME);
    store<u32>(tool, 0, NAME_END);
    store<u32>(tool, 0, DROPPED);
    if (!readDefinition(tool)) return false;
  }
  return true;
}

/** Finds the tool's name; false where one of the words that clients read is spelt otherwise. */
function readDefinition(tool: usize): bool {
  definition.start(load<u32>(tool, START), load<u32>(tool, END));
  while (definition.next()) {
    const key = definition.key;
    const end = definition.keyEnd;
    const name = meet(key, end, 'name');
    if (name == Meeting.Same && load<u8>(definition.value) == 0x22) {
      store<u32>(tool, <u32>definition.value + 1, NAME);
      store<u32>(tool, <u32>definition.valueEnd - 1, NAME_END);
    }
    toolHadVariant =
      name == Meeting.Variant ||
      isVariant(key, end, 'title') ||
      isVariant(key, end, 'description') ||
      isVariant(key, end, 'inputSchema') ||
      isVariant(key, end, 'outputSchema') ||
      isVariant(key, end, 'annotations') ||
      isVariant(key, end, '_meta');
    if (toolHadVariant) return false;
  }
  return true;
}

function grow(): void {
  const more = max<u32>(64, room << 1);
  const block = heap.alloc(<usize>more * TOOL_BYTES);
  if (tools != 0) {
    memory.copy(block, tools, <usize>room * TOOL_BYTES);
    heap.free(tools);
  }
  tools = block;
  room = more;
}

function recordOf(i: u32): usize {
  return tools + <usize>i * TOOL_BYTES;
}

/** The definition of tool `i`, from its brace to the byte behind the last one. */
export function toolStart(i: u32): usize {
  return load<u32>(recordOf(i), START);
}
export function toolEnd(i: u32): usize {
  return load<u32>(recordOf(i), END);
}

/** The name of tool `i` as it is written, without the quotes; 0 and 0 where it has none. */
export function toolName(i: u32): usize {
  return load<u32>(recordOf(i), NAME);
}
export function toolNameEnd(i: u32): usize {
  return load<u32>(recordOf(i), NAME_END);
}

/** Leaves tool `i` out of what writeKept writes. */
export function dropTool(i: u32): void {
  store<u32>(recordOf(i), 1, DROPPED);
}

export function isDropped(i: u32): bool {
  return load<u32>(recordOf(i), DROPPED) != 0;
}

/** Writes the text from `start` to `end` without the tools that were dropped to `to`; gives the end. Never longer. */
export function writeKept(start: usize, end: usize, to: usize): usize {
  let from = start;
  for (let list: u32 = 0; list < listCount; list++) {
    const record = lists + <usize>list * 12;
    const close = <usize>load<u32>(record, 4) - 1;
    const firstTool = load<u32>(record, 8);
    const pastLast = list + 1 < listCount ? load<u32>(record + 12, 8) : toolCount;
    to = copy(from, <usize>load<u32>(record) + 1, to);
    let isFirst = true;
    for (let i = firstTool; i < pastLast; i++) {
      if (isDropped(i)) continue;
      if (!isFirst) store<u8>(to++, 0x2c);
      isFirst = false;
      to = copy(toolStart(i), toolEnd(i), to);
    }
    from = close;
  }
  return copy(from, end, to);
}

/** Writes the text without any definition to `to`, for what stands round them to be read by itself; gives the end. */
export function writeAround(start: usize, end: usize, to: usize): usize {
  let from = start;
  for (let i: u32 = 0; i < toolCount; i++) {
    to = copy(from, toolStart(i), to);
    from = toolEnd(i);
  }
  return copy(from, end, to);
}

function copy(from: usize, end: usize, to: usize): usize {
  memory.copy(to, from, end - from);
  return to + (end - from);
}

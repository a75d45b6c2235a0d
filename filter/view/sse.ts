// The joined stream: what the events of a model's answer say, put together. An event's JSON holds small pieces of texts
// that go on over many events: OpenAI chat (choices[].delta.content, tool_calls[].function.arguments) and responses
// (response.output_text.delta), Anthropic messages (delta.text, delta.partial_json), Gemini (candidates[].content.parts[]
// .text), Ollama (message.content, response), results of MCP (content[].text). Their names are few, so a piece is any
// string under such a name, and the text that it goes on is told by the path to it and the numbers that stand beside it
// (index, output_index …), which is how all of these APIs keep choices apart.

/** What a client that reads the stream expects it to end like. */
export const DIALECT_UNKNOWN: u8 = 0;
export const DIALECT_OPENAI_CHAT: u8 = 1;
export const DIALECT_OPENAI_RESPONSES: u8 = 2;
export const DIALECT_ANTHROPIC: u8 = 3;
export const DIALECT_GEMINI: u8 = 4;
export const DIALECT_OLLAMA_CHAT: u8 = 5;
export const DIALECT_OLLAMA_GENERATE: u8 = 6;

/** An event with more pieces is no delta: what is left is read in the event itself. */
const MOST_PIECES: u32 = 64;
/** Deeper levels hold no text of any of the APIs. */
const MAX_DEPTH: u32 = 24;
const FNV_OFFSET: u32 = 0x811c9dc5;
const FNV_PRIME: u32 = 0x01000193;

const PIECE_BYTES: usize = 12;
const pieces: usize = memory.data(768); // MOST_PIECES × (start, end, channel)
// For each level: hash of the path, first piece inside, hash of its numbers, whether it is an object.
const LEVEL_BYTES: usize = 16;
const levels: usize = memory.data(416); // (MAX_DEPTH + 2) × LEVEL_BYTES

/** Pieces of the last event. */
export let pieceCount: u32 = 0;
/** The API that the last event is of, where it shows. */
export let dialect: u8 = DIALECT_UNKNOWN;
/** The numbers of the last event that place its text: `index` or `output_index`, and `content_index`. */
export let eventIndex: u32 = 0;
export let contentIndex: u32 = 0;
/** The last event's `item_id`, inside its quotes; empty where it has none. */
export let itemIdStart: usize = 0;
export let itemIdLength: u32 = 0;

/** A piece's text, inside its quotes, as it is written in the JSON. */
export function pieceStart(i: u32): usize {
  return <usize>load<u32>(pieces + <usize>i * PIECE_BYTES);
}

export function pieceEnd(i: u32): usize {
  return <usize>load<u32>(pieces + <usize>i * PIECE_BYTES, 4);
}

/** Which text the piece goes on: equal numbers, the same text. */
export function pieceChannel(i: u32): u32 {
  return load<u32>(pieces + <usize>i * PIECE_BYTES, 8);
}

/** Where the data of a line of an event stream begins (`data: …`, or a line of JSON), or 0 where it has none. */
export function dataStart(start: usize, end: usize): usize {
  if (end - start >= 5 && load<u32>(start) == 0x61746164 && load<u8>(start, 4) == 0x3a)
    return start + (end - start > 5 && load<u8>(start, 5) == 0x20 ? 6 : 5);
  return start < end && (load<u8>(start) == 0x7b || load<u8>(start) == 0x5b) ? start : 0;
}

/** Reads one event's JSON, tolerantly: what is no JSON has no pieces from there on. False where it does not begin as one. */
export function readPieces(start: usize, end: usize): bool {
  pieceCount = 0;
  dialect = DIALECT_UNKNOWN;
  eventIndex = 0;
  contentIndex = 0;
  itemIdLength = 0;
  while (start < end && isSpace(load<u8>(start))) start++;
  if (start >= end || (load<u8>(start) != 0x7b && load<u8>(start) != 0x5b)) return false;
  let depth: u32 = 0;
  let key: u32 = 0; // hash of the key whose value comes next; 0 where a key or an element is next
  let keyStart: usize = 0;
  let keyLength: u32 = 0;
  setLevel(0, FNV_OFFSET, false);
  for (let p = start; p < end; ) {
    const c = load<u8>(p);
    if (c == 0x7b || c == 0x5b) {
      if (depth == MAX_DEPTH) return true;
      depth++;
      setLevel(depth, mix(levelPath(depth - 1), key), c == 0x7b);
      key = 0;
      p++;
    } else if (c == 0x7d || c == 0x5d) {
      if (depth == 0) return true;
      closeLevel(depth);
      depth--;
      key = 0;
      if (depth == 0) return true;
      p++;
    } else if (c == 0x22) {
      const stringEnd = endOfString(p + 1, end);
      if (stringEnd == 0) return true;
      if (levelIsObject(depth) && key == 0) {
        keyStart = p + 1;
        keyLength = <u32>(stringEnd - keyStart);
        key = hash(keyStart, stringEnd) | 1;
      } else {
        noteString(depth, keyStart, keyLength, key, p + 1, stringEnd);
        key = 0;
      }
      p = stringEnd + 1;
    } else if (c == 0x2c) {
      key = 0;
      p++;
    } else if (c >= 0x30 && c <= 0x39) {
      let value: u32 = 0;
      while (p < end && load<u8>(p) >= 0x30 && load<u8>(p) <= 0x39) value = value * 10 + load<u8>(p++) - 0x30;
      if (key != 0 && isIndex(keyStart, keyLength)) noteIndex(depth, keyStart, keyLength, value);
    } else p++;
  }
  return true;
}

function setLevel(depth: u32, path: u32, isObject: bool): void {
  const level = levels + <usize>depth * LEVEL_BYTES;
  store<u32>(level, path);
  store<u32>(level, pieceCount, 4);
  store<u32>(level, 0, 8);
  store<u32>(level, <u32>isObject, 12);
}

function levelPath(depth: u32): u32 {
  return load<u32>(levels + <usize>depth * LEVEL_BYTES);
}

function levelIsObject(depth: u32): bool {
  return load<u32>(levels + <usize>depth * LEVEL_BYTES, 12) != 0;
}

/** The numbers of an object place all texts inside it, those before the number as well. */
function closeLevel(depth: u32): void {
  const level = levels + <usize>depth * LEVEL_BYTES;
  const numbers = load<u32>(level, 8);
  if (numbers == 0) return;
  for (let i = load<u32>(level, 4); i < pieceCount; i++) {
    const piece = pieces + <usize>i * PIECE_BYTES;
    store<u32>(piece, mix(load<u32>(piece, 8), numbers), 8);
  }
}

function noteString(depth: u32, keyStart: usize, keyLength: u32, key: u32, start: usize, end: usize): void {
  if (depth == 1 || (depth == 2 && dialect == DIALECT_UNKNOWN)) noteDialect(keyStart, keyLength, start, end);
  if (key == 0 || start == end) return;
  if (isKey(keyStart, keyLength, 'item_id')) {
    itemIdStart = start;
    itemIdLength = <u32>(end - start);
  }
  if (!isText(keyStart, keyLength) || pieceCount == MOST_PIECES) return;
  const piece = pieces + <usize>pieceCount * PIECE_BYTES;
  store<u32>(piece, <u32>start);
  store<u32>(piece, <u32>end, 4);
  store<u32>(piece, mix(levelPath(depth), key), 8);
  pieceCount++;
}

function noteIndex(depth: u32, keyStart: usize, keyLength: u32, value: u32): void {
  const level = levels + <usize>depth * LEVEL_BYTES;
  store<u32>(level, mix(load<u32>(level, 8), value + 1) | 1, 8);
  if (depth != 1) return;
  if (isKey(keyStart, keyLength, 'content_index')) contentIndex = value;
  else eventIndex = value;
}

/** Keys that hold the text of an answer. */
function isText(p: usize, length: u32): bool {
  return (
    isKey(p, length, 'content') ||
    isKey(p, length, 'text') ||
    isKey(p, length, 'delta') ||
    isKey(p, length, 'arguments') ||
    isKey(p, length, 'partial_json') ||
    isKey(p, length, 'thinking') ||
    isKey(p, length, 'response') ||
    isKey(p, length, 'refusal') ||
    isKey(p, length, 'reasoning') ||
    isKey(p, length, 'reasoning_content')
  );
}

/** Keys whose number tells one text from another. */
function isIndex(p: usize, length: u32): bool {
  return isKey(p, length, 'index') || isKey(p, length, 'output_index') || isKey(p, length, 'content_index');
}

/** Tells the API by the `object` or `type` of the event, or by a name that only one of them has. */
function noteDialect(keyStart: usize, keyLength: u32, start: usize, end: usize): void {
  const length = <u32>(end - start);
  if (isKey(keyStart, keyLength, 'object')) {
    if (isKey(start, length, 'chat.completion.chunk')) dialect = DIALECT_OPENAI_CHAT;
  } else if (isKey(keyStart, keyLength, 'type')) {
    if (begins(start, length, 'response.')) dialect = DIALECT_OPENAI_RESPONSES;
    else if (begins(start, length, 'content_block_') || begins(start, length, 'message_')) dialect = DIALECT_ANTHROPIC;
  } else if (isKey(keyStart, keyLength, 'response')) dialect = DIALECT_OLLAMA_GENERATE;
}

/** The API of an event that does not name it, by the first key of its levels: asked once, for the stream's first events. */
export function guessDialect(start: usize, end: usize): u8 {
  if (dialect != DIALECT_UNKNOWN) return dialect;
  if (holds(start, end, '"choices"')) return DIALECT_OPENAI_CHAT;
  if (holds(start, end, '"candidates"')) return DIALECT_GEMINI;
  if (holds(start, end, '"message"') && holds(start, end, '"done"')) return DIALECT_OLLAMA_CHAT;
  return DIALECT_UNKNOWN;
}

/** The closing quote of the string that begins at `p`, or 0. */
function endOfString(p: usize, end: usize): usize {
  for (; p < end; p++) {
    const c = load<u8>(p);
    if (c == 0x22) return p;
    if (c == 0x5c) p++;
  }
  return 0;
}

function hash(p: usize, end: usize): u32 {
  let value = FNV_OFFSET;
  for (; p < end; p++) value = (value ^ load<u8>(p)) * FNV_PRIME;
  return value;
}

function mix(value: u32, other: u32): u32 {
  return (rotl(value, 5) ^ other) * FNV_PRIME;
}

function isKey(p: usize, length: u32, literal: string): bool {
  return length == <u32>literal.length && begins(p, length, literal);
}

function begins(p: usize, length: u32, literal: string): bool {
  if (length < <u32>literal.length) return false;
  const units = changetype<usize>(literal);
  for (let i: usize = 0; i < <usize>literal.length; i++)
    if (load<u8>(p + i) != <u8>load<u16>(units + (i << 1))) return false;
  return true;
}

function holds(p: usize, end: usize, literal: string): bool {
  for (; p < end; p++) if (load<u8>(p) == 0x22 && begins(p, <u32>(end - p), literal)) return true;
  return false;
}

function isSpace(c: u8): bool {
  return c == 0x20 || c == 0x09 || c == 0x0a || c == 0x0d;
}

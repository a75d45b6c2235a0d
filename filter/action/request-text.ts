// URL and headers of a request as texts to read, from the serialized pairs in the host buffer.
import { lower } from '../finding/near';
import { Bytes, PairReader } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { isRead } from '../verdict/verdict';
import { appendByte, appendText, beginText, nextText, roomForTwo } from './text';

const AUTHORITY = Bytes.of(':authority');
const PATH = Bytes.of(':path');
const reader = new PairReader();

/** Puts the host and the path together; the host comes first. Leaves room for the headers' text behind. */
export function writeUrlText(pairs: usize, length: u32): void {
  beginText(roomForTwo(length));
  writeValue(pairs, length, AUTHORITY);
  writeValue(pairs, length, PATH);
}

function writeValue(pairs: usize, length: u32, name: Bytes): void {
  reader.start(pairs, length);
  while (reader.next()) if (name.equals(reader.name, reader.nameLength)) appendText(reader.value, reader.valueLength);
}

/**
 * Behind the URL's text puts `name: value` of every header that policy wants read, on a line each; headers that carry
 * the caller's own credential are left out where they may. A line is its header and three bytes more, where the pairs
 * spend ten: it all fits.
 */
export function writeHeaderText(pairs: usize, length: u32, mayCarryOwn: bool): void {
  nextText();
  if (!isRead(layout.SURFACE_HEADER)) return;
  reader.start(pairs, length);
  while (reader.next()) {
    if (!isWanted(reader.name, reader.nameLength)) continue;
    if (mayCarryOwn && isInList(reader.name, reader.nameLength, table.policy + layout.POLICY_OWN_HEADER_WORDS))
      continue;
    appendLine(reader);
  }
}

/** Whether policy wants the header of this name read, in requests and answers. */
export function isWanted(name: usize, length: u32): bool {
  const mode = <i32>load<u8>(table.policy, layout.POLICY_HEADER_MODE);
  if (mode == layout.HEADER_MODE_NONE || length == 0 || load<u8>(name) == 0x3a) return false;
  return isInList(name, length, table.policy + layout.POLICY_HEADER_WORDS) == (mode == layout.HEADER_MODE_LISTED);
}

/** Appends the reader's pair to the text as a line: `name: value`. */
export function appendLine(pair: PairReader): void {
  appendText(pair.name, pair.nameLength);
  appendByte(0x3a);
  appendByte(0x20);
  appendText(pair.value, pair.valueLength);
  appendByte(0x0a);
}

/** Whether a header name is in a list of words; header names have no case (RFC 9110 section 5.1). */
function isInList(name: usize, nameLength: u32, list: usize): bool {
  let word = table.words + <usize>load<u32>(list) * layout.WORD_BYTES;
  const count = load<u32>(list, 4);
  for (let i: u32 = 0; i < count; i++, word += layout.WORD_BYTES) {
    if (load<u32>(word, layout.WORD_LENGTH) != nameLength) continue;
    const text = table.strings + <usize>load<u32>(word, layout.WORD_OFFSET);
    let at: usize = 0;
    while (at < nameLength && lower(load<u8>(name + at)) == load<u8>(text + at)) at++;
    if (at == nameLength) return true;
  }
  return false;
}

// What Envoy's access log says of the findings of an exchange: one property of the stream, written only where there is
// something to say, so that the line of a clean exchange costs no call of the host.
import { Bytes, getProperty, result, Status, setProperty, Writer } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { Exchange } from './exchange';
import { writeChain, writeSurface, writeVerdict } from './names';

const FOUND = Bytes.of('penstock.found');
const READ_FOUND = Bytes.of('filter_state\0wasm.penstock.found');
/** Some twenty ids of rules; what is too much is left out. */
const NOTE_BYTES: u32 = 1024;
const note: usize = memory.data(1024);
const writer = new Writer();
/** No surface: a message that could not be read. */
export const NO_SURFACE: i32 = -1;

/**
 * Adds a finding or an unreadable: `VERDICT SURFACE VIEW REQUEST RULE…`, of which the first four tell of the strongest
 * one (`-` where it has none), and the rules are all that were met, each once. Read by control/serve/exchange.ts.
 * @param name the rule's id, or the unreadable's name, in memory of ours
 */
export function noteFound(
  exchange: Exchange,
  verdict: i32,
  surface: i32,
  chain: u32,
  name: usize,
  nameLength: u32,
  requestId: u64,
): void {
  let rules: usize = 0;
  let rulesLength: u32 = 0;
  let head: usize = 0;
  let headLength: u32 = 0;
  if (exchange.noted != layout.VERDICT_ALLOW && getProperty(READ_FOUND.pointer, READ_FOUND.length) == Status.Ok) {
    head = result.pointer();
    headLength = afterFourth(head, result.length());
    rules = head + headLength;
    rulesLength = result.length() - headLength;
  }
  const isStronger = verdict > exchange.noted;
  const isNew = !holdsWord(rules, rulesLength, name, nameLength);
  if (!isStronger && !isNew) return;
  writer.start(note, NOTE_BYTES);
  if (isStronger) {
    exchange.noted = verdict;
    writeVerdict(writer, verdict);
    writer.ascii(' ');
    if (surface == NO_SURFACE) writer.ascii('- -');
    else {
      writeSurface(writer, surface);
      writer.ascii(' ');
      writeChain(writer, chain);
    }
    writer.ascii(' ').hex(requestId, 16);
  } else writer.bytes(head, headLength);
  writer.bytes(rules, rulesLength);
  if (isNew) {
    const before = writer.length;
    writer.ascii(' ').bytes(name, nameLength);
    if (writer.overflowed) writer.rewind(before);
  }
  setProperty(FOUND.pointer, FOUND.length, writer.pointer, writer.length);
}

/** Where the fourth word of a text ends. */
function afterFourth(text: usize, length: u32): u32 {
  let spaces = 0;
  for (let i: u32 = 0; i < length; i++) if (load<u8>(text + i) == 0x20 && ++spaces == 4) return i;
  return length;
}

function holdsWord(text: usize, length: u32, word: usize, wordLength: u32): bool {
  let start: u32 = 0;
  for (let i: u32 = 0; i <= length; i++) {
    if (i < length && load<u8>(text + i) != 0x20) continue;
    if (i - start == wordLength && memory.compare(text + start, word, wordLength) == 0) return true;
    start = i + 1;
  }
  return false;
}

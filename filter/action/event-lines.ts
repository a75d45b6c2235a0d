// The lines of a server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html), and the message in it.
import { messageRoom } from './mcp';

/** Length of the data of the event that was read last; it lies in messageRoom, its lines joined. */
export let dataLength: u32 = 0;
/** Whether that event is of the type that carries messages. */
export let isMessage: bool = true;
/** Whether it names where messages are sent to. */
export let isEndpoint: bool = false;
/** Whether it has lines beside its data and its type. */
export let hasOthers: bool = false;

/** Reads the event's lines. */
export function readEvent(start: usize, end: usize): void {
  const room = messageRoom(<u32>(end - start));
  dataLength = 0;
  isMessage = true;
  isEndpoint = false;
  hasOthers = false;
  for (let line = start; line < end; ) {
    const lineEnd = endOfLine(line, end);
    if (isField(line, lineEnd, 'data')) {
      // Several lines of data are one text with line breaks between.
      if (dataLength > 0) store<u8>(room + dataLength++, 0x0a);
      const value = valueOf(line, lineEnd, 4);
      memory.copy(room + dataLength, value, lineEnd - value);
      dataLength += <u32>(lineEnd - value);
    } else if (isField(line, lineEnd, 'event')) {
      const value = valueOf(line, lineEnd, 5);
      isMessage =
        value == lineEnd ||
        (lineEnd - value == 7 && load<u32>(value) == 0x7373656d && load<u32>(value, 3) == 0x65676173);
      isEndpoint = lineEnd - value == 8 && load<u64>(value) == 0x746e696f70646e65;
      if (!isMessage) hasOthers = true;
    } else if (lineEnd > line) hasOthers = true;
    line = nextLine(lineEnd, end);
  }
}

export function endOfLine(p: usize, end: usize): usize {
  while (p < end && load<u8>(p) != 0x0a && load<u8>(p) != 0x0d) p++;
  return p;
}

export function nextLine(lineEnd: usize, end: usize): usize {
  if (lineEnd >= end) return end;
  return lineEnd + 1 < end && load<u8>(lineEnd) == 0x0d && load<u8>(lineEnd, 1) == 0x0a ? lineEnd + 2 : lineEnd + 1;
}

/** Whether a line is of the field `name`. A byte order mark may stand before the first line of a stream. */
export function isField(line: usize, lineEnd: usize, name: string): bool {
  line = pastMark(line, lineEnd);
  const length = <usize>name.length;
  if (lineEnd - line < length) return false;
  for (let i: usize = 0; i < length; i++) if (load<u8>(line + i) != <u8>name.charCodeAt(<i32>i)) return false;
  return lineEnd - line == length || load<u8>(line + length) == 0x3a;
}

/** Where the value of a line begins, whose field's name has `length` letters. */
function valueOf(line: usize, lineEnd: usize, length: usize): usize {
  const p = pastMark(line, lineEnd) + length + 1;
  if (p >= lineEnd) return lineEnd;
  return load<u8>(p) == 0x20 ? p + 1 : p;
}

function pastMark(line: usize, lineEnd: usize): usize {
  const isMark = lineEnd - line >= 3 && load<u16>(line) == 0xbbef && load<u8>(line, 2) == 0xbf;
  return isMark ? line + 3 : line;
}

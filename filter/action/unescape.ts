// The inside of a JSON string as what it says.
import { escapeLength, NO_ESCAPE, writeEscape } from '../view/escape';
import { backslashEscape } from '../view/json';

/** Writes a JSON string's inside with its escapes opened to `out`, which has as much room; gives the end. */
export function unescape(start: usize, end: usize, out: usize): usize {
  for (let p = start; p < end; ) {
    const c = load<u8>(p);
    const escape = c == 0x5c ? backslashEscape(p, end) : NO_ESCAPE;
    if (escape == NO_ESCAPE) {
      store<u8>(out++, c);
      p++;
    } else {
      out = writeEscape(escape, out);
      p += escapeLength(escape);
    }
  }
  return out;
}

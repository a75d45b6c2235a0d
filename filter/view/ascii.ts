// Characters that are read as other ASCII characters, or not seen (control/rules/ascii.ts): `ｇｈｐ＿…`, `AKI\u200bA…`, control
// bytes in a word, and Cyrillic letters among Latin ones. A text of another script holds such letters too, and then they are what they are: they count
// only where they touch ASCII.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { findNoPrintable } from './find-byte';

const NOT_SEEN: u32 = 0;
const ITSELF: u32 = 0xffffffff;
/** Set beside the code of a character: a letter of another script that looks like it. */
const LOOKS: u32 = 0x100;

/** Whether a character of the text stands for ASCII, beside what it may make a token with. Reads up to 15 bytes past `end`. */
export function hasAsciiForms(start: usize, end: usize): bool {
  // The character before p: none of a token, one of ASCII, or another that is read as such.
  let isAfterAscii = false;
  let isAfterForm = false;
  let isAfterHidden = false;
  let goesOnAt: usize = 0;
  for (let p = findNoPrintable(start, end); p < end; p = findNoPrintable(p, end)) {
    if (p != goesOnAt) {
      isAfterAscii = p > start && isToken(load<u8>(p - 1));
      isAfterForm = false;
      isAfterHidden = false;
    }
    const length = lengthOf(p, end);
    const isBeforeAscii = p + length < end && isToken(load<u8>(p + length));
    const code = readAs(p, length, isAfterAscii || isBeforeAscii);
    p += length;
    goesOnAt = p;
    if (code == NOT_SEEN) {
      if ((isAfterAscii || isAfterForm) && isBeforeAscii) return true;
      isAfterHidden = true;
      continue;
    }
    const isForm = code != ITSELF && isToken(<u8>code);
    if (isForm) {
      if (isBeforeAscii || isAfterAscii) return true;
      // Two letters of another script are a word of it.
      if (isAfterForm && ((code & LOOKS) == 0 || isAfterHidden)) return true;
    }
    isAfterAscii = false;
    isAfterForm = isForm;
    isAfterHidden = false;
  }
  return false;
}

/** Writes the text with its characters as they are read to `out`; gives the end. No longer than the text. */
export function openAsciiForms(start: usize, end: usize, out: usize): usize {
  for (let p = start; p < end; ) {
    const next = findNoPrintable(p, end);
    memory.copy(out, p, next - p);
    out += next - p;
    p = next;
    if (p >= end) break;
    const length = lengthOf(p, end);
    const code = readAs(p, length, true);
    if (code == ITSELF) {
      memory.copy(out, p, length);
      out += length;
    } else if (code != NOT_SEEN) store<u8>(out++, <u8>code);
    p += length;
  }
  return out;
}

/** Bytes of the character at `p`, or 1 where its bytes are none (RFC 3629). */
function lengthOf(p: usize, end: usize): usize {
  const c = load<u8>(p);
  const length: usize = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
  if (p + length > end) return 1;
  for (let i: usize = 1; i < length; i++) if ((load<u8>(p + i) & 0xc0) != 0x80) return 1;
  return length;
}

function codePoint(p: usize, length: usize): u32 {
  if (length == 1) return load<u8>(p);
  let code = <u32>load<u8>(p) & (<u32>0x7f >> <u32>length);
  for (let i: usize = 1; i < length; i++) code = (code << 6) | (<u32>load<u8>(p + i) & 63);
  return code;
}

/** What the character at `p` is read as, beside ASCII or not. Control bytes but for tabs and line ends are not seen. */
function readAs(p: usize, length: usize, isBesideAscii: bool): u32 {
  const c = load<u8>(p);
  if (c < 0x20) return c == 0x09 || c == 0x0a || c == 0x0d ? ITSELF : NOT_SEEN;
  return mayBeForm(p, isBesideAscii) ? asciiOf(codePoint(p, length)) : ITSELF;
}

/**
 * Whether the character at `p` is worth a search, by its first byte: those of the blocks from Hiragana to Hangul never are,
 * and those of alphabets only beside ASCII.
 */
function mayBeForm(p: usize, isBesideAscii: bool): bool {
  const c = load<u8>(p);
  return c < 0xe0 ? isBesideAscii : c < 0xe3 || c >= 0xef || (c == 0xea && isBesideAscii);
}

/** The code of the ASCII character that a code point is read as, with LOOKS; NOT_SEEN, or ITSELF. */
function asciiOf(code: u32): u32 {
  let low: u32 = 0;
  let high = table.asciiRunCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    const run = table.asciiRuns + <usize>middle * layout.ASCII_RUN_BYTES;
    const record = load<u32>(run);
    const first = record & ((1 << layout.ASCII_RUN_CODE_SHIFT) - 1);
    const count = <u32>load<u16>(run, layout.ASCII_RUN_COUNT);
    if (code < first) high = middle;
    else if (code - first >= (count & ~(<u32>layout.ASCII_RUN_LOOKS))) low = middle + 1;
    else {
      const ascii = record >> layout.ASCII_RUN_CODE_SHIFT;
      if (ascii == 0) return NOT_SEEN;
      return (ascii + code - first) | ((count & <u32>layout.ASCII_RUN_LOOKS) != 0 ? LOOKS : 0);
    }
  }
  return ITSELF;
}

/** Letters, digits and _ - */
function isToken(c: u8): bool {
  const isLetter = (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
  return isLetter || (c >= 0x30 && c <= 0x39) || c == 0x2d || c == 0x5f;
}

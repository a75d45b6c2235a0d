// Escapes opened within the text they stand in. Kinds that lose nothing are opened in place of the text; the others can
// be something else as well, `100%4242…`, `token=ABcd…`, and are opened beside it.
import { entityEscape } from './entity';
import { byte, escapeLength, NO_ESCAPE, writeEscape } from './escape';
import { findByte } from './find-byte';
import { backslashEscape, unescaped } from './json';
import { percentEscape } from './percent';
import { isQuoted, quotedEscape } from './quoted-printable';
import { AMPERSANDS, BACKSLASHES, EQUALS, PERCENTS, PLUSES } from './signs';

/** The kinds, as signs, of which the last text opened held an escape. */
export let openedKinds: u32 = 0;
/** Which of the two that are opened in place the last text opened so still holds the sign of. */
export let leftKinds: u32 = 0;

/** Writes the text with its entities and, where asked for, its backslash escapes opened to `out`, as openBeside does. */
export function openInPlace(start: usize, end: usize, out: usize, withBackslashes: bool): usize {
  openedKinds = 0;
  leftKinds = withBackslashes ? 0 : BACKSLASHES;
  const backslash = i8x16.splat(withBackslashes ? 0x5c : 0x26);
  const ampersand = i8x16.splat(0x26);
  let p = start;
  while (p < end) {
    const block = v128.load(p);
    v128.store(out, block);
    const mask = i8x16.bitmask(v128.or(i8x16.eq(block, backslash), i8x16.eq(block, ampersand)));
    if (mask == 0) {
      p += 16;
      out += 16;
      continue;
    }
    const before = <usize>ctz(mask);
    p += before;
    out += before;
    if (p >= end) break;
    const isBackslash = load<u8>(p) == 0x5c;
    const plain = isBackslash && p + 1 < end ? unescaped(load<u8>(p, 1)) : 0;
    if (plain != 0) {
      // Most escapes by far: a line break or a quote in a JSON string.
      openedKinds |= BACKSLASHES;
      if (plain == 0x5c) leftKinds |= BACKSLASHES;
      store<u8>(out++, plain);
      p += 2;
      continue;
    }
    const escape = isBackslash ? backslashEscape(p, end) : entityEscape(p, end);
    if (escape == NO_ESCAPE) {
      if (isBackslash) leftKinds |= BACKSLASHES;
      // An ampersand is one for good, unless what follows it is still to be opened: `&\u0023`.
      else if (load<u8>(p, 1) == 0x5c || load<u8>(p, 2) == 0x5c) leftKinds |= AMPERSANDS;
      store<u8>(out++, load<u8>(p++));
      continue;
    }
    openedKinds |= isBackslash ? BACKSLASHES : AMPERSANDS;
    const at = out;
    out = writeEscape(escape, out);
    p += escapeLength(escape);
    if (load<u8>(at) == 0x5c) leftKinds |= BACKSLASHES;
    else if (load<u8>(at) == 0x26) leftKinds |= AMPERSANDS;
  }
  return out - (p - end);
}

/**
 * Writes the text with its percent escapes, with `+` as a space where `withPluses`, and with its backslash escapes where
 * `withBackslashes`, to `out`, which has as much room as the text and 16 bytes of margin; gives the end.
 */
export function openBeside(start: usize, end: usize, out: usize, withBackslashes: bool, withPluses: bool): usize {
  openedKinds = 0;
  const percent = i8x16.splat(0x25);
  const backslash = i8x16.splat(withBackslashes ? 0x5c : 0x25);
  const plus = i8x16.splat(withPluses ? 0x2b : 0x25);
  let p = start;
  while (p < end) {
    const block = v128.load(p);
    v128.store(out, block);
    const mask = i8x16.bitmask(
      v128.or(i8x16.eq(block, percent), v128.or(i8x16.eq(block, backslash), i8x16.eq(block, plus))),
    );
    if (mask == 0) {
      p += 16;
      out += 16;
      continue;
    }
    const before = <usize>ctz(mask);
    p += before;
    out += before;
    if (p >= end) break;
    const c = load<u8>(p);
    const escape = c == 0x2b ? byte(0x20, 1) : c == 0x25 ? percentEscape(p, end) : backslashEscape(p, end);
    if (escape == NO_ESCAPE) store<u8>(out++, load<u8>(p++));
    else {
      openedKinds |= c == 0x2b ? PLUSES : c == 0x25 ? PERCENTS : BACKSLASHES;
      out = writeEscape(escape, out);
      p += escapeLength(escape);
    }
  }
  return out - (p - end);
}

/** Writes the text with its quoted-printable escapes opened to `out`, as openBeside does. */
export function openQuoted(start: usize, end: usize, out: usize): usize {
  openedKinds = EQUALS;
  let rowEnd: usize = 0;
  let p = start;
  while (p < end) {
    const next = findByte(p, end, 0x3d);
    memory.copy(out, p, next - p);
    out += next - p;
    p = next;
    if (p >= end) break;
    const escape = quotedEscape(p, end);
    if (escape == NO_ESCAPE || !isQuoted(escape, p, end, p == rowEnd)) store<u8>(out++, load<u8>(p++));
    else {
      out = writeEscape(escape, out);
      p += escapeLength(escape);
      rowEnd = p;
    }
  }
  return out;
}

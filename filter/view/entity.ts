// Character references of HTML and XML: decimal, hexadecimal, and the few names of ASCII characters.
import { character, hexDigit, NO_ESCAPE } from './escape';
import { findBefore } from './find-byte';

const AMPERSAND: u8 = 0x26;

/** Names in groups of the character, the name and a semicolon, as HTML 5.2 section 8.5 has them; others hide nothing. */
const NAMES =
  '&amp;<lt;>gt;"quot;\'apos; nbsp;=equals;_lowbar;_UnderBar;+plus;/sol;:colon;.period;-hyphen;-dash;-minus;@commat;#num;%percnt;,comma;;semi;(lpar;)rpar;[lbrack;]rbrack;{lbrace;}rbrace;\\bsol;|vert;!excl;?quest;$dollar;*ast;`grave;\tTab;\nNewLine;';

/** Whether the text holds a character reference. */
export function hasEntity(start: usize, end: usize): bool {
  // Behind it stands `#` or a letter.
  for (
    let p = findBefore(start, end, AMPERSAND, 0x23, 0x7a);
    p < end;
    p = findBefore(p + 1, end, AMPERSAND, 0x23, 0x7a)
  )
    if (entityEscape(p, end) != NO_ESCAPE) return true;
  return false;
}

/** The reference of the ampersand at `p` (escape.ts), or NO_ESCAPE. */
export function entityEscape(p: usize, end: usize): u32 {
  if (p + 4 > end || load<u8>(p, 1) <= 0x20 || load<u8>(p, 1) == AMPERSAND) return NO_ESCAPE;
  return load<u8>(p, 1) == 0x23 ? numbered(p, end) : named(p, end);
}

/** Browsers read a reference that lacks its semicolon; where digits or letters follow, it is none for us. */
function numbered(p: usize, end: usize): u32 {
  const isHex = (load<u8>(p, 2) | 0x20) == 0x78;
  let at = p + (isHex ? 3 : 2);
  const from = at;
  let code: u32 = 0;
  for (; at < end && at - from < 8; at++) {
    const digit = hexDigit(load<u8>(at));
    if (digit < 0 || (!isHex && digit > 9)) break;
    code = code * (isHex ? 16 : 10) + <u32>digit;
  }
  if (at == from || code == 0) return NO_ESCAPE;
  if (at < end && load<u8>(at) == 0x3b) at++;
  else if (at < end && load<u8>(at) != AMPERSAND) return NO_ESCAPE;
  // Written in UTF-8 it is never longer than it was.
  return character(code, <u32>(at - p));
}

/** `UnderBar` and its semicolon. */
const LONGEST_NAME: usize = 9;

function named(p: usize, end: usize): u32 {
  // Most ampersands stand before no name, and most names have no semicolon.
  let to = p + 1;
  while (to < end && to - p <= LONGEST_NAME && (load<u8>(to) | 0x20) >= 0x61 && (load<u8>(to) | 0x20) <= 0x7a) to++;
  if (to < p + 3 || to >= end || load<u8>(to) != 0x3b) return NO_ESCAPE;
  let i = 0;
  while (i < NAMES.length) {
    const code = NAMES.charCodeAt(i++);
    let at = p + 1;
    while (NAMES.charCodeAt(i) != 0x3b && at < end && <i32>load<u8>(at) == NAMES.charCodeAt(i)) {
      at++;
      i++;
    }
    if (NAMES.charCodeAt(i) == 0x3b && at < end && load<u8>(at) == 0x3b) return character(<u32>code, <u32>(at + 1 - p));
    while (NAMES.charCodeAt(i) != 0x3b) i++;
    i++;
  }
  return NO_ESCAPE;
}

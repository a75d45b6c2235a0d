// How a view came about: the encodings that were opened, outermost first, four bits each.

export const RAW: u32 = 0;
/** Escapes that begin with a backslash, JSON's and those of programming languages. */
export const JSON_STRING: u32 = 1;
export const PERCENT: u32 = 2;
export const BASE64: u32 = 3;
export const HEX: u32 = 4;
export const BASE32: u32 = 5;
export const ENTITY: u32 = 6;
export const QUOTED_PRINTABLE: u32 = 7;
export const UTF16: u32 = 8;
/** application/x-www-form-urlencoded: percent escapes, and `+` for a space. */
export const FORM: u32 = 9;
export const DEFLATE: u32 = 10;
/** Neighbouring strings or query values put together. */
export const JOINED: u32 = 11;
/** Characters that stood apart put together. */
export const SPACED: u32 = 12;
/** Characters that are read as ASCII, or not seen, as that. */
export const ASCII: u32 = 13;
/** Numbers in a row as the characters that they are the codes of. */
export const DECIMAL: u32 = 14;

/** The text that the events of a stream carry piece by piece. */
export const STREAM: u32 = 15;

/** The chain with one more encoding opened. */
export function opened(chain: u32, encoding: u32): u32 {
  return (chain << 4) | encoding;
}

/** The encoding that was opened last. */
export function lastOpened(chain: u32): u32 {
  return chain & 15;
}

/** Whether the encoding is among those that were opened. */
export function holds(chain: u32, encoding: u32): bool {
  for (; chain != 0; chain >>= 4) if ((chain & 15) == encoding) return true;
  return false;
}

/** Whether the encoding was the last one opened, or backslash escapes together with the last one. */
export function wasOpenedLast(chain: u32, encoding: u32): bool {
  const last = chain & 15;
  if (last == encoding) return true;
  const isTogether = last == PERCENT || last == FORM || last == ENTITY;
  return isTogether && encoding == JSON_STRING && ((chain >> 4) & 15) == JSON_STRING;
}

// A token that a URL holds in pieces, `/AKIA/Q3EG/…` or `?k=ghp_,x7Kd;…`: from each piece on, what is parted by one sign each time
// put together to a line.

/** Fewer characters make no secret. */
const LEAST_CHARACTERS: usize = 16;
/** A token in more pieces than this is written to be put together by hand. */
const MOST_PIECES: usize = 24;
/** Of longer URLs nobody makes out a token; and the lines are no longer in all. */
const MOST_BYTES: usize = 4096;

/** Bytes that joinSplit writes at most. */
export function splitRoom(start: usize, end: usize): usize {
  return min((end - start) * MOST_PIECES, MOST_BYTES) + 1;
}

/** Writes the pieces between `start` and `end` to `out`; gives the end. */
export function joinSplit(start: usize, end: usize, out: usize): usize {
  const limit = out + splitRoom(start, end);
  for (let p = start; p < end && out < limit; p++) {
    const isPiece = isWord(load<u8>(p)) && (p == start || !isWord(load<u8>(p - 1)));
    if (isPiece) out = writePieces(p, end, out, limit);
  }
  return out;
}

/**
 * Writes the pieces from `p` on as a line; gives its end, or `out` where it is too short, one piece alone, or words and a
 * version, `/v1/chat/completions`.
 */
function writePieces(p: usize, end: usize, out: usize, limit: usize): usize {
  const from = out;
  let pieces: usize = 1;
  let digits: u32 = 0;
  let hasOther = false;
  for (; p < end && pieces <= MOST_PIECES && out + 1 < limit; p++) {
    const c = load<u8>(p);
    if (isWord(c)) {
      store<u8>(out++, c);
      if (c >= 0x30 && c <= 0x39) digits++;
      else if (c <= 0x5f && c != 0x2d) hasOther = true;
    } else if (parts(c) && p + 1 < end && isWord(load<u8>(p, 1))) pieces++;
    else break;
  }
  if (pieces == 1 || out - from < LEAST_CHARACTERS || digits + <u32>hasOther < 2) return from;
  store<u8>(out++, 0x0a);
  return out;
}

/** . / + , ; | and a blank, as `+` or %20 opened */
function parts(c: u8): bool {
  return c == 0x2e || c == 0x2f || c == 0x2b || c == 0x2c || c == 0x3b || c == 0x7c || c == 0x20;
}

/** Letters, digits, _ and - */
function isWord(c: u8): bool {
  const isLetter = (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
  return isLetter || (c >= 0x30 && c <= 0x39) || c == 0x5f || c == 0x2d;
}

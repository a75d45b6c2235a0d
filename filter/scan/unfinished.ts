// Whether a text that goes on may end in the beginning of a match. Simple, so that it can be explained: a word of eight
// bytes or more that looks drawn rather than written (a digit, an underscore, an upper-case letter behind a
// lower-case one, or upper-case letters alone), or
// six digits in a row with at most one space or hyphen between two of them. Plain words never wait.

/** Shorter ends tell too little to guess from, and give too little away. */
const WORD_BYTES: u32 = 8;
const DIGITS: u32 = 6;
/** What is longer and has not matched will not, or is matched from its beginning on. */
const LONGEST_BYTES: u32 = 512;

/** Whether the end of the text may be the beginning of a match. */
export function isUnfinished(start: usize, end: usize): bool {
  return endsInDrawnWord(start, end) || endsInDigits(start, end);
}

function endsInDrawnWord(start: usize, end: usize): bool {
  let p = end;
  let digits: u32 = 0;
  let underscores: u32 = 0;
  let bends: u32 = 0; // an upper-case letter behind a lower-case one
  let uppers: u32 = 0;
  let after: u8 = 0;
  while (p > start && end - p < LONGEST_BYTES) {
    const c = load<u8>(p - 1);
    if (isDigit(c)) digits++;
    else if (c == 0x5f) underscores++;
    else if (isUpper(c)) uppers++;
    else if (isLower(c)) {
      if (isUpper(after)) bends++;
    } else if (!isJoint(c)) break;
    after = c;
    p--;
  }
  const length = <u32>(end - p);
  if (length < WORD_BYTES || length >= LONGEST_BYTES) return false;
  return digits > 0 || bends > 0 || underscores > 0 || uppers >= WORD_BYTES;
}

function endsInDigits(start: usize, end: usize): bool {
  let digits: u32 = 0;
  let wasSeparator = false;
  for (let p = end; p > start && digits < DIGITS; p--) {
    const c = load<u8>(p - 1);
    if (isDigit(c)) {
      digits++;
      wasSeparator = false;
    } else if ((c == 0x20 || c == 0x2d) && !wasSeparator) wasSeparator = true;
    else break;
  }
  return digits == DIGITS;
}

function isDigit(c: u8): bool {
  return c >= 0x30 && c <= 0x39;
}

function isUpper(c: u8): bool {
  return c >= 0x41 && c <= 0x5a;
}

function isLower(c: u8): bool {
  return c >= 0x61 && c <= 0x7a;
}

/** What stands inside tokens, and inside written words as well. */
function isJoint(c: u8): bool {
  return c == 0x2d || c == 0x2b || c == 0x2f || c == 0x3d || c == 0x2e;
}

// Whether a text that goes on may end in the beginning of a match. Simple, so that it can be explained: a word of eight
// bytes or more that looks drawn rather than written (digits among letters, letters that go up more often than in two words
// put together, or upper-case letters alone), or six digits in a row with at most one space or hyphen between two of them.
// Plain words never wait, nor do names of code, dates, and UUIDs that nothing names a secret.

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
  let letters: u32 = 0;
  let underscores: u32 = 0;
  let hyphens: u32 = 0;
  let bends: u32 = 0; // an upper-case letter behind a lower-case one
  let uppers: u32 = 0;
  let after: u8 = 0;
  while (p > start && end - p < LONGEST_BYTES) {
    const c = load<u8>(p - 1);
    if (isDigit(c)) digits++;
    else if (c == 0x5f) underscores++;
    else if (isUpper(c)) {
      letters++;
      uppers++;
    } else if (isLower(c)) {
      letters++;
      if (isUpper(after)) bends++;
    } else if (c == 0x2d) hyphens++;
    else if (!isJoint(c)) break;
    after = c;
    p--;
  }
  const length = <u32>(end - p);
  if (length < WORD_BYTES || length >= LONGEST_BYTES) return false;
  // A name of code has one bend for two words, and its parts are joined in one way; a time has one letter among its digits.
  const isDrawn =
    (digits > 0 && letters > 1) ||
    bends > 1 ||
    (bends > 0 && underscores + hyphens > 0) ||
    (uppers >= WORD_BYTES && underscores == 0);
  return isDrawn && !(isUuid(p, end) && !isNamed(start, p));
}

/** Whether the word is a UUID (RFC 9562) or the beginning of one, its first hyphen included. */
function isUuid(word: usize, end: usize): bool {
  const length = end - word;
  if (length <= 8 || length > 36) return false;
  for (let i: usize = 0; i < length; i++) {
    const c = load<u8>(word + i);
    const isHyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (isHyphen ? c != 0x2d : !isDigit(c) && (c | 0x20) - 0x61 > 5) return false;
  }
  return true;
}

/** What names a secret stands no farther before it. */
const NAME_WITHIN: usize = 48;

/** Whether what stands before a word may be the name of a secret: `key`, or a word with `token`, `secret`, `pass` or `auth` in it. */
function isNamed(start: usize, word: usize): bool {
  for (let p = word - min(word - start, NAME_WITHIN); p + 3 < word; p++) {
    const four = load<u32>(p) | 0x20202020;
    const three = four & 0xffffff;
    if (three == 0x79656b) return true; // key
    // toke, secr, pass, auth
    if (four == 0x656b6f74 || four == 0x72636573 || four == 0x73736170 || four == 0x68747561) return true;
  }
  return false;
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
  return digits == DIGITS && !endsInDate(start, end);
}

/** Whether the text ends in a date (RFC 3339, full-date). */
function endsInDate(start: usize, end: usize): bool {
  if (end - start < 10 || load<u8>(end - 6) != 0x2d || load<u8>(end - 3) != 0x2d) return false;
  for (let i: usize = 1; i <= 10; i++) if (i != 3 && i != 6 && !isDigit(load<u8>(end - i))) return false;
  return end - start == 10 || !isDigit(load<u8>(end - 11));
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
  return c == 0x2b || c == 0x2f || c == 0x3d || c == 0x2e;
}

// Tells a value that a machine drew from one that a person wrote: examples, masks, words. control/rules/randomness.ts
// says the same in TypeScript.
import { lower } from './near';
import { WordList } from './words';

/** Per byte, whether the value holds it. */
const seen: usize = memory.data(256);

/** Fewest different bytes of a value that is drawn. */
const LEAST_DIFFERENT: u32 = 8;

/** Words of values that stand for one in documentation. */
export const SAMPLE_WORDS = new WordList('example your placeholder changeme change-me change_me redacted dummy sample');

/** What a name holds, or ends with, whose value is no secret. */
const PUBLIC_WORDS = new WordList('public csrf xsrf authenticity');
const HARMLESS_ENDS = new WordList(
  'name names url uri file path hash sha256 checksum fingerprint digest id ids length size type ref arn version store index label count endpoint selector format algorithm provider prefix suffix pattern header field param',
  true,
);

// The value of the last hit, as findValue() left it.
let valueStart: usize = 0;
let valueEnd: usize = 0;

/** The end of the hit: letters, digits and signs, without the padding of base64, two at most. */
function findValue(start: usize, end: usize): void {
  for (let i = 0; i < 2 && end > start && load<u8>(end - 1) == 0x3d; i++) end--;
  valueStart = end;
  valueEnd = end;
  while (valueStart > start && isValue(load<u8>(valueStart - 1))) valueStart--;
}

/**
 * Whether the value at the end of the hit holds a letter and a digit, is of many different bytes, not masked, no words,
 * and does not count.
 */
export function isRandom(start: usize, end: usize): bool {
  findValue(start, end);
  const from = valueStart;
  const to = valueEnd;
  if (isMasked(from, to)) return false;
  memory.fill(seen, 0, 256);
  let different: u32 = 0;
  let hasLetter = false;
  let hasDigit = false;
  for (let p = from; p < to; p++) {
    const c: u32 = load<u8>(p);
    if (isDigit(c)) hasDigit = true;
    else if (isLetter(c)) hasLetter = true;
    if (load<u8>(seen + c) == 0) different++;
    store<u8>(seen + c, 1);
  }
  if (!hasLetter || !hasDigit || different < LEAST_DIFFERENT || counts(from, to)) return false;
  return !isWords(from, to) && !SAMPLE_WORDS.isIn(from, to);
}

/**
 * The same for a value that only its name makes a secret: it is no UUID either, and the name in which the hit begins does
 * not speak of something public. `begin` is where the text does.
 */
export function isNamedRandom(start: usize, end: usize, begin: usize): bool {
  return isRandom(start, end) && !isUuid(valueStart, valueEnd) && !isHarmless(start, end, begin);
}

/**
 * Whether a value counts, as abc123, a1b2c3 and 1234567 do: an example counts, a random value seldom does. A third of its
 * bytes follow their neighbour, or stand one above or below the byte before that, or seven in a row go up.
 */
function counts(start: usize, end: usize): bool {
  let steps: usize = 0;
  let alternate: usize = 0;
  let row: u32 = 0;
  for (let p = start + 1; p < end; p++) {
    const c: u32 = load<u8>(p);
    const isStep = c == <u32>load<u8>(p - 1) + 1;
    row = isStep ? row + 1 : 0;
    if (row == 6) return true;
    if (isStep) steps++;
    if (p > start + 1) {
      const last: u32 = load<u8>(p - 2);
      if (c == last + 1 || last == c + 1) alternate++;
    }
  }
  return steps * 3 >= end - start || alternate * 3 >= end - start;
}

function isUuid(start: usize, end: usize): bool {
  if (end - start != 36) return false;
  for (let p = start; p < end; p++) {
    const at = p - start;
    const isHyphen = at == 8 || at == 13 || at == 18 || at == 23;
    const c: u32 = load<u8>(p);
    if (isHyphen ? c != 0x2d : !isDigit(c) && (c | 0x20) - 0x61 > 5) return false;
  }
  return true;
}

/**
 * For each letter from a to z those that often follow it in words: the 200 commonest pairs, 89 in a hundred of those in
 * English and technical text, and 30 in a hundred of those in random letters.
 */
const FOLLOWERS =
  'bcdgilmnprstuvy aeiloru acehiklortu adeiosu abcdefglmnprstvx aefilo ehinrsu aeiort abcdefglmnoprstvz  ei adeilostuy aeimop acdeginost bcdglmnoprstuvw aeiloprtu u acdegikmnorstuy acehiopstu aehiorstuy abceilmnprst aei aei p p ';

/** FOLLOWERS as one bit a letter for each of the 26, made with the first value that is looked at. */
const followers: usize = memory.data(104); // 26 × 4
let hasFollowers: bool = false;

function readFollowers(): void {
  let letter: usize = 0;
  for (let i = 0; i < FOLLOWERS.length; i++) {
    const c = FOLLOWERS.charCodeAt(i);
    if (c == 0x20) letter++;
    else store<u32>(followers + (letter << 2), load<u32>(followers + (letter << 2)) | (1 << (c - 0x61)));
  }
  hasFollowers = true;
}

/** Whether four of five pairs of letters are ones of words, and these begin at two of five bytes, eight at least. */
function isWords(start: usize, end: usize): bool {
  if (!hasFollowers) readFollowers();
  let pairs: u32 = 0;
  let common: u32 = 0;
  for (let p = start; p + 1 < end; p++) {
    const letter = <u32>lower(load<u8>(p)) - 0x61;
    const next = <u32>lower(load<u8>(p, 1)) - 0x61;
    if (letter > 25 || next > 25) continue;
    pairs++;
    common += (load<u32>(followers + <usize>(letter << 2)) >> next) & 1;
  }
  return common >= 8 && common * 5 >= pairs * 4 && <usize>common * 5 >= (end - start) * 2;
}

/** Names are longer than this where code was made by a machine. */
const NAME_BYTES: usize = 48;

/** Whether the name in which the hit begins says that its value is no secret. */
function isHarmless(start: usize, end: usize, begin: usize): bool {
  let to = start;
  const least = start - begin > NAME_BYTES ? start - NAME_BYTES : begin;
  while (start > least && isNameByte(load<u8>(start - 1))) start--;
  while (to < end && isNameByte(load<u8>(to))) to++;
  return PUBLIC_WORDS.isIn(start, to) || HARMLESS_ENDS.endsText(start, to);
}

function isNameByte(c: u32): bool {
  return isLetter(c) || isDigit(c) || c == 0x5f || c == 0x2e || c == 0x2d;
}

/** Whether the text holds a row of the same x or sign, eight long, or of zeros, twelve long. */
export function isMasked(start: usize, end: usize): bool {
  let row: u32 = 0;
  let before: u8 = 0;
  for (let p = start; p < end; p++) {
    const c = load<u8>(p);
    row = c == before ? row + 1 : 1;
    before = c;
    if (row == 8 && (c == 0x78 || c == 0x58 || c == 0x2a || c == 0x23 || c == 0x2e)) return true;
    if (row == 12 && c == 0x30) return true;
  }
  return false;
}

/** A byte of a value: letters, digits and _ + / . ~ ! @ # % ^ & * - */
function isValue(c: u32): bool {
  if (isLetter(c) || isDigit(c)) return true;
  return (
    c == 0x5f ||
    c == 0x2b ||
    c == 0x2f ||
    c == 0x2e ||
    c == 0x7e ||
    c == 0x21 ||
    c == 0x40 ||
    c == 0x23 ||
    c == 0x25 ||
    c == 0x5e ||
    c == 0x26 ||
    c == 0x2a ||
    c == 0x2d
  );
}

export function isLetter(c: u32): bool {
  return (c | 0x20) - 0x61 < 26;
}

export function isDigit(c: u32): bool {
  return c - 0x30 < 10;
}

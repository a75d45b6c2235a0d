// Characters by their numbers, `[103, 104, 112, 95, …]`, `chr(103)+chr(104)+…`, `01100111 01101000 …`: numbers with the same
// text between each two, put back as the characters that they are the codes of.
import { DECIMAL_RUNS, isNoted, note } from './noted';

/** Fewer characters make no secret. */
const LEAST_NUMBERS: u32 = 16;
/** What stands between two numbers is shorter: `"),\n` and an indentation before `chr("`. */
const BETWEEN_WITHIN: usize = 24;
/** Digits of a number in base 2. */
const BITS: usize = 8;

/** Notes the numbers in a row that the one at `p` is of; false where it is no code. */
export function noteDecimals(p: usize, start: usize, end: usize): bool {
  if (isNoted(DECIMAL_RUNS, p)) return true;
  if (!isCode(p, end)) return false;
  const between = betweenAfter(p, end);
  if (between == 0) return true;
  const first = p + digitsAt(p, end);
  let count: u32 = 1;
  let to = first;
  for (let at = to; hasText(at, first, between, end); count++) {
    at += between;
    if (!isCode(at, end)) break;
    at += digitsAt(at, end);
    to = at;
  }
  // The first ones may lie before the block that tells of the rest.
  for (let from = numberBefore(p, first, between, start); from != 0; count++) {
    p = from;
    from = numberBefore(p, first, between, start);
  }
  if (count >= LEAST_NUMBERS) note(DECIMAL_RUNS, p, to);
  return true;
}

/** Writes the characters of the numbers from `p` on to `out`, a line; gives the end. */
export function openDecimals(p: usize, end: usize, out: usize): usize {
  const first = p + digitsAt(p, end);
  const between = betweenAfter(p, end);
  while (isCode(p, end)) {
    store<u8>(out++, <u8>codeAt(p, end));
    p += digitsAt(p, end);
    if (!hasText(p, first, between, end)) break;
    p += between;
  }
  store<u8>(out++, 0x0a);
  return out;
}

/** Bytes between the number at `p` and the next one; 0 where none comes soon. */
function betweenAfter(p: usize, end: usize): usize {
  p += digitsAt(p, end);
  const from = p;
  while (p < end && p - from < BETWEEN_WITHIN && !isDigit(load<u8>(p))) p++;
  return p < end && isDigit(load<u8>(p)) ? p - from : 0;
}

/** Whether the `length` bytes at `p` are those at `like`. */
function hasText(p: usize, like: usize, length: usize, end: usize): bool {
  return p + length < end && memory.compare(p, like, length) == 0;
}

/** Where the number begins that the text between, as it stands at `like`, parts from the one at `p`; 0 where none does. */
function numberBefore(p: usize, like: usize, between: usize, start: usize): usize {
  if (p < start + between + 2 || memory.compare(p - between, like, between) != 0) return 0;
  const to = p - between;
  let from = to;
  while (from > start && to - from <= BITS && isDigit(load<u8>(from - 1))) from--;
  return from < to && isCode(from, to) ? from : 0;
}

function digitsAt(p: usize, end: usize): usize {
  const from = p;
  while (p < end && isDigit(load<u8>(p))) p++;
  return p - from;
}

/** Whether a number stands at `p` that is the code of a character of text. */
function isCode(p: usize, end: usize): bool {
  const code = codeAt(p, end);
  return (code >= 0x20 && code < 0x7f) || code == 0x0a || code == 0x0d || code == 0x09;
}

/** The number at `p`: of one to three digits, or of eight bits; 0 for another. */
function codeAt(p: usize, end: usize): u32 {
  const length = digitsAt(p, end);
  if (length == 0 || (length > 3 && length != BITS)) return 0;
  const base: u32 = length == BITS ? 2 : 10;
  let number: u32 = 0;
  for (let i: usize = 0; i < length; i++) {
    const digit = <u32>load<u8>(p + i) - 0x30;
    if (digit >= base) return 0;
    number = number * base + digit;
  }
  return number;
}

function isDigit(c: u8): bool {
  return c >= 0x30 && c <= 0x39;
}

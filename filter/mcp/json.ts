// A strict JSON reader (RFC 8259, RFC 7493) over bytes. checkJson says of a text whether every reader must read it alike. It
// keeps nothing but the keys of the text (keys.ts).
import { addKey, clearKeys, keysWereTooMany } from './keys';
import { hexUnit } from './string';

/** What checkJson says. */
export const enum Json {
  Sound = 0,
  /** No JSON text. */
  Broken = 1,
  /** Something stands behind the value. */
  TrailingData = 2,
  /** An object has a key twice: readers differ in which of them counts (RFC 8259 section 4). */
  DuplicateKey = 3,
  TooDeep = 4,
  /** A number that readers round, overflow or refuse (RFC 7493 section 2.2). */
  HugeNumber = 5,
  NotUtf8 = 6,
  /** An escaped half of a character (RFC 8259 section 8.2). */
  LoneSurrogate = 7,
  TooManyKeys = 8,
}

/** Deeper nesting is refused: no MCP message needs it, and readers with a stack break somewhere beyond. */
const MAX_DEPTH: u32 = 64;
/** Longest number in bytes; a double never needs more than 25, and decimal money or a hash as a number stay far below. */
const MAX_NUMBER_BYTES: usize = 100;
/** Largest exponent: that of the largest double. */
const MAX_EXPONENT: u32 = 308;

// Per level: the number of the object in the text, 0 for an array.
const levels: usize = memory.data(256); // MAX_DEPTH × u32
let problem: Json = Json.Sound;

/** Says whether the text is one JSON value that every reader reads alike. May read 15 bytes past `end`. */
export function checkJson(start: usize, end: usize): Json {
  problem = Json.Sound;
  clearKeys();
  const after = checkValue(start, end);
  if (after == 0) return problem == Json.Sound ? Json.Broken : problem;
  return skipSpace(after, end) == end ? Json.Sound : Json.TrailingData;
}

/** The first byte at or after `p` that is no white space. */
export function skipSpace(p: usize, end: usize): usize {
  while (p < end) {
    const c = load<u8>(p);
    if (c != 0x20 && c != 0x0a && c != 0x0d && c != 0x09) break;
    p++;
  }
  return p;
}

function checkValue(p: usize, end: usize): usize {
  let depth: u32 = 0;
  let objects: u32 = 0;
  while (true) {
    p = skipSpace(p, end);
    if (p >= end) return 0;
    const c = load<u8>(p);
    if (c == 0x7b || c == 0x5b) {
      if (depth == MAX_DEPTH) return fail(Json.TooDeep);
      const isObject = c == 0x7b;
      const object = isObject ? ++objects : 0;
      store<u32>(levels + ((<usize>depth) << 2), object);
      depth++;
      p = skipSpace(p + 1, end);
      if (p >= end) return 0;
      if (load<u8>(p) != (isObject ? 0x7d : 0x5d)) {
        if (isObject) p = checkKey(p, end, object);
        if (p == 0) return 0;
        continue;
      }
      p++;
      depth--;
    } else {
      p = checkScalar(p, end);
      if (p == 0) return 0;
    }
    // A value is over: close what it closes, or go on to the next one.
    while (depth > 0) {
      p = skipSpace(p, end);
      if (p >= end) return 0;
      const object = load<u32>(levels + ((<usize>(depth - 1)) << 2));
      const after = load<u8>(p);
      if (after == 0x2c) {
        p = skipSpace(p + 1, end);
        if (object != 0) p = checkKey(p, end, object);
        if (p == 0) return 0;
        break;
      }
      if (after != (object != 0 ? 0x7d : 0x5d)) return 0;
      p++;
      depth--;
    }
    if (depth == 0) return p;
  }
  return 0; // not reached; the compiler does not see that
}

/** Notes why the text is refused. */
function fail(why: Json): usize {
  if (problem == Json.Sound) problem = why;
  return 0;
}

/** The end of `"key" :` at `p`, or 0. */
function checkKey(p: usize, end: usize, object: u32): usize {
  const keyEnd = checkString(p, end);
  if (keyEnd == 0) return 0;
  if (!addKey(object, p + 1, keyEnd - 1)) return fail(keysWereTooMany() ? Json.TooManyKeys : Json.DuplicateKey);
  p = skipSpace(keyEnd, end);
  return p < end && load<u8>(p) == 0x3a ? p + 1 : 0;
}

/** The end of the string at `p`, quotes included, or 0. */
function checkString(p: usize, end: usize): usize {
  if (p >= end || load<u8>(p) != 0x22) return 0;
  p++;
  while (p < end) {
    const v = v128.load(p);
    // Below a space as a signed number: controls, and bytes of characters that are not ASCII.
    const special = i8x16.bitmask(
      v128.or(
        i8x16.lt_s(v, i8x16.splat(0x20)),
        v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c))),
      ),
    );
    if (special == 0) {
      p += 16;
      continue;
    }
    p += <usize>ctz(special);
    if (p >= end) return 0;
    const c = load<u8>(p);
    if (c == 0x22) return p + 1;
    if (c == 0x5c) p = checkEscape(p, end);
    else if (c >= 0x80) p = checkCharacter(p, end);
    else return 0;
    if (p == 0) return 0;
  }
  return 0;
}

/** The end of the escape at `p`, or 0; halves of a character have to be a pair. */
function checkEscape(p: usize, end: usize): usize {
  const escaped = p + 1 < end ? load<u8>(p, 1) : 0;
  if (escaped != 0x75) return isPlainEscape(escaped) ? p + 2 : 0;
  const unit = hexUnit(p + 2, end);
  if (unit < 0) return 0;
  if ((unit & 0xf800) != 0xd800) return p + 6;
  if (unit >= 0xdc00 || p + 8 > end || load<u16>(p, 6) != 0x755c) return fail(Json.LoneSurrogate);
  const second = hexUnit(p + 8, end);
  if (second < 0) return 0;
  return (second & 0xfc00) == 0xdc00 ? p + 12 : fail(Json.LoneSurrogate);
}

/** The end of the character of two to four bytes at `p` (RFC 3629), or 0. */
function checkCharacter(p: usize, end: usize): usize {
  const c = load<u8>(p);
  const more: usize = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
  if (c < 0xc2 || c > 0xf4 || p + more >= end) return fail(Json.NotUtf8);
  const second = load<u8>(p, 1);
  // Overlong forms, surrogates, and what lies past U+10FFFF.
  if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f)) return fail(Json.NotUtf8);
  if ((c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f)) return fail(Json.NotUtf8);
  for (let i: usize = 1; i <= more; i++) if ((load<u8>(p + i) & 0xc0) != 0x80) return fail(Json.NotUtf8);
  return p + more + 1;
}

function isPlainEscape(c: u8): bool {
  return c == 0x22 || c == 0x5c || c == 0x2f || c == 0x62 || c == 0x66 || c == 0x6e || c == 0x72 || c == 0x74;
}

function isDigit(c: u8): bool {
  return c >= 0x30 && c <= 0x39;
}

function checkScalar(p: usize, end: usize): usize {
  const c = load<u8>(p);
  if (c == 0x22) return checkString(p, end);
  if (c == 0x74) return end - p >= 4 && load<u32>(p) == 0x65757274 ? p + 4 : 0; // true
  if (c == 0x6e) return end - p >= 4 && load<u32>(p) == 0x6c6c756e ? p + 4 : 0; // null
  if (c == 0x66) return end - p >= 5 && load<u32>(p, 1) == 0x65736c61 ? p + 5 : 0; // false
  return checkNumber(p, end);
}

function checkNumber(start: usize, end: usize): usize {
  let p = start;
  if (load<u8>(p) == 0x2d) p++;
  const whole = skipDigits(p, end);
  if (whole == p || (whole - p > 1 && load<u8>(p) == 0x30)) return 0;
  p = whole;
  if (p < end && load<u8>(p) == 0x2e) {
    const fraction = skipDigits(p + 1, end);
    if (fraction == p + 1) return 0;
    p = fraction;
  }
  if (p < end && (load<u8>(p) | 0x20) == 0x65) {
    p++;
    if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) p++;
    const exponent = skipDigits(p, end);
    if (exponent == p) return 0;
    let value: u32 = 0;
    for (; p < exponent; p++) value = min<u32>(value * 10 + (load<u8>(p) - 0x30), MAX_EXPONENT + 1);
    if (value > MAX_EXPONENT) return fail(Json.HugeNumber);
  }
  return p - start > MAX_NUMBER_BYTES ? fail(Json.HugeNumber) : p;
}

function skipDigits(p: usize, end: usize): usize {
  while (p < end && isDigit(load<u8>(p))) p++;
  return p;
}

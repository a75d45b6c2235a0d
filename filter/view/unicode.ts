// The words of a text as control/rules/normalise.ts reads them, one after the other: lower case, without accents, with what
// is invisible left out and look-alikes made Latin. The text is read in pieces and comes out the same wherever they are cut.
// No copy of it is made: ASCII is passed over 64 bytes a step up to a word that a term may begin with, and only a word
// that is looked at is written out. Longer than most files: the reader is one loop, and both ways through it share its state.
import * as layout from '../table/layout';
import * as table from '../table/read';

/** Words are passed over by steps of this, of the 64 bytes that are looked at: a key is up to four bytes more. */
const STEP_BYTES: usize = 60;

// The word that was read last.
/** Its normalised bytes, MOST_WORD_BYTES at most. */
export const word: usize = memory.data(80);
export let wordLength: usize = 0;
/** The same with letters for digits; length 0 where it has none of either. */
export const otherWord: usize = memory.data(80);
export let otherLength: usize = 0;
/** Whether the word is longer than what was kept of it. */
export let isCutWord: bool = false;
/** Where it begins and ends, in bytes of the text. */
export let wordStart: u32 = 0;
export let wordEnd: u32 = 0;
/** What stands before it, in half words; its own length in them; the number of its sentence. */
export let wordPlace: u32 = 0;
export let wordHalves: u32 = 0;
export let sentence: u32 = 0;

// The reader's state, from one piece to the next.
/** Bytes of the text before the piece. */
let before: u32 = 0;
let place: u32 = 0;
/** A word has begun; where it is passed over, its bytes are not kept. */
let isOpen: bool = false;
let isPassedOver: bool = false;
let hasLatin: bool = false;
let hasDigit: bool = false;
let hasLookAlike: bool = false;
/** The word with its look-alikes made Latin. */
const latinWord: usize = memory.data(80);
let latinLength: usize = 0;
/** Since the last word: how many separators, up to two; whether they end the sentence; how far they end a JSON string. */
let separatorCount: u32 = 0;
let hasStop: bool = false;
let isEnd: bool = false;
/** Line breaks since the last word. */
let lineCount: u32 = 0;
let quoteState: u32 = 0;
const AFTER_QUOTE: u32 = 1;
const AFTER_COMMA: u32 = 2;
/** Bytes of a character that the last piece ended in. */
const carried: usize = memory.data(8);
let carriedLength: usize = 0;

// The piece, and where the reader stands in it.
let from: usize = 0;
let p: usize = 0;
let end: usize = 0;
/** The rest of what a code point folded to, where that is several characters. */
let foldAt: usize = 0;
let foldLeft: u32 = 0;
let foldSeparator: u32 = 0;
let foldStart: u32 = 0;
let foldEnd: u32 = 0;
/** Words up to here are looked at without asking for a key. */
let lookedUpTo: usize = 0;
/** The block of 64 bytes that was looked at last: its bytes of words, its digits, its bytes outside ASCII, and any `!".?`. */
let blockAt: usize = 0;
let blockLetters: u64 = 0;
let blockDigits: u64 = 0;
let blockOthers: u64 = 0;
let blockHasSigns: bool = false;
/** It is looked at anew where less than this is left of it. */
const MOST_SKIPPED: usize = 36;
/** Up to this place sentences are told apart. */
let sentencesUpTo: u32 = 0;

/** Bytes of saveReader. */
export const READER_BYTES: usize = 192;

/** Begins a text. */
export function beginText(): void {
  before = 0;
  place = 0;
  isOpen = false;
  isPassedOver = false;
  separatorCount = 0;
  hasStop = false;
  isEnd = false;
  lineCount = 0;
  quoteState = 0;
  carriedLength = 0;
  foldLeft = 0;
  sentence = 0;
  sentencesUpTo = 0;
  from = 0;
  p = 0;
  end = 0;
  clearWord();
}

/** Goes on with the piece of the text from `start` to `to`, which stays where it is until it has been read. */
export function beginPiece(start: usize, to: usize): void {
  from = start;
  p = start;
  end = to;
  lookedUpTo = start;
  // No block of the text: the distance to it is too large.
  blockAt = to;
}

/**
 * The letter that the next word begins with, or 0 where that is no ASCII letter behind one separator, or not to be seen yet.
 * Only where the word that was read last is not the last of its piece.
 */
export function nextLetter(): u32 {
  if (end - p < 2 || foldLeft != 0 || load<u8>(p) >= 0x80) return 0;
  const c = <u32>load<u8>(p, 1) | 0x20;
  return c >= 0x61 && c <= 0x7a ? c : 0;
}

/** The place that the reader has come to, in half words. */
export function placeNow(): u32 {
  return place;
}

/** Sentences have to be told apart up to `upTo`, a place in half words. */
export function keepSentences(upTo: u32): void {
  if (upTo > sentencesUpTo) sentencesUpTo = upTo;
}

/**
 * Reads on to the end of a word; false at the end of the piece. With `mayPassOver` words that no term begins with may be left out.
 */
export function readWord(mayPassOver: bool): bool {
  while (true) {
    if (foldLeft > 0) {
      if (readFolded()) return true;
      continue;
    }
    if (p >= end) {
      before += <u32>(end - from);
      from = end;
      return false;
    }
    if (carriedLength > 0) {
      completeCarried();
      continue;
    }
    const c = load<u8>(p);
    if (c >= 0x80) {
      if (readCharacter()) return true;
      continue;
    }
    if (mayPassOver && p >= lookedUpTo && end - p >= 64 && (!isOpen || isPassedOver) && passOver()) continue;
    const kind = <u32>load<u8>(table.unicode + <usize>c);
    if (kind == layout.LETTER) {
      if (!isOpen && readPlain()) return true;
      readAscii();
      continue;
    }
    if (isOpen && closeWord()) return true;
    separate(kind);
    p++;
  }
}

/** Ends the text; true where its last word is read by that. */
export function endText(): bool {
  return isOpen && closeWord();
}

/** Writes what goes from one piece of a text to the next, READER_BYTES. */
export function saveReader(to: usize): void {
  store<u32>(to, before);
  store<u32>(to, place, 4);
  store<u32>(to, sentence, 8);
  store<u32>(to, sentencesUpTo, 12);
  store<u32>(to, lineCount, 16);
  store<u32>(to, wordStart, 20);
  store<u32>(to, wordEnd, 24);
  store<u32>(to, separatorCount, 28);
  store<u32>(to, quoteState, 32);
  store<u32>(to, <u32>wordLength, 36);
  store<u32>(to, <u32>latinLength, 40);
  store<u32>(to, <u32>carriedLength, 44);
  store<u32>(to, load<u32>(carried), 48);
  store<u8>(to, <u8>isOpen, 52);
  store<u8>(to, <u8>isPassedOver, 53);
  store<u8>(to, <u8>hasLatin, 54);
  store<u8>(to, <u8>hasDigit, 55);
  store<u8>(to, <u8>hasLookAlike, 56);
  store<u8>(to, <u8>isCutWord, 57);
  store<u8>(to, <u8>hasStop, 58);
  store<u8>(to, <u8>isEnd, 59);
  memory.copy(to + 64, word, layout.MOST_WORD_BYTES);
  memory.copy(to + 128, latinWord, layout.MOST_WORD_BYTES);
}

/** Goes on with the text that saveReader was called for. */
export function loadReader(from_: usize): void {
  before = load<u32>(from_);
  place = load<u32>(from_, 4);
  sentence = load<u32>(from_, 8);
  sentencesUpTo = load<u32>(from_, 12);
  lineCount = load<u32>(from_, 16);
  wordStart = load<u32>(from_, 20);
  wordEnd = load<u32>(from_, 24);
  separatorCount = load<u32>(from_, 28);
  quoteState = load<u32>(from_, 32);
  wordLength = <usize>load<u32>(from_, 36);
  latinLength = <usize>load<u32>(from_, 40);
  carriedLength = <usize>load<u32>(from_, 44);
  store<u32>(carried, load<u32>(from_, 48));
  isOpen = load<u8>(from_, 52) != 0;
  isPassedOver = load<u8>(from_, 53) != 0;
  hasLatin = load<u8>(from_, 54) != 0;
  hasDigit = load<u8>(from_, 55) != 0;
  hasLookAlike = load<u8>(from_, 56) != 0;
  isCutWord = load<u8>(from_, 57) != 0;
  hasStop = load<u8>(from_, 58) != 0;
  isEnd = load<u8>(from_, 59) != 0;
  memory.copy(word, from_ + 64, layout.MOST_WORD_BYTES);
  memory.copy(latinWord, from_ + 128, layout.MOST_WORD_BYTES);
  foldLeft = 0;
  from = 0;
  p = 0;
  end = 0;
}

function offset(at: usize): u32 {
  return before + <u32>(at - from);
}

// Words

/** Whether the next word, but for one that goes on behind a single stop, begins a sentence. */
export function isSentenceOver(): bool {
  return !isOpen && (isEnd || hasStop);
}

function openWord(start: u32): void {
  if (isEnd || (hasStop && separatorCount > 1)) sentence++;
  separatorCount = 0;
  hasStop = false;
  isEnd = false;
  lineCount = 0;
  quoteState = 0;
  isOpen = true;
  isPassedOver = false;
  clearWord();
  wordStart = start;
}

function clearWord(): void {
  wordLength = 0;
  latinLength = 0;
  otherLength = 0;
  isCutWord = false;
  hasLatin = false;
  hasDigit = false;
  hasLookAlike = false;
}

/** Ends the word; false where it was passed over. */
function closeWord(): bool {
  isOpen = false;
  wordPlace = place;
  wordHalves = 2;
  place += 2;
  if (isPassedOver) {
    isPassedOver = false;
    return false;
  }
  if (!hasLatin) return true;
  if (hasLookAlike) {
    memory.copy(word, latinWord, latinLength);
    wordLength = latinLength;
  }
  if (!hasDigit) return true;
  otherLength = wordLength;
  for (let i: usize = 0; i < wordLength; i++) store<u8>(otherWord + i, letterOfDigit(load<u8>(word + i)));
  return true;
}

function letterOfDigit(c: u8): u8 {
  // o i 2 e a s 6 t b g
  return c >= 0x30 && c <= 0x39 ? load<u8>(DIGIT_LETTERS + <usize>(c - 0x30)) : c;
}

const DIGIT_LETTERS: usize = memory.data<u8>([0x6f, 0x69, 0x32, 0x65, 0x61, 0x73, 0x36, 0x74, 0x62, 0x67]);

/** Words up to here are read at once. */
const PLAIN_BYTES: usize = 16;

/**
 * Reads the word at p at once where the block shows it whole, and ASCII behind it; false where it has to be read byte by byte.
 */
function readPlain(): bool {
  const skipped = p - blockAt;
  if (skipped >= 64) return false;
  const letters = blockLetters >> <u64>skipped;
  const length = <usize>ctz(~letters);
  if (length > PLAIN_BYTES || skipped + length >= 64) return false;
  if (((blockOthers >> <u64>(skipped + length)) & 1) != 0) return false;
  openWord(offset(p));
  // Letters become lower case, and digits stay what they are.
  v128.store(word, v128.or(v128.load(p), i8x16.splat(0x20)));
  const digits = (blockDigits >> <u64>skipped) & below(length);
  hasDigit = digits != 0;
  hasLatin = digits != below(length);
  wordLength = length;
  p += length;
  wordEnd = offset(p);
  return closeWord();
}

/** Adds the ASCII letters and digits from p on to the word, or begins one with them. */
function readAscii(): void {
  if (!isOpen) openWord(offset(p));
  const kinds = table.unicode;
  const to = end;
  let at = p;
  let length = wordLength;
  const more: isize = <isize>latinLength - <isize>length;
  const most: usize = isPassedOver ? 0 : layout.MOST_WORD_BYTES;
  let any: u32 = 0;
  let all: u32 = 0x40;
  while (at < to) {
    const c = <u32>load<u8>(at);
    if (c >= 0x80 || <i32>load<u8>(kinds + <usize>c) != layout.LETTER) break;
    at++;
    if (length >= most) {
      isCutWord = true;
      continue;
    }
    // Letters have the bit 0x40, digits have not.
    any |= c;
    all &= c;
    store<u8>(word + length, <u8>(c | 0x20));
    store<u8>(latinWord + length + more, <u8>(c | 0x20));
    length++;
  }
  p = at;
  wordEnd = offset(at);
  if (length == wordLength) return;
  wordLength = length;
  latinLength = length + more;
  if ((any & 0x40) != 0) hasLatin = true;
  if ((all & 0x40) == 0) hasDigit = true;
}

function addBytes(at: usize, length: usize, lookAlike: u8): void {
  if (isPassedOver) return;
  if (wordLength + length > <usize>layout.MOST_WORD_BYTES) {
    isCutWord = true;
    return;
  }
  store<u32>(word + wordLength, load<u32>(at));
  wordLength += length;
  if (length == 1) {
    const c = load<u8>(at);
    if (c >= 0x61 && c <= 0x7a) hasLatin = true;
    else if (c >= 0x30 && c <= 0x39) hasDigit = true;
  }
  if (lookAlike != 0) {
    hasLookAlike = true;
    store<u8>(latinWord + latinLength++, lookAlike);
  } else {
    store<u32>(latinWord + latinLength, load<u32>(at));
    latinLength += length;
  }
}

/** A separator that stands behind the last word. */
function separate(kind: u32): void {
  separatorCount = min(separatorCount + 1, 2);
  if (kind == layout.SEPARATOR_SPACE) return;
  const state = quoteState;
  quoteState = 0;
  if (kind == layout.SEPARATOR_OTHER) return;
  if (kind == layout.SEPARATOR_LINE) {
    // One line break may be where the text was wrapped.
    lineCount = min(lineCount + 1, 2);
    if (lineCount == 2) isEnd = true;
  } else if (kind == layout.SEPARATOR_FULL_STOP) isEnd = true;
  else if (kind == layout.SEPARATOR_STOP) hasStop = true;
  else if (kind == layout.SEPARATOR_COMMA) {
    if (state == AFTER_QUOTE) quoteState = AFTER_COMMA;
  } else {
    if (state == AFTER_COMMA && kind != layout.SEPARATOR_CLOSING) isEnd = true;
    if (kind != layout.SEPARATOR_OPENING) quoteState = AFTER_QUOTE;
  }
}

// Characters outside ASCII

/** Reads the character at p; one that the piece ends in is carried to the next one. True where a word was read by that. */
function readCharacter(): bool {
  const at = p;
  const c = load<u8>(at);
  const length: usize = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
  if (end - at < length && isBegun(at, end - at)) {
    carriedLength = end - at;
    memory.copy(carried, at, carriedLength);
    p = end;
    return false;
  }
  const bytes = foldAtOnce(at, end - at);
  if (foldKind == NOT_AT_ONCE) {
    p = at + beginCharacter(at, offset(at), end - at);
    return false;
  }
  if (foldKind == layout.LETTER) {
    if (!isOpen) openWord(offset(at));
    addBytes(at, bytes, 0);
    p = at + bytes;
    wordEnd = offset(p);
    return false;
  }
  if (isOpen && closeWord()) return true;
  p = at + bytes;
  if (foldKind != layout.ALONE) {
    separate(layout.SEPARATOR_OTHER);
    return false;
  }
  openWord(offset(at));
  addBytes(at, bytes, 0);
  wordEnd = offset(p);
  closeWord();
  wordHalves = 1;
  place--;
  return true;
}

const NOT_AT_ONCE: u32 = 255;
let foldKind: u32 = 0;

/** Where the character of two or three bytes at `at` folds to itself: its length, and foldKind what it is. */
function foldAtOnce(at: usize, left: usize): usize {
  foldKind = NOT_AT_ONCE;
  const c = <u32>load<u8>(at);
  let codePoint: u32 = 0;
  let length: usize = 0;
  if (c >= 0xc2 && c < 0xe0 && left >= 2 && isTail(at, 1)) {
    codePoint = ((c & 31) << 6) | tail(at, 1);
    length = 2;
  } else if (c >= 0xe1 && c < 0xed && left >= 3 && isTail(at, 1) && isTail(at, 2)) {
    codePoint = ((c & 15) << 12) | (tail(at, 1) << 6) | tail(at, 2);
    length = 3;
  } else return 0;
  const fold = foldOf(codePoint);
  if (fold == layout.FOLD_LETTER) foldKind = layout.LETTER;
  else if (fold == layout.FOLD_ALONE) foldKind = layout.ALONE;
  else if (fold == layout.FOLD_SEPARATOR) foldKind = layout.SEPARATOR_OTHER;
  return length;
}

function foldOf(codePoint: u32): u32 {
  const page = <usize>load<u8>(table.unicode + (<usize>codePoint >> 8), layout.UNICODE_INDEX);
  return load<u16>(table.unicodePages + (page << 9) + ((<usize>(codePoint & 255)) << 1));
}

/** Whether the bytes could be the first ones of a character. */
function isBegun(at: usize, length: usize): bool {
  for (let i: usize = 1; i < length; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) return false;
  return true;
}

/** Adds bytes of the piece to the character that the last one ended in. */
function completeCarried(): void {
  const c = load<u8>(carried);
  const whole: usize = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
  const had = carriedLength;
  while (carriedLength < whole && p < end && (load<u8>(p) & 0xc0) == 0x80) {
    store<u8>(carried + carriedLength++, load<u8>(p));
    p++;
  }
  if (carriedLength < whole && p >= end) return;
  const length = carriedLength;
  carriedLength = 0;
  const taken = beginCharacter(carried, offset(p) - <u32>length, length);
  if (taken == length) return;
  // What is no character is a separator for each byte; those of this piece are read again.
  foldLeft += <u32>(had - taken);
  p -= length - had;
}

/** Begins what the character at `at` folds to; gives its length in bytes. What is no UTF-8 is one byte that separates. */
function beginCharacter(at: usize, start: u32, left: usize): usize {
  const c = <u32>load<u8>(at);
  let codePoint: u32 = 0;
  let length: usize = 1;
  if (c >= 0xc2 && c < 0xe0 && left >= 2 && isTail(at, 1)) {
    codePoint = ((c & 31) << 6) | tail(at, 1);
    length = 2;
  } else if (c >= 0xe0 && c < 0xf0 && left >= 3 && isTail(at, 1) && isTail(at, 2)) {
    codePoint = ((c & 15) << 12) | (tail(at, 1) << 6) | tail(at, 2);
    length = codePoint < 0x800 || (codePoint >= 0xd800 && codePoint < 0xe000) ? 1 : 3;
  } else if (c >= 0xf0 && c < 0xf5 && left >= 4 && isTail(at, 1) && isTail(at, 2) && isTail(at, 3)) {
    codePoint = ((c & 7) << 18) | (tail(at, 1) << 12) | (tail(at, 2) << 6) | tail(at, 3);
    length = codePoint < 0x10000 || codePoint > 0x10ffff ? 1 : 4;
  }
  foldStart = start;
  foldEnd = start + <u32>length;
  foldLeft = 1;
  foldSeparator = layout.SEPARATOR_OTHER;
  foldAt = SEPARATOR_CHARACTER;
  if (length == 1) return 1;
  const page = <usize>load<u8>(table.unicode + (<usize>codePoint >> 8), layout.UNICODE_INDEX);
  const fold = <u32>load<u16>(table.unicodePages + (page << 9) + ((<usize>(codePoint & 255)) << 1));
  if (fold >= <u32>layout.FOLD_FIRST_RECORD) {
    const record = table.unicodeFolds + ((<usize>fold) << 2);
    foldLeft = <u32>load<u8>(record, layout.FOLD_COUNT);
    foldSeparator = <u32>load<u8>(record, layout.FOLD_SEPARATOR_KIND);
    foldAt = record + layout.FOLD_CHARACTERS;
  } else if (fold == layout.FOLD_NOTHING) foldLeft = 0;
  else if (fold != layout.FOLD_SEPARATOR) {
    // A character that folds to itself, as a record would have it.
    store<u8>(itself, fold == layout.FOLD_LETTER ? layout.LETTER : layout.ALONE, layout.CHARACTER_KIND);
    store<u8>(itself, <u8>length, layout.CHARACTER_LENGTH);
    for (let i: usize = 0; i < length; i++) store<u8>(itself + layout.CHARACTER_BYTES + i, load<u8>(at + i));
    foldAt = itself;
  }
  return length;
}

/** Characters of a record (table/layout.ts) that separate, all zero. */
const SEPARATOR_CHARACTER: usize = memory.data(16);
const itself: usize = memory.data(8);

function isTail(at: usize, i: usize): bool {
  return (load<u8>(at + i) & 0xc0) == 0x80;
}

function tail(at: usize, i: usize): u32 {
  return load<u8>(at + i) & 63;
}

/** Takes the next character that a code point folded to; true where a word was read by that. */
function readFolded(): bool {
  const kind = <u32>load<u8>(foldAt, layout.CHARACTER_KIND);
  // What ends a word is looked at again once the word has been taken.
  if (kind != layout.LETTER && isOpen && closeWord()) return true;
  const length = <usize>load<u8>(foldAt, layout.CHARACTER_LENGTH);
  if (kind == layout.LETTER || kind == layout.ALONE) {
    if (!isOpen) openWord(foldStart);
    addBytes(foldAt + layout.CHARACTER_BYTES, length, load<u8>(foldAt, layout.CHARACTER_LOOK_ALIKE));
    wordEnd = foldEnd;
  } else separate(foldSeparator);
  foldAt += <usize>layout.CHARACTER_BYTES + length;
  foldLeft--;
  if (kind != layout.ALONE) return false;
  closeWord();
  wordHalves = 1;
  place--;
  return true;
}

// ASCII, 64 bytes a step

/**
 * Passes over words of ASCII that no term begins with, up to one that may be another. True where that was any byte.
 */
function passOver(): bool {
  const start = p;
  // By low and high nibble: bit 0 line ends, bit 1 digits, bits 2 and 3 letters, bits 6 and 7 (the sign) `!".?`.
  const lowClasses = i8x16(10, 78, 78, 14, 14, 14, 14, 14, 14, 14, 13, 4, 4, 5, 68, -124);
  const highClasses = i8x16(1, 0, 64, -126, 4, 8, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
  const nibble = i8x16.splat(15);
  const letterBits = i8x16.splat(14);
  const digitBit = i8x16.splat(2);
  const signBits = i8x16.splat(-63); // 0xc1
  const none = i8x16.splat(0);
  while (end - p >= 64) {
    let skipped = p - blockAt;
    if (skipped > MOST_SKIPPED) {
      const v0 = v128.load(p);
      const v1 = v128.load(p, 16);
      const v2 = v128.load(p, 32);
      const v3 = v128.load(p, 48);
      const c0 = v128.and(
        i8x16.relaxed_swizzle(lowClasses, v128.and(v0, nibble)),
        i8x16.relaxed_swizzle(highClasses, v128.and(i16x8.shr_u(v0, 4), nibble)),
      );
      const c1 = v128.and(
        i8x16.relaxed_swizzle(lowClasses, v128.and(v1, nibble)),
        i8x16.relaxed_swizzle(highClasses, v128.and(i16x8.shr_u(v1, 4), nibble)),
      );
      const c2 = v128.and(
        i8x16.relaxed_swizzle(lowClasses, v128.and(v2, nibble)),
        i8x16.relaxed_swizzle(highClasses, v128.and(i16x8.shr_u(v2, 4), nibble)),
      );
      const c3 = v128.and(
        i8x16.relaxed_swizzle(lowClasses, v128.and(v3, nibble)),
        i8x16.relaxed_swizzle(highClasses, v128.and(i16x8.shr_u(v3, 4), nibble)),
      );
      skipped = 0;
      blockAt = p;
      blockLetters = ~mask64(
        i8x16.eq(v128.and(c0, letterBits), none),
        i8x16.eq(v128.and(c1, letterBits), none),
        i8x16.eq(v128.and(c2, letterBits), none),
        i8x16.eq(v128.and(c3, letterBits), none),
      );
      const any = v128.or(v128.or(c0, c1), v128.or(c2, c3));
      blockDigits = v128.any_true(v128.and(any, digitBit))
        ? mask64(i16x8.shl(c0, 6), i16x8.shl(c1, 6), i16x8.shl(c2, 6), i16x8.shl(c3, 6))
        : 0;
      blockOthers = i8x16.bitmask(v128.or(v128.or(v0, v1), v128.or(v2, v3))) != 0 ? mask64(v0, v1, v2, v3) : 0;
      blockHasSigns = v128.any_true(v128.and(any, signBits));
    }
    const letters = blockLetters >> <u64>skipped;
    // The word that goes on from before the step is passed over already.
    const starts = letters & ~((letters << 1) | <u64>isOpen);
    const most = STEP_BYTES - skipped;
    let zone = most;
    const others = blockOthers >> <u64>skipped;
    if (others != 0) {
      // Up to the word that touches the first character outside ASCII.
      let first = <usize>ctz(others);
      if (first > 0 && (letters & (1 << (<u64>(first - 1)))) != 0) {
        const own = starts & below(first);
        if (own != 0) first = 63 - <usize>clz(own);
      }
      zone = min(zone, first);
    }
    let isFound = false;
    let candidates = starts & below(zone);
    const digits = blockDigits >> <u64>skipped;
    while (candidates != 0) {
      const at = <usize>ctz(candidates);
      candidates &= candidates - 1;
      const run = <u32>((letters >> <u64>at) & 15);
      const length = <u32>ctz(~run);
      const key = (load<u32>(p + at) | 0x20202020) & (0xffffffff >> ((4 - length) << 3));
      if (isKey(key) || (digits != 0 && mayBeOther(key, length, <u32>((digits >> <u64>at) & 15)))) {
        zone = at;
        isFound = true;
        break;
      }
    }
    if (zone > 0) {
      const isOpenEnd = blockHasSigns || isEnd || hasStop;
      passZone(zone, starts & below(zone), letters & below(zone), isOpenEnd && place <= sentencesUpTo);
    }
    if (isFound) {
      lookedUpTo = p + 1;
      break;
    }
    if (zone < most) break;
  }
  return p > start;
}

/** Passes over `zone` bytes, with their words' first bytes and all bytes of words. */
function passZone(zone: usize, starts: u64, letters: u64, withSentences: bool): void {
  const to = p + zone;
  let at = p;
  p = to;
  if (withSentences) {
    for (; at < to; at++) {
      const kind = <u32>load<u8>(table.unicode + <usize>load<u8>(at));
      if (kind == layout.LETTER) {
        if (!isOpen) openWord(0);
        isPassedOver = true;
      } else {
        if (isOpen) closeWord();
        separate(kind);
      }
    }
    return;
  }
  // The last word goes on where it reaches the end; it counts when it has ended.
  const isLast = letters >> <u64>(zone - 1) != 0;
  place += 2 * (<u32>popcnt(starts) + <u32>isOpen - <u32>isLast);
  isOpen = isLast;
  isPassedOver = isLast;
  if (letters != 0) {
    at += 64 - <usize>clz(letters);
    separatorCount = 0;
    hasStop = false;
    isEnd = false;
    lineCount = 0;
    quoteState = 0;
  }
  for (; at < to; at++) separate(<u32>load<u8>(table.unicode + <usize>load<u8>(at)));
}

function isKey(key: u32): bool {
  const bit = (key * <u32>layout.KEY_MULTIPLIER) >> (32 - layout.TERM_KEY_BITS);
  return ((load<u8>(table.termKeys + <usize>(bit >> 3)) >> <u8>(bit & 7)) & 1) != 0;
}

/** Whether a key with letters for its digits is one. */
function mayBeOther(key: u32, length: u32, digits: u32): bool {
  digits &= (1 << length) - 1;
  if (digits == 0) return false;
  let other: u32 = 0;
  for (let i: u32 = 0; i < length; i++) other |= (<u32>letterOfDigit(<u8>(key >> (i << 3)))) << (i << 3);
  return isKey(other);
}

/** The lowest `count` bits, below 64. */
function below(count: usize): u64 {
  return ((<u64>1) << (<u64>count)) - 1;
}

/** The top bits of four vectors, the first vector lowest. */
function mask64(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    <u64>i8x16.bitmask(a) |
    ((<u64>i8x16.bitmask(b)) << 16) |
    ((<u64>i8x16.bitmask(c)) << 32) |
    ((<u64>i8x16.bitmask(d)) << 48)
  );
}

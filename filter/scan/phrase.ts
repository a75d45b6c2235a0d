// Words of the seed phrase list in a row. From the masks of the pass come places inside of what could be a row of twelve; the
// first word there that is not in the list ends it, and of ordinary text that is nearly always the first.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { isUsed, phraseBit, phraseKey } from '../table/read';
import { addHit, loseHit } from './hits';

/** Words of a row that is looked at: the longest phrase and a few of the list that happen to stand beside it. */
export const MOST_WORDS: u32 = 27;
/** The shortest phrase (BIP-39). */
export const LEAST_WORDS: u32 = 12;

/** Rows of a text that are looked at: ordinary text has none, and each costs as much as a thousand bytes. */
const MOST_ROWS: u32 = 1000;

/** What was looked at: a row that is still unknown lies behind it. */
let doneTo: usize = 0;
let rowCount: u32 = 0;

/** Of the block before: the eighths that could lie in a row, and those with one before them that could as well. */
let lastRows: u64 = 0;
let lastTwo: u64 = 0;

/** Forgets what was seen of the last text. */
export function beginPhrases(): void {
  doneTo = 0;
  rowCount = 0;
  lastRows = 0;
  lastTwo = 0;
}

const EACH_EIGHTH: u64 = 0x0101010101010101;
const EIGHTH_TOPS: u64 = 0x8080808080808080;
/** Twelve words of three letters are 47 bytes, so five eighths of a block lie in them whole. */
const WITHIN_ROW: usize = 40;

/**
 * Looks for rows in the 64 bytes at `block`, of which the bits of `word` are the word bytes, as those of `next` are of the
 * 64 bytes behind it, and those of `digit` the digits. In a row stand no digit, no word of nine bytes, and no two signs
 * within three bytes.
 */
export function phrases(block: usize, word: u64, next: u64, digit: u64, begin: usize, end: usize): void {
  const gaps = ~word;
  const nextGaps = ~next;
  const near = (gaps >> 1) | (nextGaps << 63) | (gaps >> 2) | (nextGaps << 62) | (gaps >> 3) | (nextGaps << 61);
  let long = word & ((word >> 1) | (next << 63));
  let nextLong = next & (next >> 1);
  long &= (long >> 2) | (nextLong << 62);
  nextLong &= nextLong >> 2;
  long &= (long >> 4) | (nextLong << 60);
  long &= (word >> 8) | (next << 56);
  const against = (gaps & near) | long | digit;
  // The top bits of the eighths that are zero; what a borrow adds is looked at in vain.
  const rows = (against - EACH_EIGHTH) & ~against & EIGHTH_TOPS;
  const two = rows & ((rows << 8) | (lastRows >> 56));
  let found = two & ((two << 16) | (lastTwo >> 48)) & ((rows << 32) | (lastRows >> 32));
  lastRows = rows;
  lastTwo = two;
  while (found != 0) {
    confirmPhrase(block + <usize>ctz(found), begin, end);
    found &= found - 1;
  }
}

/** Length of the last word that wordAt found. */
export let wordLength: usize = 0;

/** Number in the list, from 0, of the word that begins at `p` and ends before `end` or where no letter follows; or -1. */
export function wordAt(p: usize, end: usize): i32 {
  // Nine bytes say it all: a word of nine letters is in no list. What stands behind the end is none of it.
  const lower = v128.or(v128.load(p), i8x16.splat(0x20));
  const isLetters = i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(26));
  const length = min<usize>(<usize>ctz(~i8x16.bitmask(isLetters)), end - p);
  if (length < 3 || length > <usize>layout.PHRASE_WORD_BYTES) return -1;
  if (p + length < end && isWord(load<u8>(p + length))) return -1;
  const word = i64x2.extract_lane(lower, 0) & (<u64>-1 >> (64 - ((<u64>length) << 3)));
  wordLength = length;
  const key = phraseKey(word);
  if (!isUsed(table.phraseUsed, phraseBit(key))) return -1;
  let slot = (key * <u32>layout.KEY_MULTIPLIER) >>> (32 - layout.PHRASE_SLOT_BITS);
  while (true) {
    const index = <u32>load<u16>(table.phraseSlots + ((<usize>slot) << 1));
    if (index == 0) return -1;
    if (load<u64>(table.phraseWords + ((<usize>(index - 1)) << 3)) == word) return index - 1;
    slot = (slot + 1) & ((1 << layout.PHRASE_SLOT_BITS) - 1);
  }
  return -1; // not reached; the compiler does not see that
}

/**
 * Looks for a row of words that the bytes up to `last` lie in: the last word that begins among them is one of it, or there
 * is none.
 */
function confirmPhrase(last: usize, begin: usize, end: usize): void {
  if (last + 1 < doneTo + WITHIN_ROW) return;
  let p = last - layout.PHRASE_WORD_BYTES;
  while (p <= last && isWord(load<u8>(p))) p++;
  if (p > last || ++p >= end) return;
  doneTo = p + 1;
  if (wordAt(p, end) < 0) return;
  const sign = load<u8>(p - 1);
  if (sign > 0x7f) return;
  let count: u32 = 1;
  let stop = p + wordLength;
  // The last word may be the first one of another row, with another sign.
  doneTo = p;
  // One more than may be, so that a longer row is known for one.
  while (count <= MOST_WORDS && stop + 1 < end && load<u8>(stop) == sign && wordAt(stop + 1, end) >= 0) {
    doneTo = stop + 1;
    stop += 1 + wordLength;
    count++;
  }
  let start = p;
  while (count <= MOST_WORDS && start > begin + 1 && load<u8>(start - 1) == sign) {
    const before = wordBefore(start - 1, begin);
    if (before == 0 || wordAt(before, end) < 0) break;
    start = before;
    count++;
  }
  if (count < LEAST_WORDS || count > MOST_WORDS) return;
  if (++rowCount > MOST_ROWS) loseHit();
  else addHit(table.phraseRule, start, stop);
}

/** Where the letters that end before `p` begin, or 0 where they are too many or too few. */
function wordBefore(p: usize, begin: usize): usize {
  const from = p - begin > <usize>layout.PHRASE_WORD_BYTES ? p - layout.PHRASE_WORD_BYTES : begin;
  let start = p;
  while (start > from && isLetter(load<u8>(start - 1))) start--;
  return p - start < 3 || (start > begin && isWord(load<u8>(start - 1))) ? 0 : start;
}

function isLetter(c: u8): bool {
  return (c | 0x20) - 0x61 < 26;
}

function isWord(c: u8): bool {
  return isLetter(c) || c - 0x30 < 10 || c == 0x5f;
}

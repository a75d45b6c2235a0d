// Words of the seed phrase list in a row. From the masks of the pass come places inside of what could be a row of twelve; the
// first word there that is not in the list ends it, and of ordinary text that is nearly always the first.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { addHit, loseHit } from './hits';

/** Words of a row that is looked at: the longest phrase and a few of the list that happen to stand beside it. */
export const MOST_WORDS: u32 = 27;
/** The shortest phrase (BIP-39). */
export const LEAST_WORDS: u32 = 12;

/** Rows of a text that are looked at: ordinary text has none, and each costs as much as a thousand bytes. */
const MOST_ROWS: u32 = 1000;

/** Where the last row ends that was walked. */
let rowEnd: usize = 0;
let rowCount: u32 = 0;

/** Of the block before: the bytes that are no word bytes, and the quarters that could lie in a row. */
let lastGaps: u64 = 0;
let lastRows: u64 = 0;

/** Forgets what was seen of the last text. */
export function beginPhrases(): void {
  rowEnd = 0;
  rowCount = 0;
  lastGaps = 0;
  lastRows = 0;
}

/** Signs in two quarters of a row: words of eight letters. */
const LEAST_GAPS: u64 = 3;

const EACH_QUARTER: u64 = 0x0001000100010001;
const QUARTER_TOPS: u64 = 0x8000800080008000;

/**
 * Looks for rows in the 64 bytes at `block`, of which the bits of `word` are the word bytes, as those of `next` are of the
 * 64 bytes behind it. A row could lie in a quarter with no two signs within three bytes, and one at least; twelve words of
 * three letters and more are 47 bytes, so two quarters lie in them whole.
 */
export function phrases(block: usize, word: u64, next: u64, begin: usize, end: usize): void {
  const gaps = ~word;
  const nextGaps = ~next;
  const near = (gaps >> 1) | (nextGaps << 63) | (gaps >> 2) | (nextGaps << 62) | (gaps >> 3) | (nextGaps << 61);
  const close = gaps & near;
  // The top bits of the quarters that are zero; what a borrow adds is looked at in vain, or is a word of fifteen letters.
  const isRow = (close - EACH_QUARTER) & ~close & QUARTER_TOPS;
  const isWhole = (gaps - EACH_QUARTER) & ~gaps & QUARTER_TOPS;
  const rows = isRow & ~isWhole;
  let found = rows & ((rows << 16) | (lastRows >> 48));
  while (found != 0) {
    const top = ctz(found);
    found &= found - 1;
    const gapsOfTwo = top == 15 ? (gaps << 16) | (lastGaps >> 48) : gaps >> (top - 31);
    if (popcnt(gapsOfTwo & 0xffffffff) >= LEAST_GAPS) confirmPhrase(block + <usize>top - 15, begin, end);
  }
  lastGaps = gaps;
  lastRows = rows;
}

/** Length of the last word that wordAt found. */
export let wordLength: usize = 0;

/** Number in the list, from 0, of the word that begins at `p` and ends before `end` or where no letter follows; or -1. */
export function wordAt(p: usize, end: usize): i32 {
  let word: u64 = 0;
  let length: usize = 0;
  while (p + length < end && isLetter(load<u8>(p + length))) {
    if (length == layout.PHRASE_WORD_BYTES) return -1;
    word |= (<u64>load<u8>(p + length) | 0x20) << ((<u64>length) << 3);
    length++;
  }
  if (length < 3 || (p + length < end && isWord(load<u8>(p + length)))) return -1;
  wordLength = length;
  const key = <u32>word ^ (<u32>(word >> 32) * <u32>layout.PHRASE_MULTIPLIER);
  let slot = (key * <u32>layout.KEY_MULTIPLIER) >>> (32 - layout.PHRASE_SLOT_BITS);
  while (true) {
    const index = <u32>load<u16>(table.phraseSlots + ((<usize>slot) << 1));
    if (index == 0) return -1;
    if (load<u64>(table.phraseWords + ((<usize>(index - 1)) << 3)) == word) return index - 1;
    slot = (slot + 1) & ((1 << layout.PHRASE_SLOT_BITS) - 1);
  }
  return -1; // not reached; the compiler does not see that
}

/** Looks for a row of words round the first one that begins after the quarter at `p`; if it is in a row, that is near. */
function confirmPhrase(p: usize, begin: usize, end: usize): void {
  if (p < rowEnd) return;
  const limit = min(p + layout.PHRASE_WORD_BYTES + 1, end);
  while (p < limit && isWord(load<u8>(p))) p++;
  if (p >= limit || ++p >= end || wordAt(p, end) < 0) return;
  const sign = load<u8>(p - 1);
  if (sign > 0x7f) return;
  let count: u32 = 1;
  let stop = p + wordLength;
  // One more than may be, so that a longer row is known for one.
  while (count <= MOST_WORDS && stop + 1 < end && load<u8>(stop) == sign && wordAt(stop + 1, end) >= 0) {
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
  rowEnd = stop;
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

// Words of one or two characters in a row, told by the masks of the pass: a text written with something between.
import { noteHexPairs } from '../view/hex';
import { noteSpaced } from '../view/spaced';

/**
 * Notes what begins in the block of 64 bytes at `block`. `word` and `digit` are its word bytes and digits, `before` and
 * `next` the word bytes of its neighbours, `end` the text's end. Four characters, or four pairs, lie in one block of any run that is a secret:
 * also of a number that was in groups of four before.
 */
export function noteApart(block: usize, before: u64, word: u64, next: u64, digit: u64, end: usize): void {
  const starts = word & ~((word << 1) | (before >> 63));
  const second = (word >> 1) | (next << 63);
  const single = starts & ~second;
  const four = single & (single >> 2) & (single >> 4) & (single >> 6);
  if (four != 0) noteSpaced(block + <usize>ctz(four), end);
  if (digit == 0) return;
  const third = (word >> 2) | (next << 62);
  const pair = starts & second & ~third & digit;
  let every3 = pair & (pair >> 3);
  every3 &= every3 >> 6;
  let every4 = pair & (pair >> 4);
  every4 &= every4 >> 8;
  const prefixed = starts & digit & third & (digit >> 2) & ~((word >> 4) | (next << 60));
  let every5 = prefixed & (prefixed >> 5);
  every5 &= every5 >> 10;
  let every6 = prefixed & (prefixed >> 6);
  every6 &= every6 >> 12;
  if ((every3 | every4 | every5 | every6) == 0) return;
  if (every3 != 0) noteHexPairs(block + <usize>ctz(every3), 3, end);
  if (every4 != 0) noteHexPairs(block + <usize>ctz(every4), 4, end);
  if (every5 != 0) noteHexPairs(block + <usize>ctz(every5) + 2, 5, end);
  if (every6 != 0) noteHexPairs(block + <usize>ctz(every6) + 2, 6, end);
}

// Words of one or two characters in a row, or numbers, told by the masks of the pass: a text written with something between.
import { noteDecimals } from '../view/decimal-list';
import { noteHexPairs } from '../view/hex';
import { noteSpaced } from '../view/spaced';

/** Numbers in a block that make it worth a look: of codes with an indentation before each, five lie in any. */
const LEAST_NUMBERS: u64 = 5;

/**
 * Notes what begins in the block of 64 bytes at `block`. `word` and `digit` are its word bytes and digits, `before` and
 * `next` the word bytes of its neighbours, `start` and `end` the text's. Four characters, or four pairs, lie in one block of any run that is a secret:
 * also of a number that was in groups of four before.
 */
export function noteApart(block: usize, before: u64, word: u64, next: u64, digit: u64, start: usize, end: usize): void {
  const starts = word & ~((word << 1) | (before >> 63));
  const second = (word >> 1) | (next << 63);
  const single = starts & ~second;
  let four = single & (single >> 2) & (single >> 4) & (single >> 6);
  while (four != 0 && !noteSpaced(block + <usize>ctz(four), end)) four &= four - 1;
  if (digit == 0) return;
  const third = (word >> 2) | (next << 62);
  const pair = starts & second & ~third & digit;
  // Codes have two or three digits, or eight.
  const fourth = (word >> 3) | (next << 61);
  let numbers = starts & digit & (digit >> 1) & (~third | ((digit >> 2) & ~fourth) | (digit >> 7));
  if (popcnt(numbers) >= LEAST_NUMBERS)
    while (numbers != 0 && !noteDecimals(block + <usize>ctz(numbers), start, end)) numbers &= numbers - 1;
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

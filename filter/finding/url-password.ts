// The password of an address, scheme://user:password@host.
import { isMasked } from './random';
import { WordList } from './words';

/** Words that stand for a password in documentation. */
const PLACEHOLDERS = new WordList('pass passwd password pwd mypassword yourpassword your_password your-password');

/** Whether the password is more than the word that stands for one, or a mask. */
export function isUrlPassword(start: usize, end: usize): bool {
  let to = end;
  while (to > start && load<u8>(to - 1) != 0x40) to--;
  if (to > start) to--;
  let from = to;
  while (from > start && load<u8>(from - 1) != 0x3a && load<u8>(from - 1) != 0x2f && load<u8>(from - 1) != 0x40) from--;
  return !PLACEHOLDERS.isText(from, to) && !isMasked(from, to);
}

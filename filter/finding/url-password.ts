// The password of an address, scheme://user:password@host.
import { isMasked } from './random';
import { isWordOf } from './words';

/** Words that stand for a password in documentation, each between spaces. */
const PLACEHOLDERS = ' pass passwd password pwd mypassword yourpassword your_password your-password ';

/** Whether the password is more than the word that stands for one, or a mask. */
export function isUrlPassword(start: usize, end: usize): bool {
  let to = end;
  while (to > start && load<u8>(to - 1) != 0x40) to--;
  if (to > start) to--;
  let from = to;
  while (from > start && load<u8>(from - 1) != 0x3a && load<u8>(from - 1) != 0x2f && load<u8>(from - 1) != 0x40) from--;
  return !isWordOf(PLACEHOLDERS, from, to) && !isMasked(from, to);
}

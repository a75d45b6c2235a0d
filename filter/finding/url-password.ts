// The password of an address, scheme://user:password@host.
import { lower } from './near';
import { isMasked } from './random';

/** Words that stand for a password in documentation, each between spaces. */
const PLACEHOLDERS = ' pass passwd password pwd mypassword yourpassword your_password your-password ';

/** Whether the password is more than the word that stands for one, or a mask. */
export function isUrlPassword(start: usize, end: usize): bool {
  let to = end;
  while (to > start && load<u8>(to - 1) != 0x40) to--;
  if (to > start) to--;
  let from = to;
  while (from > start && load<u8>(from - 1) != 0x3a && load<u8>(from - 1) != 0x2f && load<u8>(from - 1) != 0x40) from--;
  return !isPlaceholder(from, to) && !isMasked(from, to);
}

function isPlaceholder(from: usize, to: usize): bool {
  const length = <i32>(to - from);
  for (let i = 0; i + length + 1 < PLACEHOLDERS.length; i++) {
    if (PLACEHOLDERS.charCodeAt(i) != 0x20 || PLACEHOLDERS.charCodeAt(i + 1 + length) != 0x20) continue;
    let j = 0;
    while (j < length && <i32>lower(load<u8>(from + <usize>j)) == PLACEHOLDERS.charCodeAt(i + 1 + j)) j++;
    if (j == length) return length > 0;
  }
  return false;
}

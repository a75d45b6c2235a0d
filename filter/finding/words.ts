// Word lists of the validators: one string, a space before and after each word, all in lower case.
import { lower } from './near';

/** Whether the text is a word of the list, in any case. */
export function isWordOf(list: string, start: usize, end: usize): bool {
  const length = <i32>(end - start);
  if (length == 0) return false;
  for (let i = 0; i + length + 1 < list.length; i++)
    if (list.charCodeAt(i) == 0x20 && list.charCodeAt(i + 1 + length) == 0x20 && equals(list, i + 1, length, start))
      return true;
  return false;
}

/** Whether a word of the list stands in the text. */
export function holdsWordOf(list: string, start: usize, end: usize): bool {
  const initials = initialsOf(list);
  for (let p = start; p < end; p++)
    if ((initials >> (<u64>lower(load<u8>(p)) & 63)) & 1 && beginsWithWordOf(list, p, end)) return true;
  return false;
}

/** The lists that were asked for last, each with its initials: they are constants, and told apart by their address. */
const LISTS: usize = 8;
const lists: usize = memory.data(128, 8); // LISTS × 16

/** A bit for each first letter of the list's words, by its lowest six bits: few bytes of a text begin a word of the list. */
function initialsOf(list: string): u64 {
  const address = changetype<usize>(list);
  const known = lists + (((address >> 4) & (LISTS - 1)) << 4);
  if (load<usize>(known) == address) return load<u64>(known, 8);
  let initials: u64 = 0;
  for (let i = 0; i < list.length - 1; i++)
    if (list.charCodeAt(i) == 0x20) initials |= (<u64>1) << (<u64>list.charCodeAt(i + 1) & 63);
  store<usize>(known, address);
  store<u64>(known, initials, 8);
  return initials;
}

/** Whether the text ends with a word of the list. */
export function endsWithWordOf(list: string, start: usize, end: usize): bool {
  let at = 1;
  for (let i = 1; i < list.length; i++) {
    if (list.charCodeAt(i) != 0x20) continue;
    const length = i - at;
    if (length > 0 && <usize>length <= end - start && equals(list, at, length, end - <usize>length)) return true;
    at = i + 1;
  }
  return false;
}

function beginsWithWordOf(list: string, start: usize, end: usize): bool {
  const first = <i32>lower(load<u8>(start));
  for (let i = 0; i < list.length - 1; i++) {
    if (list.charCodeAt(i) != 0x20 || list.charCodeAt(i + 1) != first) continue;
    let length = 1;
    while (list.charCodeAt(i + 1 + length) != 0x20) length++;
    if (<usize>length <= end - start && equals(list, i + 1, length, start)) return true;
  }
  return false;
}

function equals(list: string, at: i32, length: i32, start: usize): bool {
  for (let i = 0; i < length; i++) {
    const c = list.charCodeAt(at + i);
    if (c == 0x20 || c != <i32>lower(load<u8>(start + <usize>i))) return false;
  }
  return true;
}

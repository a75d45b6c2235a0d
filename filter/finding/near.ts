// Context words round a hit: what a number or a plain string is called by.
import * as layout from '../table/layout';
import * as table from '../table/read';

/** A label stands before its value, on the same line or in the column's head; after it only a short remark. */
const BEFORE: usize = 64;
const AFTER: usize = 32;

/** Whether one of the rule's context words stands near the hit, in any case. */
export function isNear(rule: usize, hitStart: usize, hitEnd: usize, begin: usize, end: usize): bool {
  const from = hitStart - begin > BEFORE ? hitStart - BEFORE : begin;
  const to = end - hitEnd > AFTER ? hitEnd + AFTER : end;
  const count = load<u32>(rule, layout.RULE_NEAR_COUNT);
  let word = table.words + <usize>load<u32>(rule, layout.RULE_NEAR_WORDS) * layout.WORD_BYTES;
  for (let i: u32 = 0; i < count; i++, word += layout.WORD_BYTES)
    if (
      holds(from, to, table.strings + <usize>load<u32>(word, layout.WORD_OFFSET), load<u32>(word, layout.WORD_LENGTH))
    )
      return true;
  return false;
}

function holds(from: usize, to: usize, word: usize, length: usize): bool {
  if (to - from < length) return false;
  const first = load<u8>(word);
  for (let p = from; p <= to - length; p++) {
    if (lower(load<u8>(p)) != first) continue;
    let i: usize = 1;
    while (i < length && lower(load<u8>(p + i)) == load<u8>(word + i)) i++;
    if (i == length) return true;
  }
  return false;
}

/** ASCII lower case. */
export function lower(c: u8): u8 {
  return c >= 0x41 && c <= 0x5a ? c | 0x20 : c;
}

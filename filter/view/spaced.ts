// Characters that stand apart, `g h p _`, `4.1.1.1`, put together: one sign between each two, the same all along.
import { note, SPACED_RUNS } from './noted';

/** Fewer characters make no secret. */
const LEAST_CHARACTERS: usize = 13;

/** Notes the characters that stand apart from `p` on. */
export function noteSpaced(p: usize, end: usize): void {
  let to = p;
  while (to + 2 < end && load<u8>(to, 1) == load<u8>(p, 1) && isCharacter(load<u8>(to, 2))) to += 2;
  note(SPACED_RUNS, p, to);
}

/** Writes the characters round `p` to `out`, a line; gives the end. At most 5/8 as long. */
export function openSpaced(p: usize, start: usize, end: usize, isLast: bool, out: usize): usize {
  let to = p;
  while (to + 2 < end && load<u8>(to, 1) == load<u8>(p, 1) && isCharacter(load<u8>(to, 2))) to += 2;
  while (p >= start + 2 && load<u8>(p - 1) == load<u8>(p, 1) && isCharacter(load<u8>(p - 2))) p -= 2;
  // Two bytes more: whether a word goes on behind the last character.
  return decodeSpaced(p, isLast ? end : min(end, to + 2), out);
}

function decodeSpaced(start: usize, end: usize, out: usize): usize {
  for (let p = start; p + 2 * LEAST_CHARACTERS - 1 <= end; p++) {
    const sign = load<u8>(p, 1);
    if (sign == 0 || isWord(sign) || !isWord(load<u8>(p)) || load<u8>(p, 3) != sign) continue;
    if (p > start && isWord(load<u8>(p - 1))) continue;
    let to = out;
    let at = p;
    // The last character is one only if no word goes on behind it.
    while (at < end && isCharacter(load<u8>(at)) && (at + 1 >= end || !isWord(load<u8>(at, 1)))) {
      store<u8>(to++, load<u8>(at));
      at += 2;
      if (at > end || load<u8>(at - 1) != sign) break;
    }
    if (to - out < LEAST_CHARACTERS) continue;
    store<u8>(to++, 0x0a);
    out = to;
    p = at - 2;
  }
  return out;
}

/** What stands on one line: the sign between may be a blank, and then a blank between two signs is a character. */
function isCharacter(c: u8): bool {
  return c >= 0x20 && c < 0x7f;
}

function isWord(c: u8): bool {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a) || c == 0x5f;
}

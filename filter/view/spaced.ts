// Characters that stand apart, `g h p _`, `4.1.1.1`, put together: one sign between each two, the same all along.
import { isNoted, note, SPACED_RUNS } from './noted';

/** What a value is called stands before it within this. */
const NAME_WITHIN: usize = 32;
/** Fewer characters make no secret. */
const LEAST_CHARACTERS: usize = 13;

/** Notes the characters that stand apart from `p` on; false where another sign comes after the first: `a A-B-C`. */
export function noteSpaced(p: usize, end: usize): bool {
  if (isNoted(SPACED_RUNS, p)) return true;
  let to = p;
  while (to + 2 < end && load<u8>(to, 1) == load<u8>(p, 1) && isCharacter(load<u8>(to, 2))) to += 2;
  if (to <= p + 2) return false;
  note(SPACED_RUNS, p, to);
  return true;
}

/** Writes the characters round `p` to `out`, and before it what it may be called; gives the end. At most as long, and 68 more. */
export function openSpaced(p: usize, start: usize, end: usize, isLast: bool, out: usize): usize {
  let to = p;
  while (to + 2 < end && load<u8>(to, 1) == load<u8>(p, 1) && isCharacter(load<u8>(to, 2))) to += 2;
  while (p >= start + 2 && load<u8>(p - 1) == load<u8>(p, 1) && isCharacter(load<u8>(p - 2))) p -= 2;
  // Two bytes more: whether a word goes on behind the last character.
  return decodeSpaced(p, start, isLast ? end : min(end, to + 2), out);
}

function decodeSpaced(begin: usize, start: usize, end: usize, out: usize): usize {
  for (let p = begin; p + 2 * LEAST_CHARACTERS - 1 <= end; p++) {
    const sign = load<u8>(p, 1);
    if (sign == 0 || isWord(sign) || !isWord(load<u8>(p)) || load<u8>(p, 3) != sign) continue;
    if (p > start && isWord(load<u8>(p - 1))) continue;
    let to = writeName(p, start, out);
    const from = to;
    let at = p;
    // The last character is one only if no word goes on behind it.
    while (at < end && isCharacter(load<u8>(at)) && (at + 1 >= end || !isWord(load<u8>(at, 1)))) {
      store<u8>(to++, load<u8>(at));
      at += 2;
      if (at > end || load<u8>(at - 1) != sign) break;
    }
    if (to - from < LEAST_CHARACTERS) continue;
    store<u8>(to++, 0x0a);
    out = to;
    // A word of one letter may stand before it: `a g h p _`.
    if (sign == 0x20) {
      memory.copy(out, from + 1, to - from - 1);
      out += to - from - 1;
    }
    // The first character may be one more than the first that stands alone: `client_s e c r e t`.
    if (p >= start + 2 && load<u8>(p - 1) == sign && isWord(load<u8>(p - 2))) {
      out = writeName(p - 1, start, out) - 1;
      memory.copy(out, from, to - from);
      out += to - from;
    }
    p = at - 2;
  }
  return out;
}

/** Writes what stands on the line before `p` as a line of its own. */
function writeName(p: usize, start: usize, out: usize): usize {
  let from = p;
  while (from > start && p - from < NAME_WITHIN && load<u8>(from - 1) >= 0x20) from--;
  memory.copy(out, from, p - from);
  out += p - from;
  store<u8>(out, 0x0a);
  return out + 1;
}

/** What stands on one line: the sign between may be a blank, and then a blank between two signs is a character. */
function isCharacter(c: u8): bool {
  return c >= 0x20 && c < 0x7f;
}

function isWord(c: u8): bool {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a) || c == 0x5f;
}

// Findings that the operator wants left out, each by rule and destination (suppress of pipelock.yaml): which entries a
// request meets is found out once, from its URL, and is a bit for each.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { lower } from './near';
import { isDestination } from './own';

/** Words of an entry, one behind the other: the rule's id, a host pattern, a glob of the path; an empty one stands for any. */
const ENTRY_WORDS: u32 = 3;

let met: u64 = 0;

/** Says which entries hold for what is read from now on. */
export function setMet(entries: u64): void {
  met = entries;
}

export function suppressionCount(): u32 {
  return load<u32>(table.policy, layout.POLICY_SUPPRESSIONS + 4) / ENTRY_WORDS;
}

/**
 * The entries that a request to the destination (own.ts) meets, by the `length` bytes of its path at `path`, a query behind
 * it; of one that is not `isKnown`, or that climbs, only those that ask for no path.
 */
export function entriesFor(path: usize, length: u32, isKnown: bool): u64 {
  let end: u32 = 0;
  while (end < length && load<u8>(path + end) != 0x3f && load<u8>(path + end) != 0x23) end++;
  const hasPath = isKnown && end > 0 && load<u8>(path) == 0x2f && !climbs(path, end);
  let entries: u64 = 0;
  for (let i: u32 = 0; i < suppressionCount(); i++) {
    const host = wordOf(i, 1);
    const hostLength = load<u32>(host, layout.WORD_LENGTH);
    if (hostLength > 0 && !isDestination(textOf(host), hostLength)) continue;
    const glob = wordOf(i, 2);
    const globLength = load<u32>(glob, layout.WORD_LENGTH);
    if (globLength > 0 && !(hasPath && isGlobOf(textOf(glob), globLength, path, end))) continue;
    entries |= (<u64>1) << (<u64>i);
  }
  return entries;
}

/** Whether a finding of the rule is left out. */
export function isSuppressed(rule: usize): bool {
  if (met == 0) return false;
  for (let i: u32 = 0; i < suppressionCount(); i++) if (suppresses(i, rule)) return true;
  return false;
}

/** Whether entry `i` leaves a finding of the rule out. */
export function suppresses(i: u32, rule: usize): bool {
  if ((met & ((<u64>1) << (<u64>i))) == 0) return false;
  // Equal texts of a table are one.
  return load<u32>(wordOf(i, 0), layout.WORD_OFFSET) == load<u32>(rule, layout.RULE_ID_OFFSET);
}

/** Address of the id of entry `i`'s rule; its length is suppressedIdLength. */
export function suppressedId(i: u32): usize {
  return textOf(wordOf(i, 0));
}

export function suppressedIdLength(i: u32): u32 {
  return load<u32>(wordOf(i, 0), layout.WORD_LENGTH);
}

function wordOf(i: u32, part: u32): usize {
  const first = load<u32>(table.policy, layout.POLICY_SUPPRESSIONS);
  return table.words + <usize>(first + i * ENTRY_WORDS + part) * layout.WORD_BYTES;
}

function textOf(word: usize): usize {
  return table.strings + <usize>load<u32>(word, layout.WORD_OFFSET);
}

/** Whether a server may take a path for another one: `..` as it is, or a dot or a percent sign that is escaped. */
function climbs(path: usize, length: u32): bool {
  for (let i: u32 = 0; i + 1 < length; i++) {
    const c = load<u8>(path + i);
    if (c == 0x2e && load<u8>(path + i + 1) == 0x2e) return true;
    if (c != 0x25 || load<u8>(path + i + 1) != 0x32 || i + 2 >= length) continue;
    const digit = lower(load<u8>(path + i + 2));
    if (digit == 0x65 || digit == 0x35) return true;
  }
  return false;
}

/** Whether a text is one of the glob's, in which `*` stands for any bytes. Goes back to the last star alone, which is enough. */
function isGlobOf(glob: usize, globLength: u32, text: usize, length: u32): bool {
  let g: u32 = 0;
  let t: u32 = 0;
  let star: u32 = u32.MAX_VALUE;
  let starred: u32 = 0;
  while (t < length) {
    if (g < globLength && load<u8>(glob + g) == 0x2a) {
      star = g++;
      starred = t;
    } else if (g < globLength && load<u8>(glob + g) == load<u8>(text + t)) {
      g++;
      t++;
    } else if (star != u32.MAX_VALUE) {
      g = star + 1;
      t = ++starred;
    } else return false;
  }
  while (g < globLength && load<u8>(glob + g) == 0x2a) g++;
  return g == globLength;
}

// Values that a rule knows: card numbers that are right and belong to nobody, made up by a person who counted or repeated, and
// what an operator has listed.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { lower } from './near';

/** Letters and digits of the hit, without what stands between them. */
const bare: usize = memory.data(128);
const BARE_BYTES: usize = 128;
let bareBytes: usize = 0;

/**
 * Whether the hit, of a rule with samples, is a card number that nobody drew and none of the samples: those are what people
 * try a gateway with, and a try must show what a real number would.
 */
export function isMadeUp(rule: usize, start: usize, end: usize): bool {
  if (load<u32>(rule, layout.RULE_SAMPLE_COUNT) == 0) return false;
  takeBare(start, end);
  return (countsOn() || repeats() || hasRow()) && !isListed(rule);
}

/** Whether the hit is one of the rule's samples; `isFolded`: whose capitals mean the same, and which are written small. */
export function isSample(rule: usize, start: usize, end: usize, isFolded: bool): bool {
  takeBare(start, end);
  if (isFolded) for (let i: usize = 0; i < bareBytes; i++) store<u8>(bare + i, lower(load<u8>(bare + i)));
  return isListed(rule);
}

function isListed(rule: usize): bool {
  const count = load<u32>(rule, layout.RULE_SAMPLE_COUNT);
  let word = table.words + <usize>load<u32>(rule, layout.RULE_SAMPLES) * layout.WORD_BYTES;
  for (let i: u32 = 0; i < count; i++, word += layout.WORD_BYTES) {
    const text = table.strings + <usize>load<u32>(word, layout.WORD_OFFSET);
    if (<usize>load<u32>(word, layout.WORD_LENGTH) == bareBytes && memory.compare(text, bare, bareBytes) == 0)
      return true;
  }
  return false;
}

function takeBare(start: usize, end: usize): void {
  bareBytes = 0;
  for (let p = start; p < end && bareBytes < BARE_BYTES; p++) {
    const c = load<u8>(p);
    if (c - 0x30 < 10 || (c | 0x20) - 0x61 < 26) store<u8>(bare + bareBytes++, c);
  }
}

/** Whether two digits in three are one more or less than the one before, or the same: of drawn numbers, one in 300. */
function countsOn(): bool {
  let steps: usize = 0;
  for (let i: usize = 1; i < bareBytes; i++) {
    const step = (load<u8>(bare + i) + 10 - load<u8>(bare + i - 1)) % 10;
    if (step <= 1 || step == 9) steps++;
  }
  return steps * 3 >= (bareBytes - 1) * 2;
}

/** Digits that may differ from the ones two, three or four before: the network's first and the check digit's do. */
const ODD_DIGITS: usize = 4;

/** Whether the digits repeat every two, three or four: of drawn numbers, one in some thousand. */
function repeats(): bool {
  for (let lag: usize = 2; lag <= 4; lag++) {
    let same: usize = 0;
    for (let i = lag; i < bareBytes; i++) if (load<u8>(bare + i) == load<u8>(bare + i - lag)) same++;
    if (same + ODD_DIGITS >= bareBytes - lag) return true;
  }
  return false;
}

/** First digit that is no issuer's (ISO/IEC 7812-1), and the length of a printed group. */
const ACCOUNT_AT: usize = 8;
const GROUP: usize = 4;

/** Whether a printed group of the account's digits is one digit four times, not zero: of drawn numbers, one in 500. */
function hasRow(): bool {
  for (let i = ACCOUNT_AT; i + GROUP <= bareBytes; i += GROUP) {
    const group = load<u32>(bare + i);
    if (group == rotl<u32>(group, 8) && load<u8>(bare + i) != 0x30) return true;
  }
  return false;
}

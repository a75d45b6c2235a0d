// BIP-39: each word is eleven bits; the last bits, one for three words, are the first of the SHA-256 of the others.
import { MOST_WORDS, wordAt, wordLength } from '../scan/phrase';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { sha256 } from './sha256';

/** The longest phrase; lengths are multiples of three. */
const MOST_PHRASE_WORDS: u32 = 24;
/** Words of the list that may happen to stand before a phrase, or after: of more, the one checksum in sixteen is chance. */
const MOST_STRAY_WORDS: u32 = 3;

const words: usize = memory.data(64); // u16 × (MOST_WORDS + 1), padded
const bits: usize = memory.data(48);
const digest: usize = memory.data(32);

/** Whether a hit, words of the list in a row, is or holds a seed phrase that is long enough for policy: its checksum agrees, where policy wants it, and it is no sorted list. */
export function bip39(start: usize, end: usize): bool {
  let count: u32 = 0;
  for (let p = start; p < end; p += wordLength + 1) {
    const word = wordAt(p, end);
    if (word < 0 || count == MOST_WORDS) return false;
    store<u16>(words + ((<usize>count) << 1), <u16>word);
    count++;
  }
  const least = <u32>load<u8>(table.policy, layout.POLICY_PHRASE_LEAST_WORDS);
  for (let length = min(count - (count % 3), MOST_PHRASE_WORDS); length >= least; length -= 3) {
    const stray = count - length;
    if (stray > MOST_STRAY_WORDS) break;
    if (isPhrase(stray, length) || (stray > 0 && isPhrase(0, length))) return true;
  }
  return false;
}

/** Whether each word stands after the one before in the list: a piece of the list itself. */
function isSorted(from: u32, length: u32): bool {
  for (let i = from + 1; i < from + length; i++) {
    const at = words + ((<usize>i) << 1);
    if (load<u16>(at) <= load<u16>(at - 2)) return false;
  }
  return true;
}

function isPhrase(from: u32, length: u32): bool {
  if (isSorted(from, length)) return false;
  if (load<u8>(table.policy, layout.POLICY_PHRASE_CHECKS) == 0) return true;
  memory.fill(bits, 0, 48);
  for (let i: u32 = 0; i < length; i++) {
    // Eleven bits never reach over more than three bytes.
    const at = i * 11;
    const place = bits + <usize>(at >> 3);
    const word = (<u32>load<u16>(words + ((<usize>(from + i)) << 1))) << (13 - (at & 7));
    store<u8>(place, load<u8>(place) | <u8>(word >> 16));
    store<u8>(place, <u8>(word >> 8), 1);
    store<u8>(place, <u8>word, 2);
  }
  const checksumBits = length / 3;
  const bytes = <usize>(checksumBits * 4);
  sha256(bits, bytes, digest);
  return (load<u8>(digest) ^ load<u8>(bits + bytes)) >> <u8>(8 - checksumBits) == 0;
}

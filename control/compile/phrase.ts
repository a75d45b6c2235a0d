import { wordlist } from '@scure/bip39/wordlists/english.js';
import * as layout from '../../filter/table/layout.ts';

/** The English list of BIP-39 for the rule that looks for seed phrases, or nothing where there is none. */
export function layPhrases(rules: readonly number[]): Uint8Array {
  const [rule] = rules;
  if (rule === undefined) return new Uint8Array();
  if (rules.length > 1) throw new RangeError(`${rules.length} rules look for seed phrases; the table holds one`);
  const section = new DataView(new ArrayBuffer(layout.PHRASE_BYTES));
  const slots = 1 << layout.PHRASE_SLOT_BITS;
  section.setUint32(layout.PHRASE_RULE, rule, true);
  wordlist.forEach((word, index) => {
    const at = layout.PHRASE_WORDS + index * layout.PHRASE_WORD_BYTES;
    Buffer.from(section.buffer).write(word, at, 'latin1');
    const key = section.getUint32(at, true) ^ Math.imul(section.getUint32(at + 4, true), layout.PHRASE_MULTIPLIER);
    let slot = Math.imul(key, layout.KEY_MULTIPLIER) >>> (32 - layout.PHRASE_SLOT_BITS);
    while (section.getUint16(layout.PHRASE_SLOTS + slot * 2, true) !== 0) slot = (slot + 1) % slots;
    section.setUint16(layout.PHRASE_SLOTS + slot * 2, index + 1, true);
  });
  return new Uint8Array(section.buffer);
}

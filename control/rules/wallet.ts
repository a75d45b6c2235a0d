/** Checksums of wallet keys and seed phrases, as reference: the filter's own (filter/finding) must agree with these. */
import { createHash } from 'node:crypto';
import { wordlist } from '@scure/bip39/wordlists/english.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

const base58Digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Base58Check: a number in base 58, of which the last four bytes are the first of the doubled SHA-256 of the others. */
export function base58Check(text: string): boolean {
  let number = 0n;
  for (const character of text) {
    const digit = base58Digits.indexOf(character);
    if (digit < 0) return false;
    number = number * 58n + BigInt(digit);
  }
  const zeros = /^1*/.exec(text)![0].length;
  const hex = number === 0n ? '' : number.toString(16);
  const bytes = Buffer.from('00'.repeat(zeros) + (hex.length % 2 === 0 ? '' : '0') + hex, 'hex');
  if (bytes.length <= 4 || bytes.length > 84) return false;
  return sha256(sha256(bytes.subarray(0, -4)))
    .subarray(0, 4)
    .equals(bytes.subarray(-4));
}

const numberOf = new Map(wordlist.map((word, number) => [word, number]));

/** Longest row of words of the list, and words of it that may stand before or after a phrase by chance. */
const mostWords = 27;
const mostStrayWords = 3;

/** Whether a text of words holds a BIP-39 phrase: a row of words of the list whose checksum agrees, and no sorted one. */
export function bip39(text: string): boolean {
  return rowsOf(text).some((row) =>
    [24, 21, 18, 15, 12].some((length) => {
      const stray = row.length - length;
      if (stray < 0 || stray > mostStrayWords || row.length > mostWords) return false;
      return isPhrase(row.slice(stray)) || isPhrase(row.slice(0, length));
    }),
  );
}

/** Rows of words of the list, as numbers; in a row the same sign stands between each two. */
function rowsOf(text: string): number[][] {
  const rows: number[][] = [];
  let sign: string | undefined;
  for (const [, before, word] of text.matchAll(/(^|[^A-Za-z])([A-Za-z]+)/g)) {
    const number = numberOf.get(word!.toLowerCase());
    const row = rows.at(-1);
    if (number === undefined) {
      rows.push([]);
    } else if (row === undefined || row.length === 0 || (row.length > 1 && before !== sign)) {
      // The word before the first of another sign may be the first of its row.
      const shared = row !== undefined && row.length > 1 ? [row.at(-1)!] : [];
      rows.push([...shared, number]);
      sign = before;
    } else {
      row.push(number);
      sign = before;
    }
  }
  return rows;
}

/** Each word is eleven bits; the last bits, one for three words, are the first of the SHA-256 of the others. */
function isPhrase(words: readonly number[]): boolean {
  if (words.every((word, at) => at === 0 || word > words[at - 1]!)) return false;
  const bits = words.map((word) => word.toString(2).padStart(11, '0')).join('');
  const entropyBits = (words.length / 3) * 32;
  const entropy = Buffer.from(
    bits
      .slice(0, entropyBits)
      .match(/.{8}/g)!
      .map((byte) => Number.parseInt(byte, 2)),
  );
  const checksum = [...sha256(entropy)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return checksum.startsWith(bits.slice(entropyBits));
}

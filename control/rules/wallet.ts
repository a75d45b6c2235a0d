/** Checksums of wallet keys and seed phrases, as reference: the filter's own (filter/finding) must agree with these. */
import { createHash } from 'node:crypto';
import { wordlist } from '@scure/bip39/wordlists/english.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

const base58Digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The bytes of a number in base 58; undefined where it is none. */
function base58(text: string): Buffer | undefined {
  let number = 0n;
  for (const character of text) {
    const digit = base58Digits.indexOf(character);
    if (digit < 0) return undefined;
    number = number * 58n + BigInt(digit);
  }
  const zeros = /^1*/.exec(text)![0].length;
  const hex = number === 0n ? '' : number.toString(16);
  return Buffer.from('00'.repeat(zeros) + (hex.length % 2 === 0 ? '' : '0') + hex, 'hex');
}

/** Base58Check: a number in base 58, of which the last four bytes are the first of the doubled SHA-256 of the others. */
export function base58Check(text: string): boolean {
  const bytes = base58(text);
  if (bytes === undefined) return false;
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

/** Whether capitals mean the same in an address that begins so. */
export function isFoldedAddress(text: string): boolean {
  return /^(?:0|bc1|bnb1)/i.test(text);
}

/** Whether a text is an address of a wallet: 0x and hex, bech32 or bech32m (BIP-173, BIP-350), or base58. */
export function address(text: string): boolean {
  if (/^0x/i.test(text)) return true;
  const small = text.toLowerCase();
  const label = /^(bc|bnb)1/.exec(small)?.[1];
  if (label === undefined) return base58Check(text) || base58(text)?.length === 32;
  const letters = [...label].map((letter) => letter.charCodeAt(0));
  const digits = [...small.slice(label.length + 1)].map((digit) => 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'.indexOf(digit));
  const values = [...letters.map((c) => c >> 5), 0, ...letters.map((c) => c & 31), ...digits];
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  const sum = values.reduce((sum, value) => {
    const next = ((sum & 0x1ffffff) << 5) ^ value;
    return generators.reduce((to, generator, bit) => ((sum >>> 25) & (1 << bit) ? to ^ generator : to), next) >>> 0;
  }, 1);
  return !digits.includes(-1) && (sum === 1 || sum === 0x2bc830a3);
}

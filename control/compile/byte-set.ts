/** A set of byte values, as 256 flags of 0 or 1. Never changed once made; the same set is the same array. */
export type ByteSet = Readonly<Uint8Array>;

/** Patterns name a few hundred sets tens of thousands of times: an array for each would be most of the compiler's memory. */
const made = new Map<string, ByteSet>();

/** The set of the bytes for which `member` holds. */
export function bytesWhere(member: (byte: number) => boolean): ByteSet {
  const flags = Buffer.alloc(256);
  for (let byte = 0; byte < 256; byte++) if (member(byte)) flags[byte] = 1;
  const key = flags.toString('latin1');
  const known = made.get(key);
  if (known) return known;
  const set = Uint8Array.from(flags);
  made.set(key, set);
  return set;
}

/** The set of the characters of an ASCII text. */
export function bytesOf(text: string): ByteSet {
  return bytesWhere((byte) => text.includes(String.fromCharCode(byte)));
}

export const noBytes = bytesWhere(() => false);
export const allBytes = bytesWhere(() => true);
export const digits = bytesWhere((byte) => byte >= 0x30 && byte <= 0x39);
export const letters = bytesWhere((byte) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);
export const upperLetters = bytesWhere((byte) => byte >= 0x41 && byte <= 0x5a);
/** \w of ECMAScript. */
export const wordBytes = bytesWhere((byte) => /\w/.test(String.fromCharCode(byte)) && byte < 128);
/** \s of ECMAScript, as far as one byte can say it. */
export const spaceBytes = bytesOf(' \t\n\v\f\r');
/** What may stand in a token: the class of the prefilter's runs (filter/scan/prefilter.ts holds its nibble form). */
export const tokenBytes = union(wordBytes, bytesOf('+-./'));

export function union(a: ByteSet, b: ByteSet): ByteSet {
  return bytesWhere((byte) => a[byte] === 1 || b[byte] === 1);
}

export function complement(a: ByteSet): ByteSet {
  return bytesWhere((byte) => a[byte] === 0);
}

export function overlaps(a: ByteSet, b: ByteSet): boolean {
  for (let byte = 0; byte < 256; byte++) if (a[byte] === 1 && b[byte] === 1) return true;
  return false;
}

export function isSubset(a: ByteSet, of: ByteSet): boolean {
  for (let byte = 0; byte < 256; byte++) if (a[byte] === 1 && of[byte] === 0) return false;
  return true;
}

/** The members in rising order. */
export function members(a: ByteSet): number[] {
  const list: number[] = [];
  for (let byte = 0; byte < 256; byte++) if (a[byte] === 1) list.push(byte);
  return list;
}

/** Letters of either case for every letter in the set. */
export function foldCase(a: ByteSet): ByteSet {
  const swap = (byte: number) => byte ^ 0x20;
  const isLetter = (byte: number) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  return bytesWhere((byte) => a[byte] === 1 || (isLetter(byte) && a[swap(byte)] === 1));
}

/** The set as a class of a regular expression, for dumps and for the RegExp twin of a pattern. */
export function classText(a: ByteSet): string {
  const spell = (byte: number) =>
    (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`;
  const list = members(a);
  if (list.length === 1) return spell(list[0] as number);
  let text = '';
  for (let i = 0; i < list.length; ) {
    let last = i;
    while (last + 1 < list.length && list[last + 1] === (list[last] as number) + 1) last++;
    const from = spell(list[i] as number);
    const to = spell(list[last] as number);
    text += last - i > 1 ? `${from}-${to}` : last > i ? from + to : from;
    i = last + 1;
  }
  return `[${text}]`;
}

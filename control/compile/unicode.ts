/** What each code point folds to, by pages of 256: control/rules/normalise.ts as tables (filter/table/layout.ts). */
import * as layout from '../../filter/table/layout.ts';
import { fold, kindOf, lookAlike, type Separator, separatorOf } from '../rules/normalise.ts';

export interface UnicodeSections {
  characters: Uint8Array;
  pages: Uint8Array;
  folds: Uint8Array;
}

const separators: Record<Separator, number> = {
  other: layout.SEPARATOR_OTHER,
  space: layout.SEPARATOR_SPACE,
  line: layout.SEPARATOR_LINE,
  'full-stop': layout.SEPARATOR_FULL_STOP,
  stop: layout.SEPARATOR_STOP,
  quote: layout.SEPARATOR_QUOTE,
  opening: layout.SEPARATOR_OPENING,
  closing: layout.SEPARATOR_CLOSING,
  comma: layout.SEPARATOR_COMMA,
};

/** Where code points are assigned: the planes of scripts, and the one of tags and variation selectors. */
const ranges = [
  [0, 0x33480],
  [0xe0000, 0xe1000],
] as const;

let laid: UnicodeSections | undefined;

/** The sections, the same for any rules; made once. */
export function layUnicode(): UnicodeSections {
  laid ??= lay();
  return laid;
}

function lay(): UnicodeSections {
  const folds = new Folds();
  const pages = new Map<string, number>();
  const pageBytes: Uint16Array[] = [];
  const addPage = (page: Uint16Array) => {
    const key = page.join();
    const known = pages.get(key);
    if (known !== undefined) return known;
    pages.set(key, pageBytes.length);
    return pageBytes.push(page) - 1;
  };
  const characters = new DataView(new ArrayBuffer(layout.UNICODE_BYTES));
  for (let c = 0; c < 128; c++) characters.setUint8(c, asciiKind(String.fromCharCode(c)));

  const none = addPage(new Uint16Array(256));
  for (let page = 0; page < layout.UNICODE_PAGE_COUNT; page++) {
    const isUsed = ranges.some(([from, to]) => page * 256 >= from && page * 256 < to);
    const number = isUsed ? addPage(Uint16Array.from({ length: 256 }, (_, i) => folds.add(page * 256 + i))) : none;
    characters.setUint8(layout.UNICODE_INDEX + page, number);
  }
  if (pageBytes.length > 256) throw new RangeError(`${pageBytes.length} different pages of code points`);
  const bytes = new DataView(new ArrayBuffer(pageBytes.length * 512));
  pageBytes.forEach((page, i) => {
    page.forEach((value, j) => {
      bytes.setUint16(i * 512 + j * 2, value, true);
    });
  });
  return {
    characters: new Uint8Array(characters.buffer),
    pages: new Uint8Array(bytes.buffer),
    folds: folds.toBytes(),
  };
}

function asciiKind(character: string): number {
  return kindOf(character) === 'letter' ? layout.LETTER : separators[separatorOf(character)];
}

/** Records of what code points fold to, each stored once. */
class Folds {
  readonly #bytes: number[] = Array<number>(layout.FOLD_FIRST_RECORD * 4).fill(0);
  readonly #numbers = new Map<string, number>();

  add(codePoint: number): number {
    if (codePoint >= 0xd800 && codePoint < 0xe000) return layout.FOLD_SEPARATOR;
    const character = String.fromCodePoint(codePoint);
    // Most code points are these; the test that looks at each of them says whether it is right.
    if (/\p{Unified_Ideograph}/u.test(character)) return layout.FOLD_ALONE;
    if (/[\p{Cn}\uac00-\ud7a3]/u.test(character))
      return codePoint < 0xd7a4 && codePoint >= 0xac00 ? layout.FOLD_LETTER : layout.FOLD_SEPARATOR;
    const folded = fold(character);
    if (folded === '') return layout.FOLD_NOTHING;
    const separator = separatorOf(character);
    if (folded === character && lookAlike(character) === undefined) {
      const kind = kindOf(character);
      if (kind === 'letter') return layout.FOLD_LETTER;
      if (kind === 'alone') return layout.FOLD_ALONE;
    }
    const kinds = { letter: layout.LETTER, alone: layout.ALONE, separator: 0 };
    const letters = [...folded].map((letter) => {
      const kind = kindOf(letter);
      const bytes = kind === 'separator' ? [] : [...Buffer.from(letter)];
      return [kinds[kind], bytes.length, lookAlike(letter)?.charCodeAt(0) ?? 0, ...bytes];
    });
    if (letters.length === 1 && letters[0]![0] === 0 && separator === 'other') return layout.FOLD_SEPARATOR;
    return this.#record([letters.length, separators[separator], ...letters.flat()]);
  }

  #record(record: number[]): number {
    const key = record.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#bytes.length / 4;
    if (number > 0xffff)
      throw new RangeError(`${number} records of folded characters; the table's numbers end at 65535`);
    this.#bytes.push(...record, ...Array<number>((4 - (record.length % 4)) % 4).fill(0));
    this.#numbers.set(key, number);
    return number;
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

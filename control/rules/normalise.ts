/**
 * A text as words, the way phrases read it: the twin of the filter's unicode view.
 *
 * What holds:
 * - Each code point folds by itself, whatever stands beside it: NFKC, lower case, accents gone (é → e, й → и, ё → е, أ → ا;
 *   vowel signs of Hindi and Thai stay), ß → ss, ı → i, ł → l, đ → d, ø → o. What is invisible (Default_Ignorable_Code_Point)
 *   folds to nothing: zero width, bidi controls, tag characters, soft hyphens, variation selectors, fillers.
 * - A word is a run of letters, digits and marks. A Han, kana or Thai character is a word of its own, and half a word long.
 * - A word that holds a letter from a to z has its Cyrillic and Greek look-alikes made Latin; and where it holds digits too,
 *   it may also be read with letters in their place (`1gn0re`).
 * - Between two words a sentence ends where there are two line ends, since one may be where the text was wrapped; one of
 *   。！？।؟ or the like; a `.`, `!` or `?` that is not alone (`example.com`, `v1.2` go on); or a quotation mark, a comma or
 *   colon, and a quotation mark: two strings of JSON.
 * Nothing throws: a lone surrogate is a separator.
 */

/** A word of a text. Offsets count UTF-16 units of the text as it was. */
export interface Word {
  /** Normalised. */
  text: string;
  /** The same with letters for digits, where it holds both. */
  other?: string;
  start: number;
  end: number;
  /** What stands before it in the text, in half words. */
  place: number;
  /** 2, or 1 of a script without spaces. */
  halves: number;
  /** Number of its sentence, from 0. */
  sentence: number;
}

const invisible = /\p{Default_Ignorable_Code_Point}/u;
/** Combining accents; Arabic vowel signs, joining marks and hamza. */
const accents = /[\u0300-\u036f\u0640\u064b-\u065f\u0670]/gu;
const single: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', ı: 'i', ł: 'l', đ: 'd', ð: 'd', ø: 'o', ħ: 'h', æ: 'ae', œ: 'oe', þ: 'th' },
  ...{ ى: 'ي', ة: 'ه', ٱ: 'ا', ک: 'ك', ی: 'ي' },
};
/** Cyrillic and Greek letters, and the Latin ones that they look like. */
const lookAlikes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{
      а: 'a',
      в: 'b',
      с: 'c',
      ԁ: 'd',
      е: 'e',
      һ: 'h',
      і: 'i',
      ј: 'j',
      к: 'k',
      ӏ: 'l',
      м: 'm',
      н: 'h',
      о: 'o',
      р: 'p',
    },
    ...{ ԛ: 'q', г: 'r', ѕ: 's', т: 't', у: 'y', ѵ: 'v', ԝ: 'w', х: 'x', п: 'n', и: 'u' },
    ...{
      α: 'a',
      β: 'b',
      ε: 'e',
      η: 'n',
      ι: 'i',
      κ: 'k',
      ν: 'v',
      ο: 'o',
      ρ: 'p',
      τ: 't',
      υ: 'u',
      χ: 'x',
      γ: 'y',
      ω: 'w',
    },
  }),
);
const latin = /[a-z]/;
const wordCharacter = /[\p{L}\p{N}\p{M}]/u;
const withoutSpaces = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}ー]/u;
const lineEnd = /[\n\u0085\u2028\u2029]/;
const twoLineEnds = /[\n\u0085\u2028\u2029].*[\n\u0085\u2028\u2029]/s;
const fullStop = /[。！？｡।॥؟۔]/u;
const jsonStringEdge = /["”][\s]*[,:][\s]*["“]/;

/** What a code point folds to: nothing, or some characters. */
export function fold(character: string): string {
  const known = folded.get(character);
  if (known !== undefined) return known;
  let text = '';
  if (!invisible.test(character)) {
    const plain = character.normalize('NFKC').toLowerCase().normalize('NFKD').replace(accents, '').normalize('NFC');
    for (const letter of plain) text += invisible.test(letter) ? '' : (single[letter] ?? letter);
  }
  folded.set(character, text);
  return text;
}

const folded = new Map<string, string>();

/** The words of a text. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let [between, letters, start, end, place, sentence] = ['', '', 0, 0, 0, 0];

  const open = (at: number) => {
    if (words.length > 0 && endsSentence(between)) sentence++;
    between = '';
    start = at;
  };
  const close = () => {
    if (letters === '') return;
    const text = withoutLookAlikes(letters);
    const other = withoutDigits(text);
    words.push({ text, ...(other !== text && { other }), start, end, place, halves: 2, sentence });
    place += 2;
    letters = '';
  };

  let at = 0;
  for (const character of text) {
    const next = at + character.length;
    for (const letter of fold(character)) {
      const kind = kindOf(letter);
      if (kind === 'alone') {
        close();
        open(at);
        words.push({ text: letter, start: at, end: next, place, halves: 1, sentence });
        place += 1;
      } else if (kind === 'letter') {
        if (letters === '') open(at);
        letters += letter;
        end = next;
      } else {
        close();
        // As written: folding makes three dots of an ellipsis and nothing of a line separator.
        between += character;
      }
    }
    at = next;
  }
  close();
  return words;
}

/** What a folded character is: part of a word, a word of its own, or neither. */
export function kindOf(letter: string): 'letter' | 'alone' | 'separator' {
  if (withoutSpaces.test(letter)) return 'alone';
  return wordCharacter.test(letter) ? 'letter' : 'separator';
}

/** What a character between two words, as it was written, does to the sentence. */
export type Separator = 'line' | 'full-stop' | 'stop' | 'quote' | 'opening' | 'closing' | 'comma' | 'space' | 'other';

export function separatorOf(character: string): Separator {
  if (lineEnd.test(character)) return 'line';
  if (fullStop.test(character)) return 'full-stop';
  if (/[.!?…]/.test(character)) return 'stop';
  if (/\s/.test(character)) return 'space';
  const signs: Record<string, Separator> = { '"': 'quote', '“': 'opening', '”': 'closing', ',': 'comma', ':': 'comma' };
  return signs[character] ?? 'other';
}

/** The Latin letter that a letter of another script looks like. */
export function lookAlike(letter: string): string | undefined {
  return lookAlikes.get(letter);
}

/** An entry of a term as its words are in a text: one space between them, none between characters without spaces. */
export function normalisedEntry(text: string): string {
  let joined = '';
  let halves = 0;
  for (const word of wordsOf(text)) {
    joined += joined !== '' && (halves === 2 || word.halves === 2) ? ` ${word.text}` : word.text;
    halves = word.halves;
  }
  return joined;
}

function withoutLookAlikes(word: string): string {
  if (!latin.test(word)) return word;
  return [...word].map((letter) => lookAlikes.get(letter) ?? letter).join('');
}

/** The digits that stand for letters in a word of both. */
export const digitLetters: Readonly<Record<string, string>> = {
  ...{ '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g' },
};

function withoutDigits(word: string): string {
  if (!latin.test(word)) return word;
  return word.replace(/[0-9]/g, (digit) => digitLetters[digit] ?? digit);
}

function endsSentence(between: string): boolean {
  if (twoLineEnds.test(between) || fullStop.test(between) || jsonStringEdge.test(between)) return true;
  return /[.!?…]/.test(between) && [...between].length > 1;
}

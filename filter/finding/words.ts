// Word lists of the validators, in any case. A list is laid out once by the first letters of its words, or by the last ones, so that
// what begins none of them costs one look.
import { lower } from './near';

/** A letter is known by its lowest six bits, which all bytes of the lists tell apart well enough. */
const LETTERS: usize = 64;

export class WordList {
  /** By letter the address of its words, 0 for none: each a length u8 and its bytes; a length of 0 behind the last. */
  private readonly index: usize = heap.alloc(LETTERS << 2);

  /**
   * @param words in lower case, one space between them
   * @param isByEnd for endsText alone: the words are told apart by their last letters
   */
  constructor(words: string, isByEnd: bool = false) {
    let at = heap.alloc(<usize>words.length + LETTERS + 1);
    for (let letter: usize = 0; letter < LETTERS; letter++) {
      const first = at;
      for (let start = 0; start < words.length; ) {
        const space = words.indexOf(' ', start);
        const end = space < 0 ? words.length : space;
        if ((<usize>words.charCodeAt(isByEnd ? end - 1 : start) & (LETTERS - 1)) == letter) {
          store<u8>(at++, <u8>(end - start));
          for (let i = start; i < end; i++) store<u8>(at++, <u8>words.charCodeAt(i));
        }
        start = end + 1;
      }
      store<u32>(this.index + (letter << 2), <u32>(at > first ? first : 0));
      if (at > first) store<u8>(at++, 0);
    }
  }

  /** Whether the text is a word of the list. */
  isText(start: usize, end: usize): bool {
    return start < end && this.begins(start, end, end - start);
  }

  /** Whether a word of the list stands in the text. */
  isIn(start: usize, end: usize): bool {
    for (; start < end; start++) if (this.wordsOf(load<u8>(start)) != 0 && this.begins(start, end, 0)) return true;
    return false;
  }

  /** Whether the text ends with a word of the list, which was laid out by last letters. */
  endsText(start: usize, end: usize): bool {
    if (start == end) return false;
    let word = this.wordsOf(load<u8>(end - 1));
    if (word == 0) return false;
    for (let length = <usize>load<u8>(word); length != 0; word += length + 1, length = <usize>load<u8>(word))
      if (length <= end - start && equals(word + 1, end - length, length)) return true;
    return false;
  }

  /** Whether the text begins with a word, of `only` bytes where that is not 0. */
  private begins(start: usize, end: usize, only: usize): bool {
    let word = this.wordsOf(load<u8>(start));
    if (word == 0) return false;
    for (let length = <usize>load<u8>(word); length != 0; word += length + 1, length = <usize>load<u8>(word))
      if ((only == 0 || length == only) && length <= end - start && equals(word + 1, start, length)) return true;
    return false;
  }

  private wordsOf(letter: u8): usize {
    return <usize>load<u32>(this.index + ((<usize>lower(letter) & (LETTERS - 1)) << 2));
  }
}

function equals(word: usize, text: usize, length: usize): bool {
  for (let i: usize = 0; i < length; i++) if (load<u8>(word + i) != lower(load<u8>(text + i))) return false;
  return true;
}

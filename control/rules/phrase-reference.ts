/**
 * What a phrase finds, in plain TypeScript: slow, short, and the measure for the filter's engine.
 *
 * A phrase is found where its steps stand one behind the other without overlap, the words between each two no more than the
 * step's gap, and no end of a sentence between them unless the step crosses sentences. Words within an entry never cross
 * one. A word of a script without spaces counts half. The finding reaches from the first step to the last; of those that
 * end at the same word the shortest counts.
 *
 * `unless`: there is no finding where all words of one of its entries are among the 8 words before the first step (of its
 * sentence), among the 4 words after the last (of its sentence), or between.
 */
import { type Word, wordsOf } from './normalise.ts';
import type { Phrase, TermEntry } from './phrase.ts';

const unlessHalvesBefore = 16;
const unlessHalvesAfter = 8;

/** Where a phrase was found, in UTF-16 units of the text. */
export interface PhraseHit {
  start: number;
  end: number;
}

/** Words `first` to `last` of a text are an entry. */
interface Span {
  first: number;
  last: number;
}

/** A function that gives the phrases that a text holds: for each of `phrases` its hits. */
export function phraseScanner(phrases: readonly Phrase[]): (text: string) => PhraseHit[][] {
  const lists = new Set<TermEntry[]>();
  for (const { steps, unless } of phrases) {
    for (const { entries } of steps) lists.add(entries);
    if (unless.length > 0) lists.add(unless);
  }
  const lexicon = new Lexicon([...lists]);
  return (text) => {
    const words = wordsOf(text);
    const spans = lexicon.spansIn(words);
    return phrases.map((phrase) => hitsOf(phrase, words, spans));
  };
}

/** Finds the entries of many lists in one walk over the words. */
class Lexicon {
  readonly #lists: TermEntry[][];
  /** By first word, whole and as a stem: the words that follow, whether the last is a stem, and the lists that hold it. */
  readonly #whole = new Map<string, Candidate[]>();
  readonly #stems = new Map<string, Candidate[]>();
  #longestStem = 0;

  constructor(lists: TermEntry[][]) {
    this.#lists = lists;
    const byEntry = new Map<string, Candidate>();
    for (const list of lists) {
      for (const { text, isStem } of list) {
        const key = `${text}${isStem ? '*' : ''}`;
        const known = byEntry.get(key);
        if (known) {
          known.lists.push(list);
          continue;
        }
        const words = wordsOf(text).map((word) => word.text);
        const candidate = { rest: words.slice(1), isStem, lists: [list] };
        byEntry.set(key, candidate);
        const first = words[0] as string;
        const isFirstStem = isStem && words.length === 1;
        const map = isFirstStem ? this.#stems : this.#whole;
        if (isFirstStem) this.#longestStem = Math.max(this.#longestStem, first.length);
        map.set(first, [...(map.get(first) ?? []), candidate]);
      }
    }
  }

  spansIn(words: readonly Word[]): Map<TermEntry[], Span[]> {
    const spans = new Map<TermEntry[], Span[]>(this.#lists.map((list) => [list, []]));
    const add = ({ lists }: Candidate, span: Span) => {
      for (const list of lists) spans.get(list)?.push(span);
    };
    words.forEach((word, first) => {
      for (const text of readings(word)) {
        for (const candidate of this.#whole.get(text) ?? []) {
          const last = endOf(candidate, words, first);
          if (last >= 0) add(candidate, { first, last });
        }
        for (let length = Math.min(text.length, this.#longestStem); length > 0; length--) {
          for (const candidate of this.#stems.get(text.slice(0, length)) ?? []) add(candidate, { first, last: first });
        }
      }
    });
    return spans;
  }
}

interface Candidate {
  rest: string[];
  isStem: boolean;
  lists: TermEntry[][];
}

/** The last word of an entry that begins at word `first`, or -1 where other words follow. */
function endOf({ rest, isStem }: Candidate, words: readonly Word[], first: number): number {
  const { sentence } = words[first] as Word;
  const isThere = rest.every((text, i) => {
    const word = words[first + 1 + i];
    if (word === undefined || word.sentence !== sentence) return false;
    const fits = (read: string) => (isStem && i === rest.length - 1 ? read.startsWith(text) : read === text);
    return readings(word).some(fits);
  });
  return isThere ? first + rest.length : -1;
}

function readings({ text, other }: Word): string[] {
  return other === undefined ? [text] : [text, other];
}

function hitsOf(phrase: Phrase, words: readonly Word[], spans: ReadonlyMap<TermEntry[], Span[]>): PhraseHit[] {
  let open: Span[] = spans.get(phrase.steps[0]!.entries) ?? [];
  for (const { entries, gapWords, crossesSentences } of phrase.steps.slice(1)) {
    if (open.length === 0) return [];
    const next = new Map<string, Span>();
    const begun = open.toSorted((a, b) => a.last - b.last);
    let from = 0;
    for (const { first, last } of (spans.get(entries) ?? []).toSorted((a, b) => a.first - b.first)) {
      const to = words[first] as Word;
      while (from < begun.length && halvesBetween(words[begun[from]!.last] as Word, to) > gapWords * 2) from++;
      for (let i = from; i < begun.length && begun[i]!.last < first; i++) {
        const before = begun[i] as Span;
        if (!crossesSentences && (words[before.last] as Word).sentence !== to.sentence) continue;
        next.set(`${before.first}-${last}`, { first: before.first, last });
      }
    }
    open = [...next.values()];
  }

  const stops = phrase.unless.length > 0 ? (spans.get(phrase.unless) ?? []) : [];
  const byLast = new Map<number, Span>();
  for (const span of open) {
    if (stops.some((stop) => standsBy(stop, span, words))) continue;
    const known = byLast.get(span.last);
    if (known === undefined || span.first > known.first) byLast.set(span.last, span);
  }
  return [...byLast.values()]
    .sort((a, b) => a.first - b.first || a.last - b.last)
    .map(({ first, last }) => ({ start: words[first]!.start, end: words[last]!.end }));
}

function halvesBetween(before: Word, after: Word): number {
  return after.place - before.place - before.halves;
}

function standsBy(stop: Span, span: Span, words: readonly Word[]): boolean {
  const [first, last] = [words[span.first] as Word, words[span.last] as Word];
  const [begin, end] = [words[stop.first] as Word, words[stop.last] as Word];
  if (stop.first < span.first) {
    return begin.sentence === first.sentence && first.place - begin.place <= unlessHalvesBefore;
  }
  if (stop.last > span.last) {
    return end.sentence === last.sentence && end.place + end.halves - last.place - last.halves <= unlessHalvesAfter;
  }
  return true;
}

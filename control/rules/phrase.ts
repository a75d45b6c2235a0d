/**
 * Phrases: what injected instructions look like, as terms in a row. `{undo} ..6 {earlier} ..3 {instructions}` is an entry
 * of {undo}, at most six words, an entry of {earlier}, at most three words, and an entry of {instructions}, in one sentence.
 * README.md beside this file has the syntax; phrase-reference.ts says what a phrase finds.
 */
import { normalisedEntry } from './normalise.ts';

/** A phrase: steps in a row, each any of the entries of its terms. */
export interface Phrase {
  steps: Step[];
  /** No finding where one of these stands by: see phrase-reference.ts. */
  unless: TermEntry[];
}

export interface Step {
  entries: TermEntry[];
  /** Most words between the step before and this one; 0 for the first, and for what must follow directly. */
  gapWords: number;
  /** Whether a sentence may end between the step before and this one. */
  crossesSentences: boolean;
}

/** Words as normalised, one space between them; the last may stand for any ending. */
export interface TermEntry {
  text: string;
  isStem: boolean;
}

/** The terms of all files, by name; the entries of one language by `name:ja`, those of languages with the verb last by `name:last`. */
export type Terms = ReadonlyMap<string, TermEntry[]>;

/** What is wrong with a phrase, and at which character of it. */
export class PhraseError extends Error {
  override readonly name = 'PhraseError';
  readonly caret: number;
  constructor(message: string, caret: number) {
    super(message);
    this.caret = caret;
  }
}

/** More words apart than this is no phrase; the filter keeps a place of each open one that long. */
export const mostGapWords = 40;
/** A phrase of more steps is two. */
export const mostSteps = 6;
/** With `order: any` each order is a phrase of its own: six of three steps. */
export const mostStepsInAnyOrder = 3;

const piece = /(\{[^}]*\}?)|(\.{2,})(\d*)|([^\s{]+)|(\s+)/gy;

/**
 * Reads a phrase.
 * @param order 'any': the steps may come in any order, the largest gap between each two
 * @returns the phrase, or with `order: any` one for each order
 * @throws PhraseError
 */
export function parsePhrase(text: string, terms: Terms, order: 'written' | 'any', unless: TermEntry[] = []): Phrase[] {
  const steps: Step[] = [];
  let words: string[] = [];
  let wordsAt = 0;
  let gap: { gapWords: number; crossesSentences: boolean } | undefined;

  const push = (entries: TermEntry[], at: number) => {
    if (steps.length === 0 && gap) throw new PhraseError('a gap before the first step; take it out', at);
    steps.push({ entries, ...(gap ?? { gapWords: 0, crossesSentences: false }) });
    gap = undefined;
  };
  const flush = () => {
    if (words.length === 0) return;
    const entries = [readEntry(words.join(' '), wordsAt)];
    words = [];
    push(entries, wordsAt);
  };

  for (const found of text.matchAll(piece)) {
    const [, braces, dots, count, word] = found;
    if (braces !== undefined) {
      flush();
      push(entriesOf(braces, terms, found.index), found.index);
    } else if (dots !== undefined) {
      flush();
      if (gap) throw new PhraseError('two gaps in a row; write one', found.index);
      gap = readGap(dots, count ?? '', found.index);
    } else if (word !== undefined) {
      if (words.length === 0) wordsAt = found.index;
      words.push(word);
    }
  }
  flush();
  if (gap) throw new PhraseError('a gap after the last step; take it out', text.length);
  if (steps.length === 0) throw new PhraseError('no step; write {a-term} or words', 0);
  if (steps.length > mostSteps) throw new PhraseError(`${steps.length} steps; write ${mostSteps} at most`, 0);
  if (order === 'written') return [{ steps, unless }];
  if (steps.length < 2 || steps.length > mostStepsInAnyOrder) {
    throw new PhraseError(`${steps.length} steps in any order; write 2 to ${mostStepsInAnyOrder}`, 0);
  }
  return inAnyOrder(steps).map((steps) => ({ steps, unless }));
}

/**
 * The entries that `{name}`, `{a|b}` or words stand for.
 * @throws PhraseError
 */
export function entriesOf(text: string, terms: Terms, at = 0): TermEntry[] {
  if (!text.startsWith('{')) return [readEntry(text, at)];
  if (!text.endsWith('}')) throw new PhraseError('"{" is not closed; write } after the name', at);
  const byText = new Map<string, TermEntry>();
  let nameAt = at + 1;
  for (const name of text.slice(1, -1).split('|')) {
    const entries = terms.get(name.trim());
    if (!entries) throw new PhraseError(`"${name.trim()}" is not a term; write one of ${near(name, terms)}`, nameAt);
    for (const entry of entries) byText.set(`${entry.text}${entry.isStem ? '*' : ''}`, entry);
    nameAt += name.length + 1;
  }
  return [...byText.values()];
}

/**
 * An entry of a term as people write it: words, the last perhaps with `*`.
 * @throws PhraseError
 */
export function readEntry(written: string, at = 0): TermEntry {
  const isStem = written.endsWith('*');
  const bare = isStem ? written.slice(0, -1) : written;
  if (bare.includes('*')) throw new PhraseError(`"${written}": * stands inside; write it at the end`, at);
  const text = normalisedEntry(bare);
  if (text === '') throw new PhraseError(`"${written}" holds no letter or digit; write words`, at);
  return { text, isStem };
}

function readGap(dots: string, count: string, at: number): { gapWords: number; crossesSentences: boolean } {
  if (dots.length > 3) throw new PhraseError(`"${dots}" is not a gap; write ..N or ...N`, at);
  if (count === '') throw new PhraseError(`"${dots}" has no number; write ${dots}N, N words at most`, at);
  const gapWords = Number(count);
  if (gapWords > mostGapWords)
    throw new PhraseError(`${gapWords} words are too many; write ${mostGapWords} at most`, at);
  return { gapWords, crossesSentences: dots.length === 3 };
}

function inAnyOrder(steps: Step[]): Step[][] {
  const gapWords = Math.max(...steps.map((step) => step.gapWords));
  const crossesSentences = steps.some((step) => step.crossesSentences);
  return permutations(steps.map(({ entries }) => entries)).map((order) =>
    order.map((entries, i) =>
      i === 0 ? { entries, gapWords: 0, crossesSentences: false } : { entries, gapWords, crossesSentences },
    ),
  );
}

function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

/** Some names of terms that begin alike, or all. */
function near(name: string, terms: Terms): string {
  const names = [...terms.keys()].filter((known) => !known.includes(':'));
  const alike = names.filter((known) => known.startsWith(name.trim().slice(0, 2)));
  return (alike.length > 0 ? alike : names).sort().join(', ');
}

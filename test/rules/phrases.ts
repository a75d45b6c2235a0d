/** The phrase engine of build/scanner.wasm, text by text and piece by piece. */
import type { Scanner } from './scanner.ts';

/** A phrase that was found: the rule's index, and its place in bytes of the text. */
export interface FoundPhrase {
  rule: number;
  start: number;
  end: number;
}

/** Phrases in a text that comes in pieces; between two of them another text is read where `swaps` says so. */
export function phrasesIn(scanner: Scanner, pieces: readonly Uint8Array[], swaps = false): FoundPhrase[] {
  const found: FoundPhrase[] = [];
  scanner.beginPhrases();
  for (const piece of pieces) {
    scanner.feedPhrases(piece);
    if (!swaps) continue;
    found.push(...scanner.takePhrases());
    scanner.swapPhrases();
  }
  scanner.endPhrases();
  return [...found, ...scanner.takePhrases()].sort((a, b) => a.rule - b.rule);
}

/** A text cut at offsets in rising order. */
export function cutAt(text: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts, text.length];
  return edges.slice(1).map((to, i) => text.subarray(edges[i], to));
}

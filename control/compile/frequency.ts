import type { Frequency } from './anchor.ts';
import type { ByteSet } from './byte-set.ts';

/**
 * How often keys meet in clean text, counted over a sample, letters folded. Three bytes that the sample lacks get what
 * their single bytes suggest, so that two unseen keys can still be told apart.
 */
export function countFrequency(sample: Uint8Array): Frequency {
  const triples = new Map<number, number>();
  const singles = new Float64Array(256);
  const fold = (byte: number) => byte | 0x20;
  for (let i = 0; i < sample.length; i++) {
    singles[fold(sample[i] as number)]! += 1;
    if (i < 2) continue;
    const triple =
      (fold(sample[i - 2] as number) << 16) | (fold(sample[i - 1] as number) << 8) | fold(sample[i] as number);
    triples.set(triple, (triples.get(triple) ?? 0) + 1);
  }
  const share = (byte: number) => ((singles[byte] as number) + 0.5) / (sample.length + 128);
  return (cells: readonly ByteSet[]) => {
    const [a, b, c] = cells.map((cell) => fold(cell.indexOf(1))) as [number, number, number];
    const seen = (triples.get((a << 16) | (b << 8) | c) ?? 0) / Math.max(1, sample.length);
    return seen + share(a) * share(b) * share(c);
  };
}

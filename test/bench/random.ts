/** Numbers that look random and are the same in every run. */

/** A source of numbers from 0 up to, not including, 1 (mulberry32, 32 bits of state). */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)]!;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.integer(0, 255)));
  }

  /** `length` characters of `alphabet`. */
  letters(length: number, alphabet = 'abcdefghijklmnopqrstuvwxyz'): string {
    return Array.from({ length }, () => alphabet[this.integer(0, alphabet.length - 1)]!).join('');
  }
}

// What is fuzzed: a way to make inputs, and a check of what must hold for each of them.
import type fc from 'fast-check';

/** The texts that inputs are made of; fixed while a round runs, so that its seed alone says what it did. */
export type Pool = readonly Uint8Array[];

export interface Target<Input> {
  readonly name: string;
  inputs(pool: Pool): fc.Arbitrary<Input>;
  /**
   * Names of what the input reached (findings, views, answers). Rejects where something does not hold that must; the next
   * call begins with a fresh instance.
   */
  check(input: Input): Promise<Iterable<string>>;
  /** The texts of an input that reached something new, for the pool. */
  textsOf(input: Input): readonly Uint8Array[];
}

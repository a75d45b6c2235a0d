// The runs that the pass over a text notes on its way, for the views that are opened after it; so a text without any is
// not looked through again.

// Kinds of runs.
export const HEX_RUNS: u32 = 0;
export const HEX_PAIR_RUNS: u32 = 1;
export const BASE32_RUNS: u32 = 2;
export const SPACED_RUNS: u32 = 3;
export const DECIMAL_RUNS: u32 = 4;
const KINDS: u32 = 5;

/** The last place of a kind stands for all that come behind it as well. */
export const MOST_NOTED: u32 = 64;

const counts: usize = memory.data(20); // KINDS × 4
const ends: usize = memory.data(20); // KINDS × 4
const places: usize = memory.data(1280); // KINDS × MOST_NOTED × 4

/** Forgets what was noted of the last text. */
export function clearNoted(): void {
  memory.fill(counts, 0, 4 * KINDS);
  memory.fill(ends, 0, 4 * KINDS);
}

/** Whether the run that `p` lies in is noted already, or there is no room for it: then nobody need look for its end. */
export function isNoted(kind: u32, p: usize): bool {
  return p < <usize>load<u32>(ends + ((<usize>kind) << 2)) || notedCount(kind) == MOST_NOTED;
}

/** Notes a run that lies round `p` and ends at `end`, and is not noted yet. */
export function note(kind: u32, p: usize, end: usize): void {
  const count = load<u32>(counts + ((<usize>kind) << 2));
  store<u32>(places + ((<usize>(kind * MOST_NOTED + count)) << 2), <u32>p);
  store<u32>(ends + ((<usize>kind) << 2), <u32>end);
  store<u32>(counts + ((<usize>kind) << 2), count + 1);
}

/** Runs that were noted. */
export function notedCount(kind: u32): u32 {
  return load<u32>(counts + ((<usize>kind) << 2));
}

/** The place in run `i`. */
export function notedPlace(kind: u32, i: u32): usize {
  return <usize>load<u32>(places + ((<usize>(kind * MOST_NOTED + i)) << 2));
}

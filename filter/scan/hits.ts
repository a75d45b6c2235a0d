// What the tables accepted in the current view, until finding/ has looked at it.

/** One 64-byte step can add a few hundred; the pass stops for the finding stage well before this. */
const CAPACITY: u32 = 4096;
const HIT_BYTES: u32 = 12;
/** Room that one step may need: 64 places, each in the entries of a slot or the ends of a number. */
const STEP_ROOM: u32 = 2048;

const hits: usize = memory.data(49152); // CAPACITY × HIT_BYTES
let count: u32 = 0;
let lost: bool = false;

/** Hits that wait. */
export function hitCount(): u32 {
  return count;
}

/** Whether the next step of the pass has room for all that it could find. */
export function hasRoom(): bool {
  return count < CAPACITY - STEP_ROOM;
}

/** Forgets the hits that wait. */
export function clearHits(): void {
  count = 0;
}

/** Whether a hit was left out since the last call: then the text was not read to its end. */
export function takeLost(): bool {
  const was = lost;
  lost = false;
  return was;
}

/** Notes that a hit was left out. */
export function loseHit(): void {
  lost = true;
}

/** Notes that `rule` matched from `start` to `end` (addresses). */
export function addHit(rule: u32, start: usize, end: usize): void {
  if (count == CAPACITY) {
    lost = true;
    return;
  }
  const hit = hits + <usize>(count * HIT_BYTES);
  store<u32>(hit, rule);
  store<u32>(hit, <u32>start, 4);
  store<u32>(hit, <u32>end, 8);
  count++;
}

/** The same, in the place of the rule's hit that the run from `start` just added. */
export function addLonger(rule: u32, start: usize, end: usize): void {
  for (let i = count; i > 0 && hitStart(i - 1) == start; i--)
    if (hitRule(i - 1) == rule) {
      store<u32>(hits + <usize>((i - 1) * HIT_BYTES), <u32>end, 8);
      return;
    }
  addHit(rule, start, end);
}

export function hitRule(i: u32): u32 {
  return load<u32>(hits + <usize>(i * HIT_BYTES));
}

export function hitStart(i: u32): usize {
  return <usize>load<u32>(hits + <usize>(i * HIT_BYTES), 4);
}

export function hitEnd(i: u32): usize {
  return <usize>load<u32>(hits + <usize>(i * HIT_BYTES), 8);
}

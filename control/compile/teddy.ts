import { type ByteSet, members } from './byte-set.ts';

/** Buckets of the prefilter: one bit of a byte each. */
const bucketCount = 8;
/** Buckets are joined pair by pair, which takes the cube of their number: more keys than this are joined unseen first. */
const mostBuckets = 100;
const positions = 4;

/** Nibble masks of a bucket: per position the low and high nibbles that occur, as two 16-bit sets. */
type Masks = [number, number, number, number, number, number, number, number];

/**
 * The eight 16-byte vectors of the fused pass (low and high nibbles of four positions), after the Teddy matcher of
 * Hyperscan: keys are joined into eight buckets, the pair first that lets the fewest further places of clean text pass.
 * `sample` gives the byte frequencies that this is judged by.
 */
export function toTeddy(keys: readonly (readonly ByteSet[])[], sample: Uint8Array): Uint8Array {
  const share = new Float64Array(256).fill(1e-4);
  for (const byte of sample) share[byte]! += 1 / sample.length;
  const passCache = new Map<number, number>();
  const pass = (low: number, high: number): number => {
    const known = passCache.get(low * 65536 + high);
    if (known !== undefined) return known;
    let sum = 0;
    for (let byte = 0; byte < 256; byte++)
      if ((low >> (byte & 15)) & 1 && (high >> (byte >> 4)) & 1) sum += share[byte] as number;
    passCache.set(low * 65536 + high, sum);
    return sum;
  };
  const cost = (m: Masks) => pass(m[0], m[1]) * pass(m[2], m[3]) * pass(m[4], m[5]) * pass(m[6], m[7]);
  const join = (a: Masks, b: Masks) => a.map((mask, i) => mask | (b[i] as number)) as Masks;

  const unique = new Map(keys.map((cells) => toMasks(cells)).map((masks) => [masks.join(), masks]));
  const buckets = inLots([...unique.values()], join).map((masks) => ({ masks, cost: cost(masks) }));
  while (buckets.length > bucketCount) {
    let best = { i: 0, j: 1, extra: Infinity };
    for (let i = 0; i < buckets.length; i++)
      for (let j = i + 1; j < buckets.length; j++) {
        const a = buckets[i]!;
        const b = buckets[j]!;
        const extra = cost(join(a.masks, b.masks)) - a.cost - b.cost;
        if (extra < best.extra) best = { i, j, extra };
      }
    const masks = join(buckets[best.i]!.masks, buckets[best.j]!.masks);
    buckets.splice(best.j, 1);
    buckets[best.i] = { masks, cost: cost(masks) };
  }

  const vectors = new Uint8Array(positions * 32);
  buckets.forEach(({ masks }, bucket) => {
    masks.forEach((mask, row) => {
      for (let nibble = 0; nibble < 16; nibble++) if ((mask >> nibble) & 1) vectors[row * 16 + nibble]! |= 1 << bucket;
    });
  });
  return vectors;
}

/** The masks, neighbours by value joined where there are more than `mostBuckets`. */
function inLots(masks: Masks[], join: (a: Masks, b: Masks) => Masks): Masks[] {
  if (masks.length <= mostBuckets) return masks;
  const size = Math.ceil(masks.length / mostBuckets);
  const sorted = masks.sort((a, b) => (a.join() < b.join() ? -1 : 1));
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) =>
    sorted.slice(i * size, (i + 1) * size).reduce(join),
  );
}

function toMasks(cells: readonly ByteSet[]): Masks {
  const masks: Masks = [0, 0, 0, 0, 0, 0, 0, 0];
  cells.slice(0, positions).forEach((cell, position) => {
    for (const byte of members(cell)) {
      masks[position * 2]! |= 1 << (byte & 15);
      masks[position * 2 + 1]! |= 1 << (byte >> 4);
    }
  });
  return masks;
}

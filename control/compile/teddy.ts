import { type ByteSet, members } from './byte-set.ts';

/** Buckets of the prefilter: one bit of a byte each, in two sets of vectors. */
const bucketCount = 16;
const bucketsOfSet = 8;
const positions = 3;
/** Keys hardly move any more after two or three rounds. */
const mostRounds = 3;

/** Nibble masks of a bucket: per position the low and high nibbles that occur, as two 16-bit sets. */
type Masks = readonly [number, number, number, number, number, number];

interface Bucket {
  keys: Masks[];
  masks: Masks;
  /** Share of the places of clean text that it lets pass. */
  cost: number;
  /** The bucket that it is best joined with, and what that adds. */
  nearest?: { bucket: Bucket; extra: number };
}

/**
 * The twelve 16-byte vectors of the fused pass (two sets of low and high nibbles of three positions), after the Teddy
 * matcher of Hyperscan: keys are joined into sixteen buckets, the pair first that lets the fewest further places of clean
 * text pass, and then moved one by one while that helps. `sample` gives the byte frequencies that this is judged by.
 */
export function toTeddy(keys: readonly (readonly ByteSet[])[], sample: Uint8Array): Uint8Array {
  const costOf = costBy(sample);
  const buckets = joined(keys.map(toMasks), costOf);
  const countIn = countBy(sample);
  // What the sample holds decides, and single bytes where it holds little.
  moveKeys(buckets, (masks) => countIn(masks) + costOf(masks) / 5);
  const vectors = new Uint8Array((bucketCount / bucketsOfSet) * positions * 32);
  buckets.forEach(({ masks }, bucket) => {
    const first = Math.floor(bucket / bucketsOfSet) * positions * 32;
    masks.forEach((mask, row) => {
      for (let nibble = 0; nibble < 16; nibble++)
        if ((mask >> nibble) & 1) vectors[first + row * 16 + nibble]! |= 1 << (bucket % bucketsOfSet);
    });
  });
  return vectors;
}

type Cost = (masks: Masks) => number;

/** The share of places that masks let pass, as far as single bytes tell. */
function costBy(sample: Uint8Array): Cost {
  const share = new Float64Array(256).fill(1e-4);
  for (const byte of sample) share[byte]! += 1 / sample.length;
  const known = new Map<number, number>();
  const pass = (low: number, high: number): number => {
    const key = low * 65536 + high;
    let sum = known.get(key);
    if (sum !== undefined) return sum;
    sum = 0;
    for (let byte = 0; byte < 256; byte++)
      if ((low >> (byte & 15)) & 1 && (high >> (byte >> 4)) & 1) sum += share[byte] as number;
    known.set(key, sum);
    return sum;
  };
  return (m) => pass(m[0], m[1]) * pass(m[2], m[3]) * pass(m[4], m[5]);
}

/** The share of the sample's places that masks let pass. Slower than costBy by a hundred times, and better. */
function countBy(sample: Uint8Array): Cost {
  const counts = new Map<number, number>();
  for (let i = 2; i < sample.length; i++) {
    const three = sample[i - 2]! | (sample[i - 1]! << 8) | (sample[i]! << 16);
    counts.set(three, (counts.get(three) ?? 0) + 1);
  }
  const threes = Uint32Array.from(counts.keys());
  const shares = Float64Array.from(counts.values(), (count) => count / sample.length);
  const passes = [new Uint8Array(256), new Uint8Array(256), new Uint8Array(256)] as const;
  return (masks) => {
    for (const [position, pass] of passes.entries())
      for (let byte = 0; byte < 256; byte++)
        pass[byte] = (masks[position * 2]! >> (byte & 15)) & (masks[position * 2 + 1]! >> (byte >> 4)) & 1;
    let share = 0;
    for (let i = 0; i < threes.length; i++) {
      const three = threes[i]!;
      if (passes[0][three & 255]! & passes[1][(three >> 8) & 255]! & passes[2][three >> 16]!) share += shares[i]!;
    }
    return share;
  };
}

/** The keys in buckets. Which bucket is nearest to which is kept, so that a thousand keys are joined in a second. */
function joined(keys: readonly Masks[], costOf: Cost): Bucket[] {
  const unique = new Map(keys.map((masks) => [masks.join(), masks]));
  const buckets = new Set<Bucket>();
  const findNearest = (bucket: Bucket) => {
    delete bucket.nearest;
    for (const other of buckets) compare(bucket, other);
  };
  const compare = (bucket: Bucket, other: Bucket) => {
    if (other === bucket) return;
    const extra = costOf(join(bucket.masks, other.masks)) - bucket.cost - other.cost;
    if (bucket.nearest === undefined || extra < bucket.nearest.extra) bucket.nearest = { bucket: other, extra };
  };
  for (const masks of unique.values()) buckets.add({ keys: [masks], masks, cost: costOf(masks) });
  for (const bucket of buckets) findNearest(bucket);
  while (buckets.size > bucketCount) {
    let one: Bucket | undefined;
    for (const bucket of buckets) if (!one || bucket.nearest!.extra < one.nearest!.extra) one = bucket;
    const two = one!.nearest!.bucket;
    const masks = join(one!.masks, two.masks);
    const both: Bucket = { keys: [...one!.keys, ...two.keys], masks, cost: costOf(masks) };
    buckets.delete(one!);
    buckets.delete(two);
    for (const bucket of buckets) {
      const { bucket: nearest } = bucket.nearest!;
      if (nearest === one || nearest === two) findNearest(bucket);
      compare(bucket, both);
    }
    buckets.add(both);
    findNearest(both);
  }
  return [...buckets];
}

/** Moves keys to buckets where they let fewer places pass. */
function moveKeys(buckets: readonly Bucket[], costOf: Cost): void {
  for (const bucket of buckets) bucket.cost = costOf(bucket.masks);
  for (let round = 0; round < mostRounds; round++) {
    let moved = false;
    for (const bucket of buckets)
      for (const key of [...bucket.keys]) {
        if (bucket.keys.length === 1) break;
        const rest = bucket.keys.filter((other) => other !== key);
        const without: Bucket = { keys: rest, masks: rest.reduce(join), cost: 0 };
        without.cost = costOf(without.masks);
        // Most keys of a bucket cost nothing beside the others.
        if (bucket.cost - without.cost < 1e-6) continue;
        let best: { bucket: Bucket; cost: number; change: number } | undefined;
        for (const other of buckets) {
          if (other === bucket) continue;
          const cost = costOf(join(other.masks, key));
          const change = cost - other.cost + without.cost - bucket.cost;
          // A change in the last digits of a sum would go on for ever.
          if (change < -1e-9 && (!best || change < best.change)) best = { bucket: other, cost, change };
        }
        if (!best) continue;
        Object.assign(best.bucket, {
          keys: [...best.bucket.keys, key],
          masks: join(best.bucket.masks, key),
          cost: best.cost,
        });
        Object.assign(bucket, without);
        moved = true;
      }
    if (!moved) return;
  }
}

function join(a: Masks, b: Masks): Masks {
  return [a[0] | b[0], a[1] | b[1], a[2] | b[2], a[3] | b[3], a[4] | b[4], a[5] | b[5]];
}

function toMasks(cells: readonly ByteSet[]): Masks {
  const nibbles = cells.slice(0, positions).flatMap((cell) => {
    const masks = [0, 0] as [number, number];
    for (const byte of members(cell)) {
      masks[0] |= 1 << (byte & 15);
      masks[1] |= 1 << (byte >> 4);
    }
    return masks;
  });
  return nibbles as unknown as Masks;
}

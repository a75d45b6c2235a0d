/** The leaves that are alive: bounded in number, oldest out first, renewed before they expire. */
import type { Leaf, LeafMinter } from './leaf.ts';
import { checkName } from './name.ts';

/**
 * Most leaves that are alive at once, where the operator sets nothing else. Measured with Envoy 1.40: a leaf costs 21 to
 * 25 KiB there and under 2 KiB here, and Envoy gives the memory back when it is told to forget one (20,000 names with
 * this bound: flat after the first 1,000). So this is at most 25 MiB, for more hosts than an assistant talks to; a name
 * that was let go costs the next client a few milliseconds.
 */
export const defaultMaxLeaves = 1000;

/** A leaf is renewed when this part of its life is over: a third is left for control to be away in. */
const renewalFraction = 2 / 3;

/** Upper bounds of the minting times' histogram. ECDSA takes about 0.2 ms, RSA 4096 about 5. */
const mintSecondsBounds = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05];

/** A leaf with what streams and the renewal need to know of it. */
export interface LiveLeaf {
  /** Says by itself which CA signed the leaf, when it is to be renewed and which serial it has. */
  version: string;
  renewAtMs: number;
  leaf: Leaf;
}

/** Numbers since the start (minted, refused, evicted) and at this moment (live). */
export interface LeafCacheStats {
  minted: number;
  refused: number;
  evicted: number;
  live: number;
  /** Cumulative counts, as Prometheus writes a histogram. */
  mintSeconds: { buckets: { le: number; count: number }[]; count: number; sum: number };
}

export interface LeafCacheOptions {
  minter: LeafMinter;
  /** At least 1. */
  maxLeaves: number;
  /** Asked with the lower-cased name; a text refuses the name and says why. */
  refuse: (name: string) => string | undefined;
}

export interface LeafCache {
  readonly minter: LeafMinter;
  readonly maxLeaves: number;
  /**
   * The live leaf for a name as a client wrote it, minted if there is none or its renewal is due. Minting is
   * synchronous, so two askers can never make two. May evict the oldest. Each spelling of a name has its own entry,
   * because Envoy knows it by that spelling and asks for as many as clients send. Throws when the CA has expired.
   */
  obtain(asked: string): LiveLeaf | { refused: string };
  /**
   * Takes over a leaf that Envoy says it holds, by its version; false if it is none of this CA's, is due for renewal or
   * may not be had any more.
   */
  adopt(asked: string, version: string): boolean;
  has(asked: string): boolean;
  delete(asked: string): void;
  /** The names whose renewal time has come, in the order of age. */
  due(): string[];
  /** Called with each name that is evicted, after it is gone. */
  onEvict: (asked: string) => void;
  stats(): LeafCacheStats;
}

/** An entry; without a leaf, Envoy alone holds it, from a control process before this one. */
type Held = Omit<LiveLeaf, 'leaf'> & { leaf: Leaf | undefined };

/** A cache with nothing in it. */
export function createLeafCache({ minter, maxLeaves, refuse }: LeafCacheOptions): LeafCache {
  // A Map keeps the order of first insertion; renewing an entry does not move it, so the first is the oldest.
  const live = new Map<string, Held>();
  const bucketCounts = mintSecondsBounds.map(() => 0);
  let minted = 0;
  let refused = 0;
  let evicted = 0;
  let mintSecondsSum = 0;

  function allowedName(asked: string): { name: string } | { refused: string } {
    const check = checkName(asked);
    if ('refused' in check) return check;
    const reason = refuse(check.name);
    return reason === undefined ? check : { refused: reason };
  }

  function insert(asked: string, entry: Held): void {
    live.set(asked, entry);
    if (live.size <= maxLeaves) return;
    const oldest = live.keys().next().value!;
    live.delete(oldest);
    evicted++;
    cache.onEvict(oldest);
  }

  function mint(asked: string): LiveLeaf | { refused: string } {
    const allowed = allowedName(asked);
    if ('refused' in allowed) {
      refused++;
      live.delete(asked);
      return allowed;
    }
    const startMs = performance.now();
    const leaf = minter.mint(allowed.name);
    const seconds = (performance.now() - startMs) / 1000;
    minted++;
    mintSecondsSum += seconds;
    mintSecondsBounds.forEach((bound, index) => {
      if (seconds <= bound) bucketCounts[index]!++;
    });
    const nowMs = Date.now();
    const renewAtMs = Math.floor(nowMs + (leaf.notAfterMs - nowMs) * renewalFraction);
    const entry = { leaf, renewAtMs, version: `${minter.authority.id}.${renewAtMs}.${leaf.serialHex}` };
    insert(asked, entry);
    return entry;
  }

  const cache: LeafCache = {
    minter,
    maxLeaves,
    onEvict: () => {},
    obtain(asked) {
      const entry = live.get(asked);
      return entry && isWhole(entry) && entry.renewAtMs > Date.now() ? entry : mint(asked);
    },
    adopt(asked, version) {
      const [authorityId, renewAt] = version.split('.');
      const renewAtMs = Number(renewAt);
      // What cannot be renewed in time by this minter is not one of its leaves, whatever the text says.
      const latestMs = Date.now() + minter.ttlSeconds * 1000;
      if (authorityId !== minter.authority.id || !(renewAtMs > Date.now() && renewAtMs <= latestMs)) return false;
      if ('refused' in allowedName(asked)) return false;
      if (live.get(asked)?.version !== version) insert(asked, { version, renewAtMs, leaf: undefined });
      return live.has(asked);
    },
    has: (asked) => live.has(asked),
    delete: (asked) => {
      live.delete(asked);
    },
    due() {
      const now = Date.now();
      return [...live].filter(([, entry]) => entry.renewAtMs <= now).map(([asked]) => asked);
    },
    stats: () => ({
      minted,
      refused,
      evicted,
      live: live.size,
      mintSeconds: {
        buckets: mintSecondsBounds.map((le, index) => ({ le, count: bucketCounts[index]! })),
        count: minted,
        sum: mintSecondsSum,
      },
    }),
  };
  return cache;
}

function isWhole(entry: Held): entry is LiveLeaf {
  return entry.leaf !== undefined;
}

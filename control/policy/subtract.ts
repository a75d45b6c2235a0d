/** Arithmetic of address ranges: what is left of some without others. */
import { isIPv6 } from 'node:net';
import type { IpRange } from './policy.ts';

/** A range as a number: its first address, and how many bits of it are free. */
interface Bits {
  family: 4 | 6;
  first: bigint;
  free: number;
}

const width = { 4: 32, 6: 128 } as const;

/** `ranges` without what lies in `holes`: as few ranges as that takes, in their order, each in its canonical spelling. */
export function subtractRanges(ranges: readonly IpRange[], holes: readonly IpRange[]): IpRange[] {
  const cut = (left: Bits[], hole: Bits) => left.flatMap((range) => subtract(range, hole));
  return holes.map(toBits).reduce(cut, ranges.map(toBits)).map(toRange);
}

// Where the hole is inside, one half of the range is left whole and the other is cut on.
function subtract(range: Bits, hole: Bits): Bits[] {
  if (range.family !== hole.family || !(isIn(range, hole) || isIn(hole, range))) return [range];
  if (isIn(range, hole)) return [];
  const free = range.free - 1;
  const halves = [range.first, range.first | (1n << BigInt(free))];
  return halves.flatMap((first) => subtract({ family: range.family, first, free }, hole));
}

function isIn(inner: Bits, outer: Bits): boolean {
  return inner.free <= outer.free && inner.first >> BigInt(outer.free) === outer.first >> BigInt(outer.free);
}

function toBits({ address, prefixLength }: IpRange): Bits {
  const family = isIPv6(address) ? 6 : 4;
  const free = width[family] - prefixLength;
  const value = family === 6 ? numberOf(groups(address), 16) : numberOf(address.split('.').map(Number), 8);
  return { family, first: (value >> BigInt(free)) << BigInt(free), free };
}

function toRange({ family, first, free }: Bits): IpRange {
  const size = family === 6 ? 16 : 8;
  const parts = Array.from({ length: width[family] / size }, (_, i) =>
    Number(BigInt.asUintN(size, first >> BigInt(width[family] - size * (i + 1)))),
  );
  const address = family === 6 ? canonical(parts.map((p) => p.toString(16)).join(':')) : parts.join('.');
  return { address, prefixLength: width[family] - free };
}

function numberOf(parts: number[], size: number): bigint {
  return parts.reduce((value, part) => (value << BigInt(size)) | BigInt(part), 0n);
}

/** The eight groups of an IPv6 address. */
function groups(address: string): number[] {
  const [before = '', after = ''] = canonical(address).split('::');
  const parse = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [head, tail] = [parse(before), parse(after)];
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** The spelling of RFC 5952 without an IPv4 tail, which is how the URL standard writes it. */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

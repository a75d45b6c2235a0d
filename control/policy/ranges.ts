/** The address ranges that a name given by a client may not resolve to. */
import { isIPv6 } from 'node:net';
import type { IpRange } from './policy.ts';
import { subtractRanges } from './subtract.ts';

/** Refused whatever the policy lists: nothing there is anybody's public service. */
const always: IpRange[] = [
  { address: '0.0.0.0', prefixLength: 8 }, // this host (RFC 1122 section 3.2.1.3)
  { address: '127.0.0.0', prefixLength: 8 }, // loopback
  { address: '169.254.0.0', prefixLength: 16 }, // link-local, and the metadata services of the clouds
  { address: '::', prefixLength: 96 }, // unspecified, loopback, and IPv4-compatible (RFC 4291 section 2.5.5.1)
  { address: 'fe80::', prefixLength: 10 }, // link-local
  { address: 'fd00:ec2::254', prefixLength: 128 }, // metadata service of EC2
  { address: '64:ff9b:1::', prefixLength: 48 }, // NAT64 inside one network (RFC 8215)
];

/**
 * IPv6 ranges whose addresses carry an IPv4 address, by the bits before it: IPv4-mapped (RFC 4291 section 2.5.5.2),
 * NAT64 (RFC 6052 section 2.1), 6to4 (RFC 3056 section 2). Behind them is whatever the IPv4 address is.
 */
const carriers: { bits: number; carry: (high: string, low: string) => string }[] = [
  { bits: 96, carry: (high, low) => `::ffff:${high}:${low}` },
  { bits: 96, carry: (high, low) => `64:ff9b::${high}:${low}` },
  { bits: 16, carry: (high, low) => `2002:${high}:${low}::` },
];

/**
 * The ranges given and those always refused, and the IPv6 ranges in which an IPv4 range appears again; without what is in
 * `allowed`; each once.
 */
export function refusedRanges(ranges: readonly IpRange[], allowed: readonly IpRange[]): IpRange[] {
  const rest = subtractRanges([...always, ...ranges].flatMap(withCarried), allowed.flatMap(withCarried));
  return [...new Map(rest.map((r) => [`${r.address}/${r.prefixLength}`, r])).values()];
}

function withCarried(range: IpRange): IpRange[] {
  return [range, ...carried(range)];
}

function carried(range: IpRange): IpRange[] {
  if (isIPv6(range.address)) return [];
  const [a, b, c, d] = range.address.split('.').map(Number) as [number, number, number, number];
  const high = ((a << 8) | b).toString(16);
  const low = ((c << 8) | d).toString(16);
  return carriers.map(({ bits, carry }) => ({ address: carry(high, low), prefixLength: bits + range.prefixLength }));
}

import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { refusedRanges } from './ranges.ts';
import { subtractRanges } from './subtract.ts';

function refused(address: string): boolean {
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  for (const r of refusedRanges([{ address: '10.0.0.0', prefixLength: 8 }], [])) {
    // BlockList reads an IPv4 range into IPv4-mapped addresses too; only those of one family are asked.
    if (r.address.includes(':') === (family === 'ipv6')) {
      list.addSubnet(r.address, r.prefixLength, family);
    }
  }
  return list.check(address, family);
}

it.each([
  '10.1.2.3',
  '127.0.0.1',
  '169.254.169.254',
  '0.0.0.0',
  '::1',
  '::',
  '::ffff:10.1.2.3',
  '::ffff:169.254.169.254',
  '64:ff9b::10.1.2.3',
  '64:ff9b:1::1',
  '2002:a01:203::1',
  '2002:7f00:1::',
  'fe80::1',
  'fd00:ec2::254',
])('refuses %s', (address) => {
  expect(refused(address)).toBe(true);
});

it.each(['1.1.1.1', '11.0.0.1', '::ffff:1.1.1.1', '64:ff9b::1.1.1.1', '2002:101:101::1', '2606:4700::1111'])(
  'lets %s pass',
  (address) => {
    expect(refused(address)).toBe(false);
  },
);

it('names each range once', () => {
  const ranges = refusedRanges([{ address: '127.0.0.0', prefixLength: 8 }], []).map(
    (r) => `${r.address}/${r.prefixLength}`,
  );
  expect(new Set(ranges).size).toBe(ranges.length);
});

describe('subtractRanges', () => {
  const text = (ranges: { address: string; prefixLength: number }[]) =>
    ranges.map((r) => `${r.address}/${r.prefixLength}`);
  const range = (cidr: string) => ({ address: cidr.split('/')[0]!, prefixLength: Number(cidr.split('/')[1]) });

  it.each([
    ['10.0.0.0/8', '10.0.0.0/8', []],
    ['10.0.0.0/8', '0.0.0.0/0', []],
    ['10.0.0.0/8', '11.0.0.0/8', ['10.0.0.0/8']],
    ['10.0.0.0/8', 'fc00::/7', ['10.0.0.0/8']],
    ['10.0.0.0/30', '10.0.0.2/32', ['10.0.0.0/31', '10.0.0.3/32']],
    ['fc00::/7', 'fd00::/8', ['fc00::/8']],
    ['::ffff:10.0.0.0/104', '::ffff:10.128.0.0/105', ['::ffff:a00:0/105']],
  ])('%s without %s', (from, hole, left) => {
    expect(text(subtractRanges([range(from)], [range(hole)]))).toEqual(left);
  });
});

it('lets an allowed range pass, also where IPv6 carries it', () => {
  const left = refusedRanges([{ address: '10.0.0.0', prefixLength: 31 }], [{ address: '10.0.0.1', prefixLength: 32 }]);
  const text = left.map((r) => `${r.address}/${r.prefixLength}`);
  expect(text).toContain('10.0.0.0/32');
  expect(text).toContain('::ffff:a00:0/128');
  expect(text.some((t) => t.startsWith('10.0.0.1/') || t.startsWith('::ffff:a00:1/'))).toBe(false);
});

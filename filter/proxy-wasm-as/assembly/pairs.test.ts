import fc from 'fast-check';
import { beforeAll, expect, test, vi } from 'vitest';
import { parsePairs, serializePairs } from '../host/header-map.ts';
import { loadPrimitives, type PrimitivesGuest } from '../test/primitives-guest.ts';

vi.setConfig({ testTimeout: 30_000 }); // thousands of calls each, on whatever machine

let guest: PrimitivesGuest;
beforeAll(async () => {
  guest = await loadPrimitives();
}, 30_000);

const latin1 = (pointer: number, length: number) => Buffer.from(guest.read(pointer, length)).toString('latin1');

/** What the guest's reader sees, or undefined when it refuses the bytes. */
function readPairs(bytes: Uint8Array): [string, string][] | undefined {
  if (guest.call('readStart', guest.put(bytes)) === 0) return undefined;
  const pairs: [string, string][] = [];
  while (guest.call('readNext') === 1) {
    const name = latin1(guest.call('readNameAt'), guest.call('readNameLength'));
    pairs.push([name, latin1(guest.call('readValueAt'), guest.call('readValueLength'))]);
  }
  return pairs;
}

const text = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 20,
});
const pairList = fc.array(fc.tuple(text, text), { maxLength: 20 });

test('reads what the host writes, empty names, values and maps included', () => {
  fc.assert(
    fc.property(pairList, (pairs) => {
      expect(readPairs(serializePairs(pairs))).toEqual(pairs);
    }),
  );
});

test('writes what the host reads, whatever room was left for more pairs', () => {
  fc.assert(
    fc.property(pairList, fc.nat({ max: 5 }), (pairs, spare) => {
      const length = guest.call('copyPairs', guest.put(serializePairs(pairs)), 65536, pairs.length + spare);
      expect(parsePairs(guest.read(guest.call('output'), length))).toEqual(pairs);
    }),
  );
});

test('the writer says when the bytes or the places are too few', () => {
  const length = guest.put(
    serializePairs([
      ['name', 'value'],
      ['other', ''],
    ]),
  );
  const refused = 0xffffffff;
  expect(guest.call('copyPairs', length, 65536, 1)).toBe(refused);
  expect(guest.call('copyPairs', length, 4 + 16 + 10, 2)).toBe(refused);
  expect(guest.call('copyPairs', length, 10, 2)).toBe(refused);
  expect(guest.call('copyPairs', length, length, 2)).toBe(length);
});

test('a count that the bytes cannot hold is refused', () => {
  expect(readPairs(Uint8Array.of(1, 0, 0))).toBeUndefined();
  expect(readPairs(Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0))).toBeUndefined();
});

test('the reader stays inside the bytes, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      bytes.fill(0, 1, 4); // a small count, so that the lengths behind it are looked at
      const start = guest.call('scratch');
      if (guest.call('readStart', guest.put(bytes)) === 0) return;
      for (let count = 0; guest.call('readNext') === 1; count++) {
        expect(count).toBeLessThan(64);
        const end = guest.call('readValueAt') + guest.call('readValueLength');
        expect(guest.call('readNameAt')).toBeGreaterThanOrEqual(start);
        expect(end).toBeLessThan(start + bytes.length);
      }
    }),
  );
});

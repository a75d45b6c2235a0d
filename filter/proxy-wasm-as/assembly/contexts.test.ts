import fc from 'fast-check';
import { beforeAll, expect, test, vi } from 'vitest';
import { loadPrimitives, type PrimitivesGuest } from '../test/primitives-guest.ts';

vi.setConfig({ testTimeout: 30_000 }); // thousands of calls each, on whatever machine

let guest: PrimitivesGuest;
beforeAll(async () => {
  guest = await loadPrimitives();
}, 30_000);

test('the map does what a map does, over any sequence of calls', () => {
  const model = new Map<number, number>();
  // Few distinct ids, and ids far apart: runs form, wrap around the table's end and are closed again.
  const id = fc.oneof(fc.nat({ max: 400 }), fc.integer({ min: 0, max: 0xffffffff }));
  const step = fc.record({ id, record: fc.integer({ min: 1, max: 0xffffffff }), removes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      for (const { id: contextId, record, removes } of steps) {
        if (removes) {
          expect(guest.call('mapRemove', contextId)).toBe(model.get(contextId) ?? 0);
          model.delete(contextId);
        } else {
          guest.call('mapSet', contextId, record);
          model.set(contextId, record);
        }
      }
      expect(guest.call('mapSize')).toBe(model.size);
      for (const [contextId, record] of model) expect(guest.call('mapGet', contextId)).toBe(record);
    }),
  );
});

test('100,000 contexts that come and go, 100 at a time, take no more memory', () => {
  const run = (from: number, count: number) => {
    for (let id = from; id < from + count; id++) {
      guest.call('mapSet', id, guest.call('poolTake'));
      if (id >= from + 100) guest.call('poolGive', guest.call('mapRemove', id - 100));
    }
    for (let id = from + count - 100; id < from + count; id++) guest.call('poolGive', guest.call('mapRemove', id));
  };
  run(1_000_000, 1000);
  const before = guest.host.memoryBytes;
  run(2_000_000, 100_000);
  expect(guest.host.memoryBytes).toBe(before);
  expect(guest.call('poolInUse')).toBe(0);
});

test('a record comes back zeroed, and two records never overlap', () => {
  const taken = Array.from({ length: 50 }, () => guest.call('poolTake'));
  const memory = guest.host.exports['memory'] as WebAssembly.Memory;
  for (const record of taken) {
    expect(record % 16).toBe(0);
    expect(guest.read(record, 40)).toEqual(new Uint8Array(40));
    new Uint8Array(memory.buffer).fill(0xff, record, record + 40);
  }
  for (const record of taken) guest.call('poolGive', record);
  const again = Array.from({ length: 50 }, () => guest.call('poolTake'));
  expect(new Set(again)).toEqual(new Set(taken));
  for (const record of again) {
    expect(guest.read(record, 40)).toEqual(new Uint8Array(40));
    guest.call('poolGive', record);
  }
});

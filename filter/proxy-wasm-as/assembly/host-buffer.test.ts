import { beforeAll, expect, test, vi } from 'vitest';
import { GuestTrap } from '../host/index.ts';
import { loadPrimitives, type PrimitivesGuest } from '../test/primitives-guest.ts';

vi.setConfig({ testTimeout: 30_000 }); // thousands of calls each, on whatever machine

let guest: PrimitivesGuest;
beforeAll(async () => {
  guest = await loadPrimitives();
}, 30_000);

const allocate = (length: number) => guest.call('proxy_on_memory_allocate', length);

test('size 0 gives an address and does not abort', () => {
  expect(allocate(0)).toBeGreaterThan(0);
});

test('is aligned to 64 bytes, with 128 bytes to read before it and 256 after it', () => {
  for (const length of [0, 1, 65_535, 65_536, 65_537, 300_000, 5_242_880, 17]) {
    const start = allocate(length);
    expect(start % 64).toBe(0);
    expect(guest.read(start - 128, 128)).toHaveLength(128);
    expect(guest.read(start + length, 256)).toHaveLength(256);
  }
});

test('what lies around it belongs to nobody else', () => {
  const start = allocate(1000);
  const capacity = guest.call('hostBufferCapacity');
  const memory = guest.host.exports['memory'] as WebAssembly.Memory;
  const records = Array.from({ length: 200 }, () => guest.call('poolTake'));
  new Uint8Array(memory.buffer).fill(0xee, start - 128, start + capacity + 256);
  for (const record of records) expect(guest.read(record, 40)).toEqual(new Uint8Array(40));
  for (const record of records) guest.call('poolGive', record);
});

test('grows and never shrinks, and the same sizes again take no more memory', () => {
  const sizes = Array.from({ length: 200 }, (_, index) => (index * 37_123) % 2_000_000);
  for (const size of sizes) allocate(size);
  const [capacity, memoryBytes] = [guest.call('hostBufferCapacity'), guest.host.memoryBytes];
  expect(capacity).toBeGreaterThanOrEqual(Math.max(...sizes));
  for (const size of sizes) allocate(size);
  expect([guest.call('hostBufferCapacity'), guest.host.memoryBytes]).toEqual([capacity, memoryBytes]);
});

test('more than 512 MiB is refused with 0, not with a trap', () => {
  expect(allocate(0x20000001)).toBe(0);
  expect(allocate(0xffffffff)).toBe(0);
  expect(allocate(10)).toBeGreaterThan(0);
});

test('a failed assertion logs what and where, and traps', async () => {
  const own = await loadPrimitives();
  const plugin = own.host.configure();
  let thrown: unknown;
  try {
    own.host.call('failAssertion', plugin);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GuestTrap);
  expect(own.host.logs.map((line) => `${line.level} ${line.message}`)).toEqual([
    expect.stringMatching(/^error abort: filter\/proxy-wasm-as\/test\/primitives\.ts:\d+:\d+: two plus two$/),
  ]);
  expect(() => own.host.configure()).toThrow(GuestTrap);
});

// inflate.ts against node:zlib, in a module of its own: the input lies at the very end of its memory, so that a load behind
// it traps, and guard bytes behind the room tell of a store.
import { deflateRawSync, deflateSync, gzipSync, constants as zlib } from 'node:zlib';
import asc from 'assemblyscript/asc';
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000 });

interface Exports {
  memory: WebAssembly.Memory;
  framingOf(start: number, end: number): number;
  inflate(start: number, end: number, out: number, room: number, framing: number): number;
  outcome: { readonly value: number };
}

const notCompressed = 0;
const framings = { gzip: 1, zlib: 2, deflate: 3 } as const;
type Framing = keyof typeof framings;
const framingNames = Object.keys(framings) as Framing[];
const outcomes = ['complete', 'broken', 'no room'];

const memoryBytes = 4 << 20;
/** Past the module's own data; the input ends where the memory does. */
const outAt = 1 << 16;
const guardBytes = 64;
const guard = 0xa5;
let guest: Exports;

beforeAll(async () => {
  const made = new Map<string, Uint8Array>();
  const { error, stderr } = await asc.main(
    [
      'filter/view/inflate.ts',
      '--config',
      'none',
      '--runtime',
      'stub',
      '--optimizeLevel',
      '3',
      '--outFile',
      'out.wasm',
    ],
    { writeFile: (name, bytes) => void made.set(name, bytes as Uint8Array) },
  );
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  const { instance } = await WebAssembly.instantiate(made.get('out.wasm') as Uint8Array<ArrayBuffer>);
  guest = instance.exports as unknown as Exports;
  guest.memory.grow(memoryBytes / 65536 - guest.memory.buffer.byteLength / 65536);
}, 60_000);

/** Puts the input at the end of the memory; where it begins. */
function put(input: Uint8Array): number {
  const memory = new Uint8Array(guest.memory.buffer);
  memory.set(input, memoryBytes - input.length);
  return memoryBytes - input.length;
}

function framingOf(input: Uint8Array): number {
  return guest.framingOf(put(input), memoryBytes);
}

function inflate(input: Uint8Array, framing: Framing, room = 1 << 20): { text: Buffer; outcome: string } {
  const start = put(input);
  const memory = new Uint8Array(guest.memory.buffer);
  memory.fill(guard, outAt + room, outAt + room + guardBytes);
  const length = guest.inflate(start, memoryBytes, outAt, room, framings[framing]);
  expect(length).toBeLessThanOrEqual(room);
  if (memory.subarray(outAt + room, outAt + room + guardBytes).some((byte) => byte !== guard))
    throw new Error('a store behind the room');
  return {
    text: Buffer.from(memory.slice(outAt, outAt + length)),
    outcome: outcomes[guest.outcome.value] as string,
  };
}

const compress = { gzip: gzipSync, zlib: deflateSync, deflate: deflateRawSync };

/** Bytes of a linear congruential generator (the constants of Numerical Recipes). */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Texts that repeat themselves near and far, and bytes that do not. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .array(fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('"role":"user",', 'a', '\n', 'lorem ipsum dolor ')), {
      maxLength: 60,
    })
    .map((parts) => Buffer.from(parts.join(''))),
  // The same noise again, farther back than any other copy.
  fc
    .tuple(fc.nat(), fc.nat(40_000), fc.integer({ min: 2, max: 4 }))
    .map(([seed, length, times]) => Buffer.concat(Array.from({ length: times }, () => noise(seed, length)))),
  fc.tuple(fc.nat(255), fc.nat(100_000)).map(([byte, length]) => Buffer.alloc(length, byte)),
);
const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  // With the least memory blocks come so often that a long run of one byte, not copied, is more blocks than are read.
  memLevel: fc.integer({ min: 2, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
  strategy: fc.constantFrom(zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED),
});
const framing = fc.constantFrom(...framingNames);
const compressed = fc.tuple(content, options, framing).map(([text, options, framing]) => ({
  text: Buffer.from(text),
  framing,
  input: compress[framing](text, options),
  // A counterexample is shown short.
  [fc.toStringMethod]: () => `${framing} ${JSON.stringify(options)} of ${text.length} bytes`,
}));

test('what zlib compresses, at any level and with any strategy', () => {
  fc.assert(
    fc.property(compressed, ({ text, framing, input }) => {
      const result = inflate(input, framing);
      expect(result.outcome).toBe('complete');
      expect(result.text.equals(text)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test('a room of exactly the text is enough, and a smaller one is filled', () => {
  fc.assert(
    fc.property(compressed, fc.nat(), ({ text, framing, input }, n) => {
      expect(inflate(input, framing, text.length).outcome).toBe('complete');
      if (text.length === 0) return;
      const room = n % text.length;
      const result = inflate(input, framing, room);
      expect(result.outcome).toBe('no room');
      expect(result.text.equals(text.subarray(0, room))).toBe(true);
    }),
    { numRuns: 200 },
  );
});

const story = Buffer.from(
  Array.from({ length: 40 }, (_, i) => `{"id":${i * 7919},"text":"line ${i} of ${i % 3} kinds"}\n`).join(''),
);

describe.each(framingNames)('%s', (framing) => {
  test.each([
    ['stored', { level: 0 }],
    ['fixed', { strategy: zlib.Z_FIXED }],
    ['dynamic', { level: 9 }],
  ])('cut anywhere in %s blocks, the beginning comes out', (_, options) => {
    const whole = compress[framing](story, options);
    let longest = 0;
    const trailerBytes = { gzip: 8, zlib: 4, deflate: 0 }[framing];
    for (let length = 0; length < whole.length; length++) {
      const { text, outcome } = inflate(whole.subarray(0, length), framing);
      expect(outcome).toBe(length < whole.length - trailerBytes ? 'broken' : 'complete');
      expect(text.equals(story.subarray(0, text.length))).toBe(true);
      expect(text.length).toBeGreaterThanOrEqual(longest);
      longest = text.length;
    }
    expect(longest).toBeGreaterThan(story.length - 20);
  });

  test('it is recognised, a beginning of it too', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii', minLength: 24, maxLength: 2000 }),
        fc.boolean(),
        options,
        (text, isCut, options) => {
          const whole = compress[framing](text, options);
          // A block's own codes come first, and say nothing without the text behind them.
          expect(framingOf(isCut ? whole.subarray(0, Math.max(400, whole.length >> 1)) : whole)).toBe(
            framings[framing],
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('a member of gzip with every optional header field, and members in a row', () => {
  const first = gzipSync('first ');
  const header = Buffer.from([0x1f, 0x8b, 8, 2 + 4 + 8 + 16, 0, 0, 0, 0, 0, 3]);
  const fields = Buffer.concat([
    Buffer.from([5, 0]),
    Buffer.from('extra'),
    Buffer.from('name\0comment\0'),
    Buffer.from([9, 9]),
  ]);
  const second = Buffer.concat([header, fields, gzipSync('second').subarray(10)]);
  const all = Buffer.concat([first, second, gzipSync(''), first]);
  expect(framingOf(second)).toBe(framings.gzip);
  expect(inflate(all, 'gzip')).toEqual({ text: Buffer.from('first secondfirst '), outcome: 'complete' });
  for (let length = 0; length < all.length; length++) inflate(all.subarray(0, length), 'gzip');
  // Nothing of an earlier member can be referred to.
  const reference = deflateRawSync(Buffer.alloc(20, 'x'), { dictionary: Buffer.alloc(20, 'x') });
  const broken = Buffer.concat([gzipSync(Buffer.alloc(20, 'x')), header.with(3, 0), reference]);
  expect(inflate(broken, 'gzip').outcome).toBe('broken');
});

test('what follows is left, and wrong check sums hide nothing', () => {
  for (const framing of framingNames) {
    const followed = Buffer.concat([compress[framing](story), Buffer.from('\n and more')]);
    expect(inflate(followed, framing)).toEqual({ text: story, outcome: 'complete' });
    const wrong = Buffer.from(compress[framing](story));
    if (framing === 'deflate') continue;
    wrong.fill(0, wrong.length - 4);
    expect(inflate(wrong, framing)).toEqual({ text: story, outcome: 'complete' });
  }
});

test('a flushed stream: many blocks of all kinds, without an end', () => {
  const { length } = story;
  const blocks = [0, 1, 2, 3].flatMap((i) =>
    [{ level: 0 }, { strategy: zlib.Z_FIXED }, { level: 9 }].map((options) =>
      deflateRawSync(story.subarray((i * length) / 4, ((i + 1) * length) / 4), {
        ...options,
        finishFlush: zlib.Z_FULL_FLUSH,
      }),
    ),
  );
  const { text, outcome } = inflate(Buffer.concat(blocks), 'deflate');
  expect(outcome).toBe('broken');
  expect(text).toHaveLength(length * 3);
});

test('a bomb stops at its room', () => {
  const bomb = gzipSync(Buffer.alloc(50 << 20), { level: 9 });
  for (const room of [0, 1, 257, 258, 259, 65536]) {
    const { text, outcome } = inflate(bomb, 'gzip', room);
    expect(outcome).toBe('no room');
    expect(text.equals(Buffer.alloc(room))).toBe(true);
  }
});

test('a run of blocks that say nothing ends early, and of as many an encoder makes not', () => {
  // Ninety bits each: the lengths of 256 symbols that are not used, and an end of block.
  const empty = '0 01 00000 00000 0111 000 000 100 000 000 000 000 000 000 000 000 000 000 000 000 000 000 100';
  const codes = '1 1111111 1 1101011 0 0 0';
  const dynamic = bytesOf(`${empty} ${codes}`.repeat(4000));
  expect(inflate(dynamic, 'deflate').outcome).toBe('no room');
  expect(inflate(bytesOf(`${empty} ${codes}`.repeat(60)), 'deflate').outcome).toBe('broken');
  expect(inflate(bytesOf('0 10 0000000'.repeat(100_000)), 'deflate').outcome).toBe('no room');
  const small = Array.from({ length: 3000 }, (_, i) =>
    gzipSync(story.subarray(i % 500, (i % 500) + 200), { level: 9 }),
  );
  expect(inflate(Buffer.concat(small), 'gzip').outcome).toBe('complete');
});

/** Bits in the order in which DEFLATE reads them. */
function bytesOf(bits: string): Buffer {
  const all = bits.replaceAll(' ', '');
  return Buffer.from(
    Array.from({ length: Math.ceil(all.length / 8) }, (_, i) =>
      Number.parseInt([...all.slice(i * 8, i * 8 + 8).padEnd(8, '0')].reverse().join(''), 2),
    ),
  );
}

test('broken input never traps and never leaves its room', () => {
  fc.assert(
    fc.property(
      compressed,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.nat(5000),
      framing,
      ({ input }, changes, room, as) => {
        const broken = Buffer.from(input);
        // Mostly near the beginning, where headers and codes stand.
        for (const [at, byte] of changes) broken[at % Math.min(broken.length, at % 2 === 0 ? 80 : 1 << 20)] = byte;
        inflate(broken, as, room);
        framingOf(broken);
      },
    ),
    { numRuns: 2000 },
  );
});

test('random bytes never trap, and are rarely taken for compressed ones', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400, size: 'max' }), fc.nat(5000), framing, (bytes, room, as) => {
      inflate(bytes, as, room);
      if (framingOf(bytes) !== notCompressed) taken++;
    }),
    { numRuns: 10_000 },
  );
  expect(taken).toBeLessThan(50);
});

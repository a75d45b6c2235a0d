import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { loadPrimitives, type PrimitivesGuest } from '../test/primitives-guest.ts';

vi.setConfig({ testTimeout: 30_000 }); // thousands of calls each, on whatever machine

let guest: PrimitivesGuest;
beforeAll(async () => {
  guest = await loadPrimitives();
}, 30_000);

const ample = 65536;
const written = () => guest.read(guest.call('output'), guest.call('writerLength'));
const writtenText = () => Buffer.from(written()).toString('utf8');
const json = (bytes: Uint8Array, capacity = ample) => {
  guest.call('writerStart', capacity);
  guest.call('writeJson', guest.put(bytes));
  return writtenText();
};

describe('numbers', () => {
  test.each([0n, 7n, 10n, 4294967295n, 18446744073709551615n])('decimal %s', (value) => {
    guest.call('writerStart', ample);
    guest.call('writeDecimal', value);
    expect(writtenText()).toBe(String(value));
  });

  test('hex keeps leading zeros and drops higher digits', () => {
    guest.call('writerStart', ample);
    guest.call('writeHex', 0x1abcdn, 8);
    guest.call('writeHex', 0x1abcdn, 2);
    expect(writtenText()).toBe('0001abcdcd');
  });

  test('hexBytes', () => {
    guest.call('writerStart', ample);
    guest.call('writeHexBytes', guest.put(Uint8Array.of(0, 15, 160, 255)));
    expect(writtenText()).toBe('000fa0ff');
  });
});

describe('json', () => {
  test('any text is what JSON.parse gives back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(JSON.parse(`"${json(new TextEncoder().encode(text))}"`)).toBe(text);
      }),
    );
  });

  test('any bytes are valid JSON and valid UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        json(bytes);
        JSON.parse(`"${new TextDecoder('utf-8', { fatal: true }).decode(written())}"`);
      }),
    );
  });

  test('control characters, DEL, quote, backslash', () => {
    expect(json(Uint8Array.of(0, 9, 10, 13, 31, 34, 92, 127))).toBe('\\u0000\\t\\n\\r\\u001f\\"\\\\\\u007f');
  });

  test.each([
    ['lone continuation', [0x80], 1],
    ['overlong two bytes', [0xc1, 0xbf], 2],
    ['overlong three bytes', [0xe0, 0x9f, 0xbf], 3],
    ['surrogate', [0xed, 0xa0, 0x80], 3],
    ['past U+10FFFF', [0xf4, 0x90, 0x80, 0x80], 4],
    ['cut short', [0xf0, 0x9f, 0x98], 3],
    ['0xff', [0xff], 1],
  ])('%s: one replacement per byte', (_name, bytes, count) => {
    expect(json(Uint8Array.from(bytes))).toBe('\\ufffd'.repeat(count));
  });

  test('a sequence cut by the end of the bytes does not read what lies behind', () => {
    guest.put(new TextEncoder().encode('é'));
    guest.call('writerStart', ample);
    guest.call('writeJson', 1);
    expect(writtenText()).toBe('\\ufffd');
  });

  test('what does not fit is left out whole', () => {
    expect(json(new TextEncoder().encode('abc\n'), 4)).toBe('');
    expect(guest.call('writerOverflowed')).toBe(1);
  });
});

describe('overflow', () => {
  test('is remembered, and nothing more is written, also what would fit', () => {
    guest.call('writerStart', 8);
    guest.call('writeHello');
    guest.call('writeHello');
    guest.call('writeDecimal', 1n);
    expect([writtenText(), guest.call('writerOverflowed'), guest.call('writerFree')]).toEqual(['hello', 1, 0]);
  });

  test('never writes past the capacity', () => {
    fc.assert(
      fc.property(fc.nat({ max: 64 }), fc.uint8Array({ maxLength: 64 }), (capacity, bytes) => {
        const output = guest.call('output');
        guest.call('writerStart', 128);
        guest.call('writeBytes', guest.put(new Uint8Array(128).fill(0xaa)));
        guest.call('writerStart', capacity);
        const length = guest.put(bytes);
        guest.call('writeHexBytes', length);
        guest.call('writeJson', length);
        guest.call('writeBytes', length);
        expect(guest.call('writerLength')).toBeLessThanOrEqual(capacity);
        expect(guest.read(output + capacity, 64)).toEqual(new Uint8Array(64).fill(0xaa));
      }),
    );
  });

  test('rewind goes back and forgets it', () => {
    guest.call('writerStart', 8);
    guest.call('writeHello');
    guest.call('writeHello');
    guest.call('writerRewind', 2);
    guest.call('writeDecimal', 42n);
    expect([writtenText(), guest.call('writerOverflowed')]).toEqual(['he42', 0]);
  });

  test('exactly full is no overflow, and zero bytes fit a full writer', () => {
    guest.call('writerStart', 5);
    guest.call('writeHello');
    guest.call('writeBytes', 0);
    expect([writtenText(), guest.call('writerOverflowed')]).toEqual(['hello', 0]);
  });

  test('zero bytes fit no room at all', () => {
    guest.call('writerStart', 0);
    guest.call('writeBytes', 0);
    expect(guest.call('writerOverflowed')).toBe(0);
  });
});

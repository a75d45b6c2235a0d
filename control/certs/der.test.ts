import { describe, expect, test } from 'vitest';
import { bitString, integer, namedBits, octets, oid, readValues, sequence, time, value } from './der.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('writing', () => {
  test.each([
    ['a positive integer', integer(Buffer.from([0x7f])), '02017f'],
    ['one whose top bit is set gets a zero before it', integer(Buffer.from([0x80])), '02020080'],
    ['leading zeros are left out', integer(Buffer.from([0, 0, 1])), '020101'],
    ['zero', integer(Buffer.from([0])), '020100'],
    ['an object identifier with long arcs', oid('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    ['whole bytes as bits', bitString(Buffer.from([0xaa])), '030200aa'],
    ['named bit 0', namedBits(0), '03020780'],
    ['named bits 5 and 6', namedBits(5, 6), '03020106'],
    ['a time before 2050', time(new Date('2049-12-31T23:59:59Z')), `170d${hex(Buffer.from('491231235959Z'))}`],
    ['a time after', time(new Date('2050-01-01T00:00:00Z')), `180f${hex(Buffer.from('20500101000000Z'))}`],
    ['an empty sequence', sequence(), '3000'],
  ])('%s', (_what, bytes, expected) => {
    expect(hex(bytes)).toBe(expected);
  });

  test.each([
    [127, '047f'],
    [128, '048180'],
    [256, '04820100'],
  ])('a length of %i bytes', (length, head) => {
    expect(hex(octets(Buffer.alloc(length))).slice(0, head.length)).toBe(head);
  });
});

describe('reading', () => {
  test('gives back what was written, long lengths too', () => {
    const long = octets(Buffer.alloc(70_000, 1));
    const [outer, ...more] = readValues(sequence(oid('1.2.3'), long));
    expect(more).toEqual([]);
    const inner = readValues(outer!.content);
    expect(inner.map((one) => one.bytes)).toEqual([oid('1.2.3'), long]);
    expect(inner[1]!.content).toEqual(Buffer.alloc(70_000, 1));
  });

  test.each(['30', '3001', '3080', '308500000000', '30830100', '0401aa04'])('refuses %s', (bytes) => {
    expect(() => readValues(Buffer.from(bytes, 'hex'))).toThrow('not DER');
  });

  test('a value cut anywhere is refused', () => {
    const bytes = value(0x30, octets(Buffer.alloc(300)));
    for (let length = 1; length < bytes.length; length++) {
      expect(() => readValues(bytes.subarray(0, length))).toThrow('not DER');
    }
  });
});

/**
 * DER (ITU-T X.690), as much as a certificate needs: writing a value and walking one that is there. Written here
 * because a certificate library costs the worker 15 MiB of resident memory for two fixed shapes (certificate.ts).
 */

/** Tags of the universal class (X.680 8.6), with the constructed bit (0x20) where DER sets it. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One value with its tag and length; `parts` are its contents, in order. */
export function value(tagByte: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tagByte]), lengthBytes(content.length), content]);
}

export function sequence(...parts: Uint8Array[]): Buffer {
  return value(tag.sequence, ...parts);
}

/** `[number] EXPLICIT` (constructed, context class). */
export function explicit(number: number, ...parts: Uint8Array[]): Buffer {
  return value(0xa0 | number, ...parts);
}

/** `[number] IMPLICIT` of a primitive (context class). */
export function implicit(number: number, content: Uint8Array): Buffer {
  return value(0x80 | number, content);
}

export function octets(content: Uint8Array): Buffer {
  return value(tag.octetString, content);
}

/** A non-negative INTEGER from its big-endian magnitude. */
export function integer(magnitude: Uint8Array): Buffer {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const minimal = magnitude.subarray(start);
  const padding = minimal[0]! & 0x80 ? [0] : [];
  return value(tag.integer, Buffer.from(padding), minimal);
}

/** An OBJECT IDENTIFIER from its dotted text. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const bytes = [first! * 40 + second!];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return value(tag.oid, Buffer.from(bytes));
}

/** A BIT STRING of whole bytes. */
export function bitString(bytes: Uint8Array): Buffer {
  return value(tag.bitString, Buffer.from([0]), bytes);
}

/** A BIT STRING of named bits (X.690 11.2.2: trailing zero bits left out); bit 0 is the first. */
export function namedBits(...bits: number[]): Buffer {
  const last = Math.max(...bits);
  const bytes = Buffer.alloc((last >>> 3) + 1);
  for (const bit of bits) bytes[bit >>> 3]! |= 0x80 >>> (bit & 7);
  return value(tag.bitString, Buffer.from([7 - (last & 7)]), bytes);
}

/** A Time (RFC 5280 4.1.2.5): UTCTime up to 2049, GeneralizedTime after; whole seconds, UTC. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return date.getUTCFullYear() < 2050
    ? value(tag.utcTime, Buffer.from(`${digits.slice(2)}Z`, 'latin1'))
    : value(tag.generalizedTime, Buffer.from(`${digits}Z`, 'latin1'));
}

/** A value met while walking: its tag, its content and all of its bytes. */
export interface DerValue {
  tag: number;
  content: Buffer;
  bytes: Buffer;
}

/**
 * The values that stand one after the other in `bytes`. Throws on a length that is indefinite, over 4 bytes or past the
 * end.
 */
export function readValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const tagByte = bytes[at++]!;
    let length = bytes[at++] ?? Number.NaN;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4 || at + count > bytes.length) throw new Error('not DER: bad length');
      length = bytes.readUIntBE(at, count);
      at += count;
    }
    // NaN (no length byte) fails this comparison too
    if (!(at + length <= bytes.length)) throw new Error('not DER: a value runs past the end');
    values.push({ tag: tagByte, content: bytes.subarray(at, at + length), bytes: bytes.subarray(start, at + length) });
    at += length;
  }
  return values;
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let left = length; left > 0; left >>>= 8) bytes.unshift(left & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

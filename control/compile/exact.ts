/** Exact values: how they are found, raw and in the encodings that the views do not open. */
import { leastValueBytes } from '../rules/exact.ts';
import { type Anchor, type Frequency, keyBytes, type Plan } from './anchor.ts';
import { type ByteSet, bytesWhere } from './byte-set.ts';
import { sipHash } from './sip-hash.ts';

/** Bytes of a value that are compared. What begins with as many of them is the value; more would only cost. */
const comparedBytes = 128;

// The least runs that the views of filter/view open, in bytes of what they stand for. Shorter values are looked for as
// they would be written.
const base64Opens = 18;
const hexOpens = 13;
const base32Opens = 17;

/** What a key costs for each other value that has the same one, as a share of places: some 1,000 places of clean text. */
const sharedCost = 1e-3;

/**
 * The plans that find any of the values. Each is known by a key of three bytes, the byte behind it, and a hash: the table
 * does not hold what it looks for.
 * @param hashKey 16 bytes
 */
export function toExactPlans(values: readonly Uint8Array[], frequency: Frequency, hashKey: Uint8Array): Plan[] {
  const forms = [...new Map(values.flatMap(formsOf).map((form) => [form.toString('latin1'), form])).values()].map(
    (form) => form.subarray(0, comparedBytes),
  );
  const uses = new Map<string, number>();
  const keyAt = (form: Buffer, at: number) => form.toString('latin1', at, at + keyBytes);
  for (const form of forms)
    for (const key of new Set(keyOffsets(form).map((at) => keyAt(form, at)))) uses.set(key, (uses.get(key) ?? 0) + 1);
  return forms.map((form) => {
    const costs = keyOffsets(form).map(
      (at) => frequency(cells(form, at, keyBytes)) + sharedCost * (uses.get(keyAt(form, at))! - 1),
    );
    const lead = costs.indexOf(Math.min(...costs));
    const key = cells(form, lead, keyBytes) as Anchor['cells'];
    return {
      kind: 'exact',
      anchors: [{ cells: key, lead, tail: cells(form, lead + keyBytes, 1) }],
      forward: [{ kind: 'hash', count: form.length, hash: sipHash(hashKey, form) }],
      backward: undefined,
    };
  });
}

/** Where a key may begin, with a byte behind it. */
function keyOffsets(form: Buffer): number[] {
  return Array.from({ length: form.length - keyBytes }, (_, at) => at);
}

const single: ByteSet[] = Array.from({ length: 256 }, (_, byte) => bytesWhere((other) => other === byte));

function cells(form: Buffer, at: number, count: number): ByteSet[] {
  return [...form.subarray(at, at + count)].map((byte) => single[byte]!);
}

/** The value, and what it looks like encoded where it is too short for a view. */
function formsOf(value: Uint8Array): Buffer[] {
  const raw = Buffer.from(value);
  const texts: string[] = [];
  if (raw.length < hexOpens) texts.push(raw.toString('hex'), raw.toString('hex').toUpperCase());
  if (raw.length < base64Opens) for (const before of [0, 1, 2]) texts.push(...base64After(raw, before));
  if (raw.length < base32Opens) texts.push(base32(raw));
  // The views may open what looks like an escape of JSON in the text that the value stands in.
  const opened = Buffer.from(raw.toString('latin1').replace(jsonEscape, openEscape), 'latin1');
  return [raw, ...(opened.length < leastValueBytes ? [] : [opened]), ...texts.map((text) => Buffer.from(text))];
}

const jsonEscape = /\\(?:u[0-9A-Fa-f]{4}|["\\/bfnrt])/g;

function openEscape(text: string): string {
  return Buffer.from(JSON.parse(`"${text}"`) as string).toString('latin1');
}

/** The base64 of a value that stands behind `before` other bytes: the characters that say nothing but the value. */
function base64After(value: Buffer, before: number): string[] {
  const all = Buffer.concat([Buffer.alloc(before), value]);
  const text = (encoding: 'base64' | 'base64url') =>
    all.toString(encoding).slice(Math.ceil((before * 8) / 6), Math.floor((all.length * 8) / 6));
  return [...new Set([text('base64'), text('base64url')])];
}

/** RFC 4648 section 6, without padding and without the last character where it says only a part. */
function base32(value: Buffer): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let text = '';
  for (let bit = 0; bit + 5 <= value.length * 8; bit += 5) {
    const pair = (value[bit >> 3]! << 8) | (value[(bit >> 3) + 1] ?? 0);
    text += alphabet[(pair >> (11 - (bit & 7))) & 31];
  }
  return text;
}

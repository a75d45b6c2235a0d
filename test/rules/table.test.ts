// What table/read.ts lets through, the scanner can follow: garbage is refused, and whatever is loaded never traps.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRules } from '../../control/rules/read.ts';
import * as layout from '../../filter/table/layout.ts';
import { Scanner } from './scanner.ts';
import { bareRule, compileRules } from './table.ts';
import { wrappings } from './wrap.ts';

const rules = readRules();
const sound = compileRules(rules).table;
/** A few kilobytes with every kind of section in use. */
const small = compileRules([
  bareRule('\\bpen-[0-9a-f]{12,40}(?![0-9a-z])', 'credential.test.start'),
  { ...bareRule('(?i:secret)\\s{0,3}=[^ ]{4,}', 'credential.test.literal'), near: ['value'] },
  bareRule('[a-z]{1,8}@(?:ab|abc)x:', 'credential.test.backward'),
  bareRule('\\b[0-9]{3}-[0-9]{4}\\b', 'financial.test.number'),
]).table;

/** Texts that lead into every rule: all examples, in several views. */
const corpus = wrappings
  .filter(({ name }) => ['raw', 'JSON escapes', 'base64'].includes(name))
  .map(({ wrap }) =>
    Buffer.from(
      wrap(
        rules
          .flatMap(({ match }) => match)
          .join('\n')
          .slice(0, 30_000),
        0,
      ),
    ),
  );
const smallTexts = [
  'pen-0123456789abcdef value secret = abcdef aa@abcx: 123-4567',
  '',
  'x'.repeat(200),
  '1'.repeat(200),
  corpus[0]!.subarray(0, 600),
].map((text) => Buffer.from(text));

function scanAll(scanner: Scanner, texts: readonly Buffer[]): string {
  return JSON.stringify(texts.map((text) => scanner.findIn(text)));
}

test('garbage is refused and the table before stays', async () => {
  const scanner = await Scanner.load(small);
  const before = scanAll(scanner, smallTexts);
  const header = fc.uint8Array({ maxLength: 400 }).map((bytes) => {
    const table = Buffer.concat([small.subarray(0, layout.HEADER_BYTES), bytes]);
    table.writeUInt32LE(table.length, 8);
    return new Uint8Array(table);
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 2000 }), header), (bytes) => {
      expect(scanner.loadTable(bytes)).toBeDefined();
    }),
    { numRuns: 500 },
  );
  for (const length of [0, 1, 15, 16, 159, 160, small.length - 1])
    expect(scanner.loadTable(small.slice(0, length))).toBeDefined();
  expect(scanAll(scanner, smallTexts)).toBe(before);
});

test('a small table with any byte changed is refused or never traps', { timeout: 60_000 }, async () => {
  const scanner = await Scanner.load(small);
  const before = scanAll(scanner, smallTexts);
  const changed = small.slice();
  let refusals = 0;
  for (let at = 0; at < small.length; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      changed[at] = small[at]! ^ flip;
      if (scanner.loadTable(changed) === undefined) scanAll(scanner, smallTexts);
      else refusals++;
    }
    changed[at] = small[at]!;
  }
  expect(refusals).toBeGreaterThan(500);
  expect(scanner.loadTable(small)).toBeUndefined();
  // Nothing was written where it should not be.
  expect(scanAll(scanner, smallTexts)).toBe(before);
});

test('the real table with a byte of any section changed is refused or never traps', { timeout: 60_000 }, async () => {
  const scanner = await Scanner.load(sound);
  const before = scanAll(scanner, corpus);
  const view = new DataView(sound.buffer, sound.byteOffset);
  const place = fc.nat(layout.SECTION_COUNT - 1).chain((section) => {
    const header = layout.HEADER_BYTES + section * 8;
    const [offset, bytes] = [view.getUint32(header, true), view.getUint32(header + 4, true)];
    return fc.nat(Math.max(0, bytes - 1)).map((at) => offset + at);
  });
  fc.assert(
    fc.property(place, fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = sound.slice();
      changed[at]! ^= flip;
      if (scanner.loadTable(changed) === undefined) scanAll(scanner, corpus);
    }),
    { numRuns: 1500, interruptAfterTimeLimit: 6000 },
  );
  expect(scanner.loadTable(sound)).toBeUndefined();
  expect(scanAll(scanner, corpus)).toBe(before);
});

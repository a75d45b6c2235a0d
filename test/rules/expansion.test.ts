// A message that is built to explode costs at most ten times a clean one of its size and ends in a verdict. What it costs
// is told by the bytes that are passed, all views together, and not by a clock.
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readRules } from '../../control/rules/read.ts';
import * as layout from '../../filter/table/layout.ts';
import { Scanner } from './scanner.ts';
import { compileRules } from './table.ts';
import { wrappings } from './wrap.ts';

const scanner = await Scanner.load(compileRules(readRules()).table);
const megabyte = 1_000_000;

/** A shorter message costs as much as this one: what Envoy asks and is told of it is more than reading it. */
const leastBytes = 8192;

/** The bytes of all views of a text, beside those of the text. */
function cost(text: Uint8Array, surface = layout.SURFACE_REQUEST_BODY): number {
  return scanner.viewsOf(text, surface).reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(text.length, leastBytes);
}

const repeated = (text: string, bytes: number) =>
  Buffer.from(text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes));

/** Base64 in base64, as often as it takes to be so long. */
function nested(bytes: number): Buffer {
  let text = Buffer.from('nothing but words in here, and then some more of them');
  while (text.length < bytes) text = Buffer.from(text.toString('base64'));
  return text;
}

const built: [string, Buffer, boolean][] = [
  ['10 MB of nested base64', nested(10 * megabyte), true],
  ['1,000,000 times %25', repeated('%25', 3 * megabyte), false],
  ['%252525…', Buffer.from(`%${'25'.repeat(megabyte)}`), true],
  ['backslashes', repeated('\\', megabyte), false],
  [String.raw`\u005cu005c…`, repeated(String.raw`\u005c`, megabyte), false],
  ['&amp;amp;…', repeated('&amp;amp;amp;amp;', megabyte), false],
  ['hexadecimal of hexadecimal', repeated('3637', megabyte), false],
  [
    'all escapes at once',
    repeated(String.raw`%41=3D&#65;\u0041\\nnn "a","b" g h p _ 1 2 3 67:68:69 `, megabyte),
    false,
  ],
  ['neighbours', repeated(`"a1","b2",'c3' + 'd4'&e=`, megabyte), false],
  ['names and neighbours', repeated('x1=aaaaaaaaa1&y=bbbbbbbb1 ', megabyte), false],
  ['comments that nobody closes', repeated('<!--', megabyte), false],
  ['tags that nobody closes', repeated('<a ', megabyte), false],
  ['tags in tags', repeated('<<b>b>', megabyte), false],
  ['numbers in rows too short', repeated('65,66,67,68,69,70,71 ', megabyte), false],
  ['control bytes', repeated('a1\x01', megabyte), false],
  ['lines that look cut', repeated('a1b2c3\n', megabyte), false],
  ['spaced letters', repeated('a b c d e f g 1 ', megabyte), false],
  ['pairs', repeated('67:68:69:', megabyte), false],
  ['lines of base64', repeated(`${'QUJD'.repeat(5)}Q\n`, megabyte), false],
  ['gzip of zeros', gzipOfZeros(), true],
];

function gzipOfZeros(): Buffer {
  return Buffer.from(gzipSync(Buffer.alloc(30 * megabyte, ' zero')).toString('base64'));
}

test.each(built)('%s', { timeout: 60_000 }, (_, text, isCut) => {
  const before = performance.now();
  expect(cost(text)).toBeLessThanOrEqual(10);
  expect(cost(text, layout.SURFACE_MCP_RESPONSE)).toBeLessThanOrEqual(10);
  // No clock is exact here, but work that grows with the square of the text takes minutes.
  expect(performance.now() - before).toBeLessThan(10_000);
  if (isCut) expect(scanner.wasCut).toBe(true);
});

// It takes some 20 s on two idle cores and three times that on busy ones.
test('any three layers, each over and over, are bounded', { timeout: 240_000 }, () => {
  const text = 'penstock 4111 and &amp; %41 or =3D, "a1","b2" '.repeat(20);
  for (const first of wrappings)
    for (const second of wrappings)
      for (const third of wrappings) {
        const wrapped = Buffer.from(third.wrap(second.wrap(first.wrap(text, 1), 1), 1));
        expect(cost(wrapped), `${first.name} in ${second.name} in ${third.name}`).toBeLessThanOrEqual(10);
      }
});

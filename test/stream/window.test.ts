// Answers that are read in windows, as long as several of them and cut anywhere: what stands in them is found where it is,
// as in a text that is read whole.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRules } from '../../control/rules/read.ts';
import { Host } from '../../filter/proxy-wasm-as/host/index.ts';
import { Scanner } from '../rules/scanner.ts';
import { compileRules } from '../rules/table.ts';

const responseSurface = 3;
const windowBytes = 16384;
const overlapBytes = 2048;

const rules = readRules();
// Where nothing is stopped, as where it passes.
const { table } = compileRules(rules, 'mode: audit\n');
const scanner = await Scanner.load(table);
const host = new Host(readFileSync(join(import.meta.dirname, '../../build/filter.wasm')), { logLevel: 'info' });
const plugin = host.configure(table, { rootId: 'penstock' });

const findingsIn = (text: string) =>
  scanner.findIn(Buffer.from(text), responseSurface).filter(({ view }) => view === 'raw');
/** An example of each rule that finds it by itself, and that no window border can be too short for. */
const examples = rules.flatMap(({ match }, rule) => {
  const text = match.find(
    (text) =>
      text.length < overlapBytes / 2 && /^[ -[\]-~]*$/.test(text) && findingsIn(text).some((f) => f.rule === rule),
  );
  return text === undefined ? [] : [text];
});

/** Offsets by rule id, as the filter reports them of an answer that comes in these chunks. */
function reported(chunks: readonly Uint8Array[]): Map<string, number> {
  host.logs.length = 0;
  const stream = plugin.stream({ properties: { 'filter_state\0penstock.tunnel': 'example.com:443 example.com' } });
  stream.requestHeaders(
    [
      [':method', 'GET'],
      [':path', '/'],
      [':authority', 'example.com'],
    ],
    true,
  );
  stream.responseHeaders([
    [':status', '200'],
    ['content-type', 'application/octet-stream'],
  ]);
  chunks.forEach((chunk, i) => {
    stream.responseBody(chunk, i === chunks.length - 1);
  });
  expect(stream.sentDownstream.ended).toBe(true);
  expect(stream.sentDownstream.text.length).toBe(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  stream.done();
  const lines = host.logs.map(({ message }) => JSON.parse(message) as { rule: string; view: string; offset: number });
  return new Map(lines.filter(({ view }) => view === 'raw').map(({ rule, offset }) => [rule, offset]));
}

// Words that are no context of any rule, and a length that puts many of the examples on the border of a window.
const gap = fc.oneof(
  fc.nat(windowBytes),
  fc.integer({ min: windowBytes - overlapBytes - 200, max: windowBytes - overlapBytes }),
);

test('what a whole text has is found in windows, wherever its borders and the chunks are', { timeout: 60_000 }, () => {
  expect(examples.length).toBeGreaterThan(100);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(examples.length - 1), { minLength: 1, maxLength: 5 }),
      fc.array(gap, { minLength: 5, maxLength: 5 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (chosen, gaps, cuts) => {
        const text = chosen
          .map((i, n) => `${'lorem ipsum '.repeat(2000).slice(0, gaps[n]!)} ${examples[i]!} `)
          .join('');
        const bytes = Buffer.from(text);
        const offsets = [...new Set(cuts.map((cut) => cut % bytes.length)), bytes.length].sort((a, b) => a - b);
        const chunks = offsets.map((to, i) => bytes.subarray(i === 0 ? 0 : offsets[i - 1], to));
        const found = reported(chunks);
        for (const { rule, offset } of findingsIn(text)) {
          expect([...found.keys()]).toContain(rules[rule]!.id);
          // Context beside it may lie in another window than it does: then the next one of the rule counts.
          if (chosen.length === 1) expect(found.get(rules[rule]!.id)).toBe(offset);
        }
      },
    ),
    { numRuns: 400 },
  );
});

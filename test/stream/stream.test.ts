// Every case of this folder through the real filter.wasm: whole, cut once at every offset of either body, and cut several
// times. The log must be the file's each time. UPDATE=1 writes the logs anew.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCase, traceCase } from '../../control/serve/trace.ts';

const names = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.md') && name !== 'README.md');
const isUpdate = process.env['UPDATE'] === '1';
/** A body longer than this is cut at this many offsets and not at each: thousands of runs of one case teach nothing. */
const maxCuts = 250;

/** Offsets of a body to cut at: all inside it, or as many of them as there may be, evenly and at both ends. */
function offsetsOf(body: string): number[] {
  const last = Buffer.byteLength(body) - 1;
  if (last <= maxCuts) return Array.from({ length: Math.max(0, last) }, (_, i) => i + 1);
  return Array.from({ length: maxCuts }, (_, i) => 1 + Math.floor((i * (last - 1)) / (maxCuts - 1)));
}

const cutsOf = (body: string) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: Math.max(1, Buffer.byteLength(body) - 1) }), { maxLength: 8 })
    .map((cuts) => {
      return Buffer.byteLength(body) > 1 ? cuts.sort((a, b) => a - b) : [];
    });

describe.each(names)('%s', (name) => {
  const file = join(import.meta.dirname, name);
  const text = readFileSync(file, 'utf8');
  const traced = parseCase(text, name);
  const log = traceCase(traced, [], []);
  const responseBody = traced.response?.body ?? '';

  test('whole', () => {
    if (isUpdate)
      writeFileSync(
        file,
        text.replace(/(^## log\n\n```\w*\n)[\s\S]*?^```$/m, (_, head) => `${head}${log}\`\`\``),
      );
    else expect(log).toBe(traced.log);
  });

  test('cut at every offset', { timeout: 60_000 }, () => {
    for (const offset of offsetsOf(traced.request.body))
      expect(traceCase(traced, [offset], []), `request cut at ${offset}`).toBe(log);
    for (const offset of offsetsOf(responseBody))
      expect(traceCase(traced, [], [offset]), `response cut at ${offset}`).toBe(log);
  });

  test('cut in several pieces', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(cutsOf(traced.request.body), cutsOf(responseBody), (request, response) => {
        expect(traceCase(traced, request, response)).toBe(log);
      }),
      { numRuns: 20 },
    );
  });
});

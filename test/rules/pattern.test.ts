// Random patterns on random texts: what the table finds against what the pattern says.
//
// The table takes the longest match at each step and never goes back, where RegExp tries every way. So they agree on
// this, and it is what is tested:
// - every hit of the table is a match of the pattern, byte for byte, edges included; so where RegExp finds nothing, the
//   table finds nothing
// - a match that lies in no longer one (edges left out), and whose own edges hold, is found: a hit holds its first byte
// What may differ is a match whose longer form is refused by an edge: RegExp gives bytes back until the edge holds.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NoAnchorError } from '../../control/compile/anchor.ts';
import { AutomatonTooLarge } from '../../control/compile/automaton.ts';
import type { Compiled } from '../../control/compile/compile.ts';
import { type Node, type Pattern, PatternError, parsePattern, toRegExp } from '../../control/compile/pattern.ts';
import { CompileError } from '../../control/compile/plan.ts';
import { SEGMENT_BYTES } from '../../filter/table/layout.ts';
import { choices, patternText, sample } from './random-pattern.ts';
import { Scanner } from './scanner.ts';
import { type Match, matchesIn } from './simulate.ts';
import { bareRule, compileRules } from './table.ts';

const scanner = await Scanner.load(compileRules([]).table);

/** The pattern parsed and compiled, or undefined where it is outside the syntax, has no key or is too large. */
function compiled(source: string): { pattern: Pattern; table: Compiled } | undefined {
  try {
    return { pattern: parsePattern(source), table: compileRules([bareRule(source)]) };
  } catch (error) {
    const isExpected = [PatternError, CompileError, NoAnchorError, AutomatonTooLarge].some(
      (kind) => error instanceof kind,
    );
    if (!isExpected) throw error;
    return undefined;
  }
}

/** The matches that lie in no other, edges left out. */
function longest(matches: readonly Match[]): Match[] {
  const ends = new Map<number, number>();
  for (const { start, end } of matches) ends.set(start, Math.max(end, ends.get(start) ?? 0));
  let covered = 0;
  return [...ends].flatMap(([start, end]) => {
    if (end <= covered) return [];
    covered = end;
    return [{ start, end }];
  });
}

/** How deep repeats stand in repeats. */
function repeatDepth(items: readonly Node[]): number {
  return Math.max(
    0,
    ...items.map((node) => {
      if (node.kind === 'repeat') return 1 + repeatDepth([node.item]);
      if (node.kind === 'sequence') return repeatDepth(node.items);
      return node.kind === 'choice' ? repeatDepth(node.options) : 0;
    }),
  );
}

const noise = fc.string({ unit: fc.constantFrom(...'abAB01_-./+:= @"\n'), maxLength: 70 });

test('the table says what the pattern says', { timeout: 120_000 }, () => {
  let hitCount = 0;
  fc.assert(
    fc.property(
      patternText,
      fc.array(fc.tuple(noise, choices, fc.nat(200)), { minLength: 3, maxLength: 8 }),
      (source, pieces) => {
        const known = compiled(source);
        fc.pre(known !== undefined);
        const { pattern, table } = known;
        expect(scanner.loadTable(table.table)).toBeUndefined();
        // Each text is what came before and one match more, the last one cut short.
        let text = Buffer.alloc(0);
        for (const [before, ways, kept] of pieces) {
          text = Buffer.concat([text.subarray(-300), Buffer.from(before), sample(pattern.body, ways)]);
          for (const tested of [text, text.subarray(0, Math.max(1, text.length - (kept % 20)))]) {
            const hits = scanner.hitsIn(tested).filter(({ view }) => view === 'raw');
            hitCount += hits.length;
            const matches = matchesIn(pattern, tested);
            // RegExp takes exponential time on repeats of repeats.
            if (repeatDepth(pattern.body) < 2)
              expect(toRegExp(pattern).test(tested.toString('latin1'))).toBe(matches.length > 0);
            const keys = new Set(matches.map(({ start, end }) => `${start}..${end}`));
            for (const { start, end } of hits) expect(keys).toContain(`${start}..${end}`);
            for (const { start, end } of longest(matchesIn(pattern, tested, false))) {
              // A segment that runs any farther is given up.
              if (!keys.has(`${start}..${end}`) || end - start > SEGMENT_BYTES) continue;
              const isFound = hits.some((hit) => hit.start <= start && hit.end > start);
              expect(isFound, `${start}..${end} of ${JSON.stringify(tested.toString('latin1'))}`).toBe(true);
            }
          }
        }
      },
    ),
    { numRuns: 1000, interruptAfterTimeLimit: Number(process.env.RUN_MILLISECONDS ?? 8000) },
  );
  // Else the patterns were too odd to say anything.
  expect(hitCount).toBeGreaterThan(200);
});

// Every rule's examples through three engines (the JavaScript RegExp, a simulation of the parsed pattern, the table in
// wasm), in every view and at every place of a 64-byte step.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parsePattern } from '../../control/compile/pattern.ts';
import { phraseScanner } from '../../control/rules/phrase-reference.ts';
import { readRules } from '../../control/rules/read.ts';
import { referenceScanner } from '../../control/rules/reference.ts';
import { patternRegExp } from '../../control/rules/regexp.ts';
import type { Rule } from '../../control/rules/rule.ts';
import * as layout from '../../filter/table/layout.ts';
import { cutAt, phrasesIn } from './phrases.ts';
import { Scanner } from './scanner.ts';
import { type Match, matchesIn } from './simulate.ts';
import { compileRules } from './table.ts';
import { wrappings } from './wrap.ts';

/** Two steps of the prefilter and a little: every place of a match in a block, and every block border in a match. */
const shifts = Array.from({ length: 131 }, (_, shift) => shift);
/** What may stand beside a value: quotes, brackets, signs, letters, digits, control bytes, halves of characters. */
const neighbours = [...' "\'`()[]{}<>=:;,./-+_@%&#\n\0aZ09', '\u00e9', '\u4f60'];

const root = join(import.meta.dirname, '../..');
const rules = readRules();
const index = new Map(rules.map(({ id }, i) => [id, i]));
const scanner = await Scanner.load(compileRules(rules).table);

/** Where a rule speaks: a tool's definition for what is said to an assistant, a request for all else. */
function surfaceOf(id: string): number {
  return /^(?:injection|tool-poison)\./.test(id) ? layout.SURFACE_MCP_TOOL : layout.SURFACE_REQUEST_BODY;
}

/** Ids of the rules that find something in the text's first view; raw, but for texts with a backslash. */
function foundAtOnce(text: string, surface: number = layout.SURFACE_REQUEST_BODY): string[] {
  const found = scanner
    .findIn(Buffer.from(text), surface)
    .filter(({ view }) => view === 'raw' || /^json(?:\+json)*$/.test(view));
  return found.map(({ rule }) => rules[rule]!.id);
}

/** `rules/credential/stripe.yaml:3: secret-key.match[1]` */
function placeOf(rule: Rule, list: 'match' | 'reject', at: number): string {
  return `${rule.place}: ${rule.id.slice(rule.id.lastIndexOf('.') + 1)}.${list}[${at}]`;
}

/**
 * The longest match counts: where an edge refuses it, the table does not go back to a shorter one, and RegExp does. Gives
 * whether a match lies in no other.
 */
function isLongest(rule: Rule, text: Uint8Array): (match: Match) => boolean {
  const all = matchesIn(parsePattern(rule.pattern), text, false);
  return ({ start, end }) =>
    !all.some((other) => other.start <= start && other.end >= end && other.end - other.start > end - start);
}

const withPattern = rules.filter(({ phrases }) => !phrases);
const withPhrase = rules.filter(({ phrases }) => phrases);

describe.each(withPhrase.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  const number = index.get(id)!;
  const scan = phraseScanner(rule.phrases ?? []);

  test('the filter finds what the reference finds, also cut at every byte', { timeout: 120_000 }, () => {
    for (const text of [...rule.match, ...rule.reject]) {
      const bytes = Buffer.from(text);
      const [first] = scan(text)
        .flat()
        .sort((a, b) => a.end - b.end || b.start - a.start);
      const byteOf = (at: number) => Buffer.byteLength(text.slice(0, at));
      const expected = first ? [{ rule: number, start: byteOf(first.start), end: byteOf(first.end) }] : [];
      const found = (cuts: number[]) =>
        phrasesIn(scanner, cutAt(bytes, cuts), true).filter(({ rule }) => rule === number);
      for (let i = 0; i < bytes.length; i++) expect(found([i]), `${text} cut at ${i}`).toEqual(expected);
    }
  });

  test('its match texts are found in the views that a reader opens', { timeout: 60_000 }, () => {
    const problems = rule.match.flatMap((text, at) =>
      wrappings
        .filter(({ name }) => ['raw', 'JSON escapes', 'base64', 'hex', 'entities'].includes(name))
        .filter(({ wrap }) => {
          const found = scanner.findIn(Buffer.from(wrap(text, 0)), surfaceOf(id));
          return !found.some((finding) => finding.rule === number);
        })
        .map(({ name }) => `${placeOf(rule, 'match', at)}: not found in the ${name} view`),
    );
    expect(problems).toEqual([]);
  });
});

describe.each(withPattern.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  const number = index.get(id)!;
  const surface = surfaceOf(id);

  test('its match texts are found in every view, wherever they stand', { timeout: 30_000 }, () => {
    // Of bytes that are decoded only text in ASCII is sure to be kept: others may be a picture's. And what looks for characters
    // that are not seen does not find them where they have been left out.
    const isKept = (text: string, name: string) =>
      Buffer.byteLength(text) === text.length || !/utf-16|hex|codes|full width|not seen/i.test(name);
    const problems = rule.match.flatMap((text, at) =>
      wrappings
        .filter(({ name }) => isKept(text, name))
        .flatMap(({ name, view, wrap }) =>
          shifts
            .filter((shift) => {
              // Once at the end of the text, once before more of it.
              const wrapped = wrap(text, shift) + (shift % 2 === 0 ? '' : ' '.repeat(70));
              const finding = scanner.findIn(Buffer.from(wrapped), surface).find((finding) => finding.rule === number);
              return (
                !finding ||
                (view !== undefined && !`${finding.view.replace('raw', '')}+`.startsWith(view && `${view}+`))
              );
            })
            .map((shift) => `${placeOf(rule, 'match', at)}: not found in the ${name} view, at offset ${shift}`),
        ),
    );
    expect(problems.slice(0, 20)).toEqual([]);
  });

  test('its reject texts are found in no view', () => {
    const problems = rule.reject.flatMap((text, at) =>
      wrappings
        .filter(({ isCut }) => !isCut)
        .flatMap(({ name, wrap }) =>
          shifts
            .filter((shift) =>
              scanner.findIn(Buffer.from(wrap(text, shift)), surface).some((finding) => finding.rule === number),
            )
            .map((shift) => `${placeOf(rule, 'reject', at)}: found in the ${name} view, at offset ${shift}`),
        ),
    );
    expect(problems.slice(0, 20)).toEqual([]);
  });

  test('simulation and RegExp match at the same places', () => {
    const pattern = parsePattern(rule.pattern);
    const expression = patternRegExp(rule.pattern, 'y');
    for (const text of [...rule.match, ...rule.reject]) {
      const bytes = Buffer.from(text);
      const simulated = matchesIn(pattern, bytes);
      const latin1 = bytes.toString('latin1');
      const starts = [...bytes.keys()].filter((start) => {
        expression.lastIndex = start;
        const hit = expression.exec(latin1);
        if (hit) expect(simulated).toContainEqual({ start, end: start + hit[0].length });
        return hit !== null;
      });
      expect([...new Set(simulated.map(({ start }) => start))]).toEqual(starts);
    }
  });

  test('the table finds what RegExp and validators find, whatever stands beside it', () => {
    const scan = referenceScanner([rule]);
    const problems: string[] = [];
    for (const [list, texts] of Object.entries({ match: rule.match, reject: rule.reject }))
      texts.forEach((text, at) => {
        // The filter reads a text with escapes unescaped, the reference as it is.
        if (text.includes('\\')) return;
        for (const neighbour of neighbours)
          for (const beside of [neighbour + text, text + neighbour, neighbour + text + neighbour]) {
            const bytes = Buffer.from(beside);
            const expected = scan(bytes.toString('latin1'));
            const isFound = foundAtOnce(beside, surface).includes(id);
            if (isFound === expected.length > 0 || (!isFound && !expected.some(isLongest(rule, bytes)))) continue;
            problems.push(
              `${placeOf(rule, list as 'match', at)}: the table ${isFound ? 'finds' : 'misses'} it beside ${JSON.stringify(neighbour)}`,
            );
          }
      });
    expect(problems).toEqual([]);
  });

  test('no other rule finds its match texts, but those in also and what knows no issuer', () => {
    const others = rule.match.flatMap((text, at) =>
      foundAtOnce(text, surface)
        .filter((other) => !/^(?:injection|tool-poison)\./.test(other) || other === id)
        .filter((other) => other !== id && !rule.also.includes(other) && !rules[index.get(other)!]!.also.includes(id))
        .filter((other) => !/^credential\.(?:generic|url-password|command-line)\./.test(other))
        .map(
          (other) => `${placeOf(rule, 'match', at)}: ${other} finds it too; add it to also, or narrow one of the two`,
        ),
    );
    expect(others).toEqual([]);
  });
});

describe('clean.txt', () => {
  const clean = readFileSync(join(root, 'control/rules/clean.txt'), 'utf8');

  test('no line is a finding', () => {
    const found = clean.split('\n').flatMap((line, at) => foundAtOnce(line).map((id) => `clean.txt:${at + 1}: ${id}`));
    expect(found).toEqual([]);
  });

  test.each(wrappings.map((wrapping) => [wrapping.name, wrapping.wrap] as const))('as one %s text', (_, wrap) => {
    for (const shift of [0, 1, 63, 64])
      expect(
        scanner
          .findIn(Buffer.from(wrap(clean, shift)))
          .filter(({ isHigh }) => isHigh)
          .map(({ rule }) => rules[rule]!.id),
      ).toEqual([]);
    expect(scanner.wasCut).toBe(false);
  });
});

test('no file of the repository is a finding of high confidence', () => {
  // Numbers that must not be found need a context word to be worth testing, and the word makes them findings here.
  const examples = ['control/rules/financial/', 'control/rules/check-digits.test.ts'];
  const isExample = (name: string, id: string) =>
    id.startsWith('financial.') && examples.some((example) => name.startsWith(example));
  const names = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root });
  const files = names
    .toString()
    .split('\0')
    .filter((name) => name !== '' && statSync(join(root, name), { throwIfNoEntry: false })?.isFile());
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((name) =>
    scanner
      .findIn(readFileSync(join(root, name)))
      // The view of neighbours put together finds what is written in parts: that is what it is for.
      .filter(({ isHigh, rule, view }) => isHigh && !view.endsWith('joined') && !isExample(name, rules[rule]!.id))
      .map(({ rule, view, offset }) => `${name}: ${rules[rule]!.id} in ${view} at ${offset}`),
  );
  expect(found).toEqual([]);
});

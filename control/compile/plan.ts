/** A rule's patterns, parsed and planned; or what is wrong with them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Rule } from '../rules/rule.ts';
import { type Frequency, NoAnchorError, type Plan, toPlans } from './anchor.ts';
import { AutomatonTooLarge } from './automaton.ts';
import { noBytes } from './byte-set.ts';
import { toExactPlans } from './exact.ts';
import { countFrequency } from './frequency.ts';
import { type Pattern, PatternError, parsePatterns } from './pattern.ts';

/** A rule that cannot be compiled: where, what and why; `caret` is the offset in the pattern where it has one. */
export interface CompileProblem {
  rule: Rule;
  code: string;
  message: string;
  remedy: string;
  caret: number | undefined;
}

/** All rules that cannot be compiled, at once. */
export class CompileError extends Error {
  override name = 'CompileError';
  readonly problems: CompileProblem[];
  constructor(problems: CompileProblem[]) {
    super(problems.map(formatCompileProblem).join('\n'));
    this.problems = problems;
  }
}

/** One line by DESIGN section 7, and the pattern with a caret where the place is known. */
export function formatCompileProblem({ rule, message, remedy, caret }: CompileProblem): string {
  const line = `${rule.place}: ${rule.id}: pattern: ${message}; ${remedy}`;
  return caret === undefined ? line : `${line}\n  ${rule.pattern}\n  ${' '.repeat(caret)}^`;
}

/** Rules that are too many, or a table that is too large. */
export class TableTooLarge extends Error {
  override name = 'TableTooLarge';
}

export interface Planned {
  rule: Rule;
  /** The pattern, or each of its alternatives that has edges of its own, with the plans that find it. */
  parts: { pattern: Pattern; plans: Plan[] }[];
}

/** Plans a rule. `hashKey` is what exact values are hashed with, 16 bytes. */
export function planRule(rule: Rule, hashKey: Uint8Array): Planned | { problem: CompileProblem } {
  // Its patterns meet a call and not a text: tool.ts.
  if (rule.tool) return { rule, parts: [] };
  if (rule.phrases) return { rule, parts: [] };
  frequency ??= countFrequency(sample());
  try {
    return { rule, parts: rule.values ? exactParts(rule.values, frequency, hashKey) : patternParts(rule, frequency) };
  } catch (error) {
    return { problem: toProblem(rule, error) };
  }
}

/** Parts by pattern: a configuration that is read again, and every golden case, has the same rules. */
const known = new Map<string, Planned['parts']>();

function patternParts({ pattern: text }: Rule, frequency: Frequency): Planned['parts'] {
  const parts =
    known.get(text) ?? parsePatterns(text).map((pattern) => ({ pattern, plans: toPlans(pattern, frequency) }));
  known.set(text, parts);
  return parts;
}

function exactParts(values: readonly Uint8Array[], frequency: Frequency, hashKey: Uint8Array): Planned['parts'] {
  const pattern: Pattern = { body: [], notBefore: noBytes, notAfter: noBytes };
  return [{ pattern, plans: toExactPlans(values, frequency, hashKey) }];
}

/** What an error of a stage says of a rule. Throws it again where it is none of a pattern. */
export function toProblem(rule: Rule, error: unknown): CompileProblem {
  const known = [PatternError, NoAnchorError, AutomatonTooLarge].find((kind) => error instanceof kind);
  if (!known) throw error;
  const { code, message } = error as PatternError;
  const [what = '', ...remedy] = message.split('; ');
  return {
    rule,
    code,
    message: what,
    remedy: remedy.join('; ') || 'write it another way',
    caret: error instanceof PatternError ? error.offset : undefined,
  };
}

/** Clean text that keys are weighed against: a key that is rare here costs little when the filter runs. */
export function sample(): Uint8Array {
  sampled ??= readFileSync(fileURLToPath(new URL('../rules/clean.txt', import.meta.url)));
  return sampled;
}

let sampled: Uint8Array | undefined;
let frequency: Frequency | undefined;

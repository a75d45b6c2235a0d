/** A table for people: how each rule is found. `penstock` never reads it; the golden cases keep one. */
import type { Anchor, Plan } from './anchor.ts';
import { type ByteSet, classText, members } from './byte-set.ts';
import type { Compiled } from './compile.ts';
import type { Step } from './program.ts';

/** One line on the whole table: counts, bytes, and what the bytes hash to. */
export function dumpSummary({ summary }: Compiled): string {
  const { rules, anchors, states, numberStates, bytes, hash } = summary;
  return `${rules} rules, ${anchors} keys, ${states} states and ${numberStates} of numbers, ${bytes} bytes, sha256 ${hash}\n`;
}

/** The table rule by rule, in the order of the table: kind, keys, programs with their steps. */
export function dump(compiled: Compiled): string {
  const rules = [...compiled.plans].map(([id, plans]) => `${id}\n${plans.map(dumpPlan).join('')}`);
  return `${dumpSummary(compiled)}\n${rules.join('\n')}`;
}

function dumpPlan(plan: Plan): string {
  if ('items' in plan || plan.kind === 'phrase') return `  ${plan.kind}\n`;
  // A key would show bytes of a secret.
  if (plan.kind === 'exact') return '  exact value\n';
  const lines = [`${plan.kind}: ${plan.anchors.map(anchorText).join(' ')}`];
  if (plan.backward) lines.push(`  before: ${plan.backward.map(stepText).join(' · ')}`);
  lines.push(`  from key: ${plan.forward.map(stepText).join(' · ')}`);
  return lines.map((line) => `  ${line}\n`).join('');
}

/** The key between bars, with what is compared after it; `+2` where the program begins two bytes before. */
function anchorText({ cells, lead, tail }: Anchor): string {
  return `|${cells.map(cellText).join('')}|${tail.map(cellText).join('')}${lead > 0 ? `+${lead}` : ''}`;
}

function cellText(cell: ByteSet): string {
  const [first] = members(cell);
  const isPlain = members(cell).length === 1 && first !== undefined && first > 0x20 && first < 0x7f;
  return isPlain ? String.fromCharCode(first) : classText(cell);
}

function stepText(step: Step): string {
  if (step.kind === 'bytes') return JSON.stringify(String.fromCharCode(...step.bytes));
  // State 0 is dead and no step's own.
  if (step.kind === 'segment') return `segment of ${step.automaton.next.length - 1} states`;
  if (step.kind === 'hash') return `${step.count} bytes by their hash`;
  if (step.least === step.most) return `${classText(step.set)}${step.least > 1 ? `{${step.least}}` : ''}`;
  return `${classText(step.set)}{${step.least},${step.most === Infinity ? '' : step.most}}`;
}

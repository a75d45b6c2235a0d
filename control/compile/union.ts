/** Number and word rules: one automaton for all of a kind, and lists of which of them end together. */
import * as layout from '../../filter/table/layout.ts';
import type { Rule } from '../rules/rule.ts';
import { AutomatonTooLarge, toAutomaton } from './automaton.ts';
import type { Pattern } from './pattern.ts';
import { CompileError, type CompileProblem, toProblem } from './plan.ts';
import type { Automata, Classes } from './sections.ts';

/** A pattern that shares an automaton with others. */
export interface Member {
  rule: Rule;
  index: number;
  pattern: Pattern;
  items: Parameters<typeof toAutomaton>[0][number];
}

/** One automaton of all members, whose labels name lists of those that end together. Throws CompileError. */
export function layUnion(members: readonly Member[], lists: RuleLists, automata: Automata) {
  if (members.length === 0) {
    const nowhere = [new Uint16Array(256), new Uint16Array(256)];
    return { automaton: automata.add(nowhere, [layout.NO_LABEL, layout.NO_LABEL]), states: 2 };
  }
  try {
    const union = toAutomaton(members.map(({ items }) => items));
    const labels = union.labels.map((ends) => lists.label(ends.map((end) => members[end]!)));
    return { automaton: automata.add(union.next, labels), states: labels.length };
  } catch (error) {
    if (!(error instanceof AutomatonTooLarge)) throw error;
    throw new CompileError([toProblem(firstTooMany(members), error)]);
  }
}

/** The first rule with which the automaton is too large. */
function firstTooMany(members: readonly Member[]): Rule {
  for (let count = 1; count < members.length; count++) {
    try {
      toAutomaton(members.slice(0, count).map(({ items }) => items));
    } catch {
      return members[count - 1]!.rule;
    }
  }
  return members.at(-1)!.rule;
}

export function tooMany(members: readonly Member[], message: string): CompileProblem {
  const { rule } = members.at(-1)!;
  return { rule, code: 'pattern-too-many', message, remedy: 'give some of them three fixed bytes', caret: undefined };
}

/** Lists of the rules that end together: a label each, from 1 to 255. */
export class RuleLists {
  readonly #classes: Classes;
  readonly #labels = new Map<string, number>();
  readonly #offsets: number[] = [];
  readonly #bytes: number[] = [];
  constructor(classes: Classes) {
    this.#classes = classes;
  }

  label(members: readonly Member[]): number {
    if (members.length === 0) return layout.NO_LABEL;
    const record = members.flatMap(({ index, pattern }) => [
      ...[index & 255, index >> 8],
      ...[this.#classes.index(pattern.notBefore), this.#classes.index(pattern.notAfter)],
    ]);
    const known = this.#labels.get(record.join());
    if (known !== undefined) return known;
    const label = this.#labels.size + 1;
    if (label > 255) throw new AutomatonTooLarge('more than 255 ways for patterns to end together');
    this.#labels.set(record.join(), label);
    this.#offsets.push(this.#bytes.length);
    this.#bytes.push(members.length, 0, 0, 0, ...record);
    return label;
  }

  /** Where the list of each label begins; label 0 has none. */
  offsets(): Uint8Array {
    const view = new DataView(new ArrayBuffer((this.#offsets.length + 1) * 4));
    this.#offsets.forEach((offset, i) => {
      view.setUint32((i + 1) * 4, offset, true);
    });
    return new Uint8Array(view.buffer);
  }

  records(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

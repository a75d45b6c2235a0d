import { createHash } from 'node:crypto';
import type * as refa from 'refa';
import { CharSet, DFA, NFA, type NoParent, TooManyNodesError } from 'refa';
import { type ByteSet, members } from './byte-set.ts';
import type { Node } from './pattern.ts';

/** A deterministic automaton over bytes. State 0 is dead, state 1 the start. */
export interface Automaton {
  /** next[state][byte] → state. */
  next: Uint16Array[];
  /** labels[state]: the indices of the alternatives that may end in the state, rising; empty where none may. */
  labels: number[][];
}

/** The pattern needs more states than the table gives it. */
export class AutomatonTooLarge extends Error {
  override name = 'AutomatonTooLarge';
  readonly code = 'pattern-too-large';
}

/**
 * Most states of one automaton. A segment of a credential rule needs a few dozen; all number rules together some
 * hundred. Thousands mean a counted class that overlaps what follows it.
 */
export const maxStates = 4000;

/**
 * The minimal automaton of the union of the alternatives. Each alternative keeps its own label, by an end mark outside
 * the byte range that is taken off again after minimising. Throws AutomatonTooLarge.
 */
export function toAutomaton(alternatives: readonly (readonly Node[])[]): Automaton {
  const key = createHash('sha256').update(alternatives.map(textOf).join('|')).digest('base64');
  const automaton = known.get(key) ?? build(alternatives);
  known.set(key, automaton);
  return automaton;
}

/**
 * By the digest of the alternatives, whose texts would take megabytes. Names and signs of assignment are the same in
 * hundreds of rules, and each is asked for several times.
 */
const known = new Map<string, Automaton>();

/** A text that only the same nodes have. */
function textOf(items: readonly Node[]): string {
  return items.map(nodeText).join('');
}

function nodeText(node: Node): string {
  switch (node.kind) {
    case 'bytes':
      return `[${members(node.set).join()}]`;
    case 'sequence':
      return `(${textOf(node.items)})`;
    case 'choice':
      return `<${node.options.map(nodeText).join('|')}>`;
    case 'repeat':
      return `${nodeText(node.item)}{${node.least},${node.most}}`;
  }
}

function build(alternatives: readonly (readonly Node[])[]): Automaton {
  const maxCharacter = 255 + alternatives.length;
  const one = (code: number) => CharSet.empty(maxCharacter).union([{ min: code, max: code }]);
  const expression: NoParent<refa.Expression> = {
    type: 'Expression',
    alternatives: alternatives.map((items, label) => ({
      type: 'Concatenation',
      elements: [
        ...items.map((node) => element(node, maxCharacter)),
        { type: 'CharacterClass', characters: one(256 + label) },
      ],
    })),
  };
  let dfa: DFA;
  try {
    const nfa = NFA.fromRegex(expression, { maxCharacter }, {}, new NFA.LimitedNodeFactory(10 * maxStates));
    dfa = DFA.fromFA(nfa, new DFA.LimitedNodeFactory(maxStates));
  } catch (error) {
    if (error instanceof TooManyNodesError)
      throw new AutomatonTooLarge(
        `needs more than ${maxStates} states; write smaller counts, and repeats of nothing that may follow them`,
        { cause: error },
      );
    throw error;
  }
  dfa.minimize();
  return number(dfa);
}

function element(node: Node, maxCharacter: number): NoParent<refa.Element> {
  switch (node.kind) {
    case 'bytes':
      return { type: 'CharacterClass', characters: toCharSet(node.set, maxCharacter) };
    case 'sequence':
      return { type: 'Alternation', alternatives: [concatenation(node.items, maxCharacter)] };
    case 'choice':
      return { type: 'Alternation', alternatives: node.options.map((option) => concatenation([option], maxCharacter)) };
    case 'repeat':
      return {
        type: 'Quantifier',
        min: node.least,
        max: node.most,
        lazy: false,
        alternatives: [concatenation([node.item], maxCharacter)],
      };
  }
}

function concatenation(items: readonly Node[], maxCharacter: number): NoParent<refa.Concatenation> {
  return { type: 'Concatenation', elements: items.map((node) => element(node, maxCharacter)) };
}

function toCharSet(set: ByteSet, maxCharacter: number): CharSet {
  return CharSet.empty(maxCharacter).union(members(set).map((byte) => ({ min: byte, max: byte })));
}

function number(dfa: DFA): Automaton {
  const order: DFA.ReadonlyNode[] = [];
  const index = new Map<DFA.ReadonlyNode, number>();
  const visit = (node: DFA.ReadonlyNode): number => {
    const known = index.get(node);
    if (known !== undefined) return known;
    index.set(node, order.push(node));
    return order.length;
  };
  visit(dfa.initial);
  const next = [new Uint16Array(256)];
  const labels: number[][] = [[]];
  // The list grows while it is walked: every state that bytes can reach is visited once.
  for (let i = 0; i < order.length; i++) {
    const row = new Uint16Array(256);
    const ends: number[] = [];
    (order[i] as DFA.ReadonlyNode).out.forEach((target, range) => {
      for (let code = range.min; code <= range.max; code++) {
        if (code > 255) ends.push(code - 256);
        else row[code] = visit(target);
      }
    });
    next.push(shared(row));
    labels.push(ends.sort((a, b) => a - b));
  }
  return { next, labels };
}

/** Most rows lead from one class of bytes to one of the first states: thousands are the same, and kept once. */
const rows = new Map<string, Uint16Array<ArrayBuffer>>();

function shared(row: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  let key = '';
  for (let byte = 0; byte < 256; byte++) if (row[byte] !== row[byte - 1]) key += `${byte}:${row[byte]} `;
  const known = rows.get(key);
  if (known) return known;
  rows.set(key, row);
  return row;
}

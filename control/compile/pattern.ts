// Longer than most files: the syntax, and the few questions that every later stage asks of a parsed pattern.
import { type AST, RegExpParser, RegExpSyntaxError } from '@eslint-community/regexpp';
import {
  allBytes,
  type ByteSet,
  bytesWhere,
  classText,
  complement,
  digits,
  foldCase,
  isSubset,
  noBytes,
  overlaps,
  spaceBytes,
  union,
  wordBytes,
} from './byte-set.ts';

/**
 * The parsed form of a pattern: bytes, not characters. Patterns are read as ECMAScript regular expressions
 * (https://tc39.es/ecma262/#sec-patterns) in the part of the syntax that control/rules/README.md lists.
 */
export type Node =
  | { kind: 'bytes'; set: ByteSet }
  | { kind: 'sequence'; items: Node[] }
  | { kind: 'choice'; options: Node[] }
  | { kind: 'repeat'; item: Node; least: number; most: number };

export interface Pattern {
  /** What matches. */
  body: Node[];
  /** Class that the byte before a match must not be in; empty where anything may stand there. */
  notBefore: ByteSet;
  /** Class that the byte after a match must not be in. */
  notAfter: ByteSet;
}

/** A pattern outside the syntax. `offset` counts characters from its start. */
export class PatternError extends Error {
  override name = 'PatternError';
  readonly code = 'pattern-syntax';
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Longest count that may be written in a repeat: counts are 16 bits in the table. */
const maxRepeat = 0xfffe;

/** Parses a pattern's text. Throws PatternError. */
export function parsePattern(source: string): Pattern {
  let tree: AST.Pattern;
  try {
    tree = new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source);
  } catch (error) {
    if (error instanceof RegExpSyntaxError) throw new PatternError(error.message.replace(/^.*\/:\s*/, ''), error.index);
    throw error;
  }
  if (tree.alternatives.length > 1) {
    for (const alternative of tree.alternatives) {
      const edge = alternative.elements.find((element) => element.type === 'Assertion');
      if (edge) throw new PatternError('an edge inside an alternative; put the alternatives into (?:…)', edge.start);
    }
    return {
      body: [choice(tree.alternatives.map((a) => lower(a.elements, false)))],
      notBefore: noBytes,
      notAfter: noBytes,
    };
  }
  const elements = [...(tree.alternatives[0] as AST.Alternative).elements];
  const before = takeEdge(elements, 'first');
  const after = takeEdge(elements, 'last');
  const body = lower(elements, false);
  if (body.length === 0 || isNullable(body)) throw new PatternError('the pattern matches the empty text', 0);
  return {
    body,
    notBefore: before ? edgeClass(before, firstBytes(body), 'lookbehind') : noBytes,
    notAfter: after ? edgeClass(after, lastBytes(body), 'lookahead') : noBytes,
  };
}

function takeEdge(elements: AST.Element[], where: 'first' | 'last'): AST.Assertion | undefined {
  const edge = elements.at(where === 'first' ? 0 : -1);
  if (edge?.type !== 'Assertion') return undefined;
  if (where === 'first') elements.shift();
  else elements.pop();
  return edge;
}

function edgeClass(edge: AST.Assertion, inside: ByteSet, side: 'lookbehind' | 'lookahead'): ByteSet {
  if (edge.kind === 'word') {
    if (edge.negate || !overlaps(inside, wordBytes))
      throw new PatternError('\\b stands beside something that is no word character', edge.start);
    return wordBytes;
  }
  if (edge.kind === side && edge.negate && edge.alternatives.length === 1) {
    const elements = (edge.alternatives[0] as AST.Alternative).elements;
    const [only] = lower([...elements], false);
    if (elements.length === 1 && only?.kind === 'bytes') return only.set;
  }
  const form = side === 'lookahead' ? '(?![…])' : '(?<![…])';
  throw new PatternError(`only \\b and ${form} with one class may stand at this edge`, edge.start);
}

function lower(elements: readonly AST.Element[], ignoreCase: boolean): Node[] {
  return elements.flatMap((element) => lowerOne(element, ignoreCase));
}

function lowerOne(element: AST.Element, ignoreCase: boolean): Node[] {
  const bytes = (set: ByteSet): Node[] => [{ kind: 'bytes', set: ignoreCase ? foldCase(set) : set }];
  switch (element.type) {
    case 'Character':
      return bytes(character(element));
    case 'CharacterSet':
      return bytes(characterSet(element));
    case 'CharacterClass':
      return bytes(characterClass(element));
    case 'Group': {
      const add = element.modifiers?.add;
      const inner = ignoreCase ? !element.modifiers?.remove?.ignoreCase : add?.ignoreCase === true;
      if (add?.dotAll || add?.multiline) throw new PatternError('only the modifier i is known', element.start);
      const options = element.alternatives.map((a) => lower(a.elements, inner));
      return options.length === 1 ? (options[0] as Node[]) : [choice(options)];
    }
    case 'Quantifier': {
      if (!element.greedy)
        throw new PatternError('lazy repeats are not in the syntax; the longest match counts', element.start);
      if (element.min > maxRepeat || (element.max > maxRepeat && element.max !== Infinity))
        throw new PatternError(`a count over ${maxRepeat}`, element.start);
      return [repeat(sequence(lowerOne(element.element as AST.Element, ignoreCase)), element.min, element.max)];
    }
    case 'CapturingGroup':
      throw new PatternError('captures are not in the syntax; write (?:…)', element.start);
    case 'Assertion':
      throw new PatternError('assertions may stand only at the edges of the pattern', element.start);
    default:
      throw new PatternError(`${element.raw} is not in the syntax`, element.start);
  }
}

function character(element: AST.Character): ByteSet {
  if (element.value > 0x7f) throw new PatternError('only ASCII characters are in the syntax', element.start);
  return bytesWhere((byte) => byte === element.value);
}

function characterSet(element: AST.CharacterSet): ByteSet {
  const sets: Record<string, ByteSet> = { digit: digits, space: spaceBytes, word: wordBytes };
  const set = sets[element.kind];
  if (!set) throw new PatternError(`${element.raw} is not in the syntax; write a class`, element.start);
  return 'negate' in element && element.negate ? complement(set) : set;
}

function characterClass(element: AST.CharacterClass): ByteSet {
  let set = noBytes;
  for (const part of element.elements) {
    if (part.type === 'Character') set = union(set, character(part));
    else if (part.type === 'CharacterSet') set = union(set, characterSet(part));
    else if (part.type === 'CharacterClassRange') {
      character(part.max);
      set = union(
        set,
        bytesWhere((byte) => byte >= part.min.value && byte <= part.max.value),
      );
    } else throw new PatternError(`${part.raw} is not in the syntax of a class`, part.start);
  }
  return element.negate ? complement(set) : set;
}

export function sequence(items: Node[]): Node {
  return items.length === 1 ? (items[0] as Node) : { kind: 'sequence', items };
}

function choice(options: Node[][]): Node {
  const nodes = options.map(sequence);
  if (nodes.every((node) => node.kind === 'bytes'))
    return { kind: 'bytes', set: nodes.reduce((set, node) => union(set, node.set), noBytes) };
  return { kind: 'choice', options: nodes };
}

function repeat(item: Node, least: number, most: number): Node {
  return least === 1 && most === 1 ? item : { kind: 'repeat', item, least, most };
}

/** Whether the sequence can match the empty text. */
export function isNullable(items: readonly Node[]): boolean {
  return items.every((node) => {
    if (node.kind === 'bytes') return false;
    if (node.kind === 'sequence') return isNullable(node.items);
    if (node.kind === 'choice') return node.options.some((option) => isNullable([option]));
    return node.least === 0 || isNullable([node.item]);
  });
}

/** The bytes that a match of the sequence can begin with; with a nullable sequence, of what it matches at all. */
export function firstBytes(items: readonly Node[]): ByteSet {
  let set = noBytes;
  for (const node of items) {
    set = union(set, edgeBytes(node, firstBytes));
    if (!isNullable([node])) break;
  }
  return set;
}

/** The bytes that a match of the sequence can end with. */
export function lastBytes(items: readonly Node[]): ByteSet {
  let set = noBytes;
  for (const node of [...items].reverse()) {
    set = union(set, edgeBytes(node, lastBytes));
    if (!isNullable([node])) break;
  }
  return set;
}

function edgeBytes(node: Node, side: (items: readonly Node[]) => ByteSet): ByteSet {
  if (node.kind === 'bytes') return node.set;
  if (node.kind === 'sequence') return side(node.items);
  if (node.kind === 'choice') return node.options.map((option) => side([option])).reduce(union, noBytes);
  return node.most === 0 ? noBytes : side([node.item]);
}

/** Fewest and most bytes that a match of the sequence has. */
export function lengths(items: readonly Node[]): { least: number; most: number } {
  return items.reduce(
    (sum, node) => {
      const own = lengthsOf(node);
      return { least: sum.least + own.least, most: sum.most + own.most };
    },
    { least: 0, most: 0 },
  );
}

function lengthsOf(node: Node): { least: number; most: number } {
  if (node.kind === 'bytes') return { least: 1, most: 1 };
  if (node.kind === 'sequence') return lengths(node.items);
  if (node.kind === 'choice') {
    const all = node.options.map(lengthsOf);
    return { least: Math.min(...all.map((l) => l.least)), most: Math.max(...all.map((l) => l.most)) };
  }
  const item = lengthsOf(node.item);
  return { least: item.least * node.least, most: node.most === 0 ? 0 : item.most * node.most };
}

/** The sequence read backwards. */
export function reversed(items: readonly Node[]): Node[] {
  return [...items].reverse().map((node): Node => {
    if (node.kind === 'sequence') return { kind: 'sequence', items: reversed(node.items) };
    if (node.kind === 'choice') return { kind: 'choice', options: node.options.map((o) => sequence(reversed([o]))) };
    if (node.kind === 'repeat') return { ...node, item: sequence(reversed([node.item])) };
    return node;
  });
}

/**
 * The pattern as a JavaScript RegExp over Latin-1 text (one character a byte), with the meaning that the table gives it:
 * the twin that the rule tests compare with.
 */
export function toRegExp(pattern: Pattern): RegExp {
  const before = isSubset(allBytes, complement(pattern.notBefore)) ? '' : `(?<!${classText(pattern.notBefore)})`;
  const after = isSubset(allBytes, complement(pattern.notAfter)) ? '' : `(?!${classText(pattern.notAfter)})`;
  return new RegExp(`${before}${regExpText(pattern.body)}${after}`, 'g');
}

function regExpText(items: readonly Node[]): string {
  return items
    .map((node) => {
      if (node.kind === 'bytes') return classText(node.set);
      if (node.kind === 'sequence') return `(?:${regExpText(node.items)})`;
      if (node.kind === 'choice') return `(?:${node.options.map((option) => regExpText([option])).join('|')})`;
      const count = `{${node.least},${node.most === Infinity ? '' : node.most}}`;
      return `(?:${regExpText([node.item])})${count}`;
    })
    .join('');
}

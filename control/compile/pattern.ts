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
  const [pattern, ...others] = parsePatterns(source);
  if (others.length > 0)
    throw new PatternError('an edge inside an alternative; put the alternatives into (?:…)', source.indexOf('|'));
  return pattern as Pattern;
}

/**
 * Parses a pattern's text whose alternatives may have edges of their own, `\bab\b|cd`: then each is a pattern. Throws
 * PatternError.
 */
export function parsePatterns(source: string): Pattern[] {
  let tree: AST.Pattern;
  try {
    tree = new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source);
  } catch (error) {
    if (error instanceof RegExpSyntaxError) throw new PatternError(error.message.replace(/^.*\/:\s*/, ''), error.index);
    throw error;
  }
  const hasEdge = ({ elements }: AST.Alternative) => [elements[0], elements.at(-1)].some((e) => e && edgeOf(e));
  if (tree.alternatives.length > 1 && !tree.alternatives.some(hasEdge))
    return [checked([choice(tree.alternatives.map((a) => lower(a.elements, false)))], noBytes, noBytes, 0)];
  return tree.alternatives.map(({ elements: all, start }) => {
    const elements = [...all];
    const before = takeEdges(elements, 'first');
    const after = takeEdges(elements, 'last');
    const inner = lower(elements, false);
    const body = before.some(({ assertion }) => assertion.kind === 'word') ? fromWord(inner) : inner;
    const notBefore = before.map((edge) => edgeClass(edge, firstBytes(body), 'lookbehind')).reduce(union, noBytes);
    const notAfter = after.map((edge) => edgeClass(edge, lastBytes(body), 'lookahead')).reduce(union, noBytes);
    return checked(body, notBefore, notAfter, start);
  });
}

/** The body behind \b, where a class or a run of one comes first: of its bytes only those that begin a word. */
function fromWord(body: Node[]): Node[] {
  const [first, ...rest] = body;
  const isRun = first?.kind === 'repeat' && first.item.kind === 'bytes' && first.least > 0;
  const all = first?.kind === 'bytes' ? first.set : isRun ? firstBytes([first]) : noBytes;
  if (!first || !overlaps(all, wordBytes) || isSubset(all, wordBytes)) return body;
  const word: Node = { kind: 'bytes', set: bytesWhere((byte) => all[byte] === 1 && wordBytes[byte] === 1) };
  return first.kind === 'repeat'
    ? [word, repeat(first.item, first.least - 1, first.most - 1), ...rest]
    : [word, ...rest];
}

function checked(body: Node[], notBefore: ByteSet, notAfter: ByteSet, start: number): Pattern {
  if (isNullable(body))
    throw new PatternError('the pattern matches the empty text; let it hold a byte at least', start);
  const { least } = lengths(body);
  if (least > maxRepeat) throw new PatternError(`the shortest match has ${least} bytes; write smaller counts`, start);
  return { body, notBefore, notAfter };
}

/** What says which bytes may stand beside a match: an assertion, or a group of one and of classes, `(?:^|[^0-9])`. */
interface Edge {
  assertion: AST.Assertion;
  /** Bytes that may stand there all the same. */
  allowed: ByteSet;
}

function edgeOf(element: AST.Element): Edge | undefined {
  if (element.type === 'Assertion') return { assertion: element, allowed: noBytes };
  if (element.type !== 'Group') return undefined;
  let assertion: AST.Assertion | undefined;
  let allowed = noBytes;
  for (const { elements } of element.alternatives) {
    const [only] = elements;
    if (elements.length !== 1 || !only) return undefined;
    if (only.type === 'Assertion') {
      assertion = only;
      continue;
    }
    const [node, ...others] = lowerOne(only, false);
    if (node?.kind !== 'bytes' || others.length > 0) return undefined;
    allowed = union(allowed, node.set);
  }
  return assertion && { assertion, allowed };
}

function takeEdges(elements: AST.Element[], where: 'first' | 'last'): Edge[] {
  const edges: Edge[] = [];
  for (;;) {
    const element = elements.at(where === 'first' ? 0 : -1);
    const edge = element && edgeOf(element);
    if (!edge) return edges;
    edges.push(edge);
    if (where === 'first') elements.shift();
    else elements.pop();
  }
}

function edgeClass({ assertion: edge, allowed }: Edge, inside: ByteSet, side: 'lookbehind' | 'lookahead'): ByteSet {
  const but = (set: ByteSet) => bytesWhere((byte) => set[byte] === 1 && allowed[byte] === 0);
  if (edge.kind === 'word') {
    if (edge.negate || !overlaps(inside, wordBytes))
      throw new PatternError(`${edge.raw} stands beside something that is no word character`, edge.start);
    return but(wordBytes);
  }
  if (edge.kind === side && edge.negate && edge.alternatives.length === 1) {
    const elements = (edge.alternatives[0] as AST.Alternative).elements;
    const [only] = lower([...elements], false);
    if (elements.length === 1 && only?.kind === 'bytes') return but(only.set);
  }
  const form = side === 'lookahead' ? '(?![…])' : '(?<![…])';
  throw new PatternError(`only \\b and ${form} with one class may stand at this edge`, edge.start);
}

function lower(elements: readonly AST.Element[], ignoreCase: boolean): Node[] {
  return elements.flatMap((element, i) => {
    if (element.type !== 'Assertion') return lowerOne(element, ignoreCase);
    const rest = (side: readonly AST.Element[]) =>
      lower(
        side.filter(({ type }) => type !== 'Assertion'),
        ignoreCase,
      );
    if (
      element.kind === 'word' &&
      !element.negate &&
      isBoundary(rest(elements.slice(0, i)), rest(elements.slice(i + 1)))
    )
      return [];
    throw new PatternError(`${element.raw} may stand only at the edges of the pattern`, element.start);
  });
}

/** Whether a word always begins or ends between the two, so that `\b` says nothing. */
function isBoundary(before: Node[], after: Node[]): boolean {
  if (isNullable(before) || isNullable(after)) return false;
  const [left, right] = [lastBytes(before), firstBytes(after)];
  return isSubset(left, wordBytes)
    ? !overlaps(right, wordBytes)
    : !overlaps(left, wordBytes) && isSubset(right, wordBytes);
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
    default:
      throw new PatternError(`${element.raw} is not in the syntax`, element.start);
  }
}

function character(element: AST.Character): ByteSet {
  // Written \xHH, it is a byte.
  if (element.value > (element.raw.startsWith('\\x') ? 0xff : 0x7f))
    throw new PatternError('only ASCII characters are in the syntax', element.start);
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

// Longer than most files: how a rule is found is one decision, and its parts read each other's results.

import * as layout from '../../filter/table/layout.ts';
import { toAutomaton } from './automaton.ts';
import {
  type ByteSet,
  bytesOf,
  bytesWhere,
  digits,
  isSubset,
  letters,
  members,
  overlaps,
  tokenBytes,
  union,
  upperLetters,
  wordBytes,
} from './byte-set.ts';
import { firstBytes, isNullable, lastBytes, lengths, type Node, type Pattern, reversed, sequence } from './pattern.ts';
import { asRun, flatten, type Step, toProgram } from './program.ts';

/** Three bytes by which the prefilter finds a place, and what stands round them. */
export interface Anchor {
  /** The three byte classes of the key; each folds to one value by | 0x20. */
  cells: [ByteSet, ByteSet, ByteSet];
  /** Bytes from the start of the forward program to the key. */
  lead: number;
  /** The cells after the key, four at most. */
  tail: ByteSet[];
}

/**
 * How a rule is found. start: its key stands at a word start that begins 16 token bytes in a row. literal: its key may
 * stand anywhere; what lies before is confirmed backwards. named: a literal in the name of a value that is assigned and
 * begins with 16 token bytes; only the bytes before such a value are searched. number: it begins with three digits, or
 * two capitals and two digits, and runs in the one automaton of all number rules. word: it begins a word and nothing of it is
 * fixed; all such rules are one automaton too, which runs at every word of a text. exact: as literal, a value of which only
 * the hash is known (exact.ts). phrase: words in a row, of the list of seed phrases (phrase.ts), which the pattern cannot say.
 */
export type Plan =
  | { kind: 'start' | 'literal' | 'named' | 'exact'; anchors: Anchor[]; forward: Step[]; backward: Step[] | undefined }
  | { kind: 'number' | 'word'; items: Node[] }
  | { kind: 'phrase' };

/** The pattern has nothing that the prefilter could look for. */
export class NoAnchorError extends Error {
  override name = 'NoAnchorError';
  readonly code = 'pattern-no-anchor';
}

/** How often three bytes meet in clean text, relative to each other. */
export type Frequency = (cells: readonly ByteSet[]) => number;

/** Length of a token run that the prefilter looks for; filter/scan/prefilter.ts finds it by doubling 1, 2, 4, 8. */
export const tokenRunBytes = 16;
export const keyBytes = 3;
const tailBytes = 4;
/** Past this a class belongs to the pattern's body and not to its key: 80 keys of one rule are two for each base64 letter. */
const maxKeys = 80;
/** What a key costs beside the places it names: the masks of its bucket fill, and other keys of the bucket pass more. */
const keyCost = 2e-5;
/** What a byte that is not known behind a key costs: between keys as rare, the one that says more is taken. */
const tailCost = 1e-6;
/** A key costs as much again for each of these that may have to be read backwards from it. */
const backwardBytes = 64;
/** A pattern that is split at its alternatives more often than this should be several rules. */
const maxBranches = 16;
/** Longest match of a number rule: an IBAN of 34 with a separator of three bytes before each but four is 124. */
const maxNumberBytes = 128;

/**
 * The plans of a pattern: one, or one for each branch where its alternatives have no key in common.
 * Throws NoAnchorError, AutomatonTooLarge.
 */
export function toPlans(pattern: Pattern, frequency: Frequency): Plan[] {
  let branches: Node[][] = [flatten(pattern.body)];
  for (;;) {
    const plans: (Plan | undefined)[] = branches.map((items) => plan(items, pattern, frequency));
    const missing = plans.indexOf(undefined);
    if (missing < 0) return plans as Plan[];
    const split = branches.flatMap((items, i) => (plans[i] ? [items] : splitAtChoice(items)));
    if (split.length === branches.length || split.length > maxBranches) {
      if (isWord(pattern)) return [{ kind: 'word', items: flatten(pattern.body) }];
      throw new NoAnchorError(
        'nothing to look for; hold three fixed bytes, or begin with \\b and a letter or digit, so that the starts of words are looked at',
      );
    }
    branches = split;
  }
}

function isWord({ body, notBefore }: Pattern): boolean {
  return isSubset(wordBytes, notBefore) && isSubset(firstBytes(body), wordBytes);
}

function splitAtChoice(items: Node[]): Node[][] {
  const at = items.findIndex(
    (node) => node.kind === 'choice' || (node.kind === 'repeat' && node.least === 0 && node.most === 1),
  );
  const node = items[at];
  if (!node || node.kind === 'bytes' || node.kind === 'sequence') return [items];
  const options: Node[] = node.kind === 'choice' ? node.options : [node.item, sequence([])];
  return options.map((option) => flatten([...items.slice(0, at), option, ...items.slice(at + 1)]));
}

function plan(items: Node[], pattern: Pattern, frequency: Frequency): Plan | undefined {
  if (isPhrase(items)) return { kind: 'phrase' };
  const atWordStart = isSubset(wordBytes, pattern.notBefore);
  if (atWordStart && tokenLead(items).bytes >= tokenRunBytes) {
    const anchors = keysAt(items)?.map((cells) => anchor(cells, 0));
    if (anchors?.every(({ cells }) => isSubset(cells[0], wordBytes)))
      return { kind: 'start', anchors: distinct(anchors), forward: toProgram(items), backward: undefined };
  }
  if (atWordStart && isNumber(items)) return { kind: 'number', items };
  const name = nameOf(items);
  const named = name && bestLiteral(name, frequency);
  const literal = named ?? bestLiteral(items, frequency);
  if (literal) {
    const left = items.slice(0, literal.at);
    return {
      kind: named ? 'named' : 'literal',
      anchors: distinct(literal.anchors),
      forward: toProgram(items.slice(literal.at)),
      backward: left.length > 0 ? toProgram(reversed(left)) : undefined,
    };
  }
  return undefined;
}

/**
 * The name and sign of a pattern that finds a value by them: what comes before 16 token bytes, if it is bounded, ends
 * where no token byte stands, and always has a sign of assignment near its end.
 */
function nameOf(items: Node[]): Node[] | undefined {
  for (let at = 1; at < items.length; at++) {
    const name = items.slice(0, at);
    if (tokenLead(items.slice(at)).bytes < tokenRunBytes || isNullable(name)) continue;
    if (lengths(name).most <= layout.NAMED_BYTES && !overlaps(lastBytes(name), tokenBytes) && endsWithSign(name))
      return name;
  }
  return undefined;
}

/** The signs that filter/scan/prefilter.ts looks for before a value. */
const signs = bytesOf('=:,>|');

/** Whether a sign always stands near the end; the last items alone are asked first, since a long name has many states. */
function endsWithSign(name: Node[]): boolean {
  return name.some((_, i) => !isNullable(name.slice(-1 - i)) && holdsSign(name.slice(-1 - i)));
}

function holdsSign(name: Node[]): boolean {
  const automaton = toAutomaton([reversed(name)]);
  // Backwards from the value along every way that meets no sign: none may be left when the reach is over, none at an end.
  let states = new Set([layout.START_STATE]);
  for (let step = 0; step < layout.SIGN_BYTES; step++) {
    const next = new Set<number>();
    for (const state of states) {
      automaton.next[state]!.forEach((target, byte) => {
        if (target !== layout.DEAD_STATE && signs[byte] === 0) next.add(target);
      });
    }
    if ([...next].some((state) => automaton.labels[state]!.length > 0)) return false;
    states = next;
  }
  return states.size === 0;
}

/** Least count of leading token bytes, and whether the whole sequence is of token bytes. */
function tokenLead(items: readonly Node[]): { bytes: number; whole: boolean } {
  let bytes = 0;
  for (const node of items) {
    const lead = tokenLeadOf(node);
    bytes += lead.bytes;
    if (!lead.whole) return { bytes, whole: false };
  }
  return { bytes, whole: true };
}

function tokenLeadOf(node: Node): { bytes: number; whole: boolean } {
  if (node.kind === 'bytes')
    return isSubset(node.set, tokenBytes) ? { bytes: 1, whole: true } : { bytes: 0, whole: false };
  if (node.kind === 'sequence') return tokenLead(node.items);
  if (node.kind === 'choice') {
    const all = node.options.map(tokenLeadOf);
    return { bytes: Math.min(...all.map((lead) => lead.bytes)), whole: all.every((lead) => lead.whole) };
  }
  const item = tokenLeadOf(node.item);
  if (item.whole) return { bytes: item.bytes * node.least, whole: true };
  return { bytes: node.least > 0 ? item.bytes : 0, whole: false };
}

function bestLiteral(items: Node[], frequency: Frequency): { at: number; anchors: Anchor[] } | undefined {
  let best: { at: number; anchors: Anchor[]; cost: number } | undefined;
  for (let at = 0; at < items.length; at++) {
    const strings = keysAt(items.slice(at));
    if (!strings) continue;
    let cost = 0;
    const backward = 1 + Math.min(lengths(items.slice(0, at)).most, layout.SEGMENT_BYTES) / backwardBytes;
    const anchors = strings.map((cells) => {
      const leads = cells.slice(keyBytes - 1).map((_, lead) => lead);
      const costs = leads.map(
        (lead) => frequency(cells.slice(lead, lead + keyBytes)) + tailCost * (tailBytes - tailOf(cells, lead).length),
      );
      const lead = costs.indexOf(Math.min(...costs));
      cost += (costs[lead] as number) * backward + keyCost;
      return anchor(cells, lead);
    });
    if (!best || cost < best.cost) best = { at, anchors, cost };
  }
  return best;
}

function anchor(cells: ByteSet[], lead: number): Anchor {
  const key = cells.slice(lead, lead + keyBytes) as [ByteSet, ByteSet, ByteSet];
  return { cells: key, lead, tail: tailOf(cells, lead) };
}

function tailOf(cells: ByteSet[], lead: number): ByteSet[] {
  return cells.slice(lead + keyBytes, lead + keyBytes + tailBytes);
}

function distinct(anchors: Anchor[]): Anchor[] {
  const text = (a: Anchor) => JSON.stringify([a.lead, ...[...a.cells, ...a.tail].map(members)]);
  return [...new Map(anchors.map((a) => [text(a), a])).values()];
}

/**
 * The fixed strings that the sequence can begin with, as cells: sets of bytes that fold to one value. Each has three
 * cells at least; undefined where that would be too many strings.
 */
function keysAt(items: readonly Node[]): ByteSet[][] | undefined {
  let strings: ByteSet[][] = [[]];
  for (const node of items) {
    const enough = strings.every((cells) => cells.length >= keyBytes);
    if (strings.every((cells) => cells.length >= keyBytes + tailBytes)) break;
    const options = cellStrings(node);
    if (!options || (enough && options.length > 1) || options.length * strings.length > maxKeys) {
      // A long class run may still give its first bytes.
      const run = enough ? undefined : asRun(node);
      const missing = keyBytes - Math.min(...strings.map((cells) => cells.length));
      if (run && run.least >= missing) {
        const cells = toCells(run.set);
        if (strings.length * cells.length ** missing > maxKeys) return undefined;
        for (let i = 0; i < missing; i++) strings = strings.flatMap((string) => cells.map((cell) => [...string, cell]));
        return strings;
      }
      break;
    }
    strings = strings.flatMap((cells) => options.map((more) => [...cells, ...more]));
  }
  return strings.every((cells) => cells.length >= keyBytes) ? strings : undefined;
}

/** All texts of the node as cells, or undefined where they are too many or unbounded. */
function cellStrings(node: Node): ByteSet[][] | undefined {
  if (node.kind === 'bytes') return toCells(node.set).map((cell) => [cell]);
  if (node.kind === 'choice') {
    const all = node.options.map(cellStrings);
    return all.includes(undefined) ? undefined : (all as ByteSet[][][]).flat();
  }
  if (node.kind === 'sequence') return product(node.items.map(cellStrings));
  if (node.most > keyBytes + tailBytes) return undefined;
  const item = cellStrings(node.item);
  const all: ByteSet[][] = [];
  for (let count = node.least; count <= node.most; count++) {
    const some = product(Array.from({ length: count }, () => item));
    if (!some) return undefined;
    all.push(...some);
  }
  return all.length <= maxKeys ? all : undefined;
}

function product(lists: (ByteSet[][] | undefined)[]): ByteSet[][] | undefined {
  let strings: ByteSet[][] = [[]];
  for (const list of lists) {
    if (!list || list.length * strings.length > maxKeys) return undefined;
    strings = strings.flatMap((cells) => list.map((more) => [...cells, ...more]));
  }
  return strings;
}

const cellsOf = new WeakMap<ByteSet, ByteSet[]>();

function toCells(set: ByteSet): ByteSet[] {
  const known = cellsOf.get(set);
  if (known) return known;
  const folds = [...new Set(members(set).map((byte) => byte | 0x20))];
  const cells = folds.map((fold) => bytesWhere((byte) => set[byte] === 1 && (byte | 0x20) === fold));
  cellsOf.set(set, cells);
  return cells;
}

function isNumber(items: readonly Node[]): boolean {
  if (lengths(items).most > maxNumberBytes) return false;
  const sets = leadingSets(items, 4);
  const within = (i: number, set: ByteSet) => sets[i] !== undefined && isSubset(sets[i], set);
  const digitStart = [0, 1, 2].every((i) => within(i, digits));
  const ibanStart = [0, 1].every((i) => within(i, upperLetters)) && [2, 3].every((i) => within(i, digits));
  return digitStart || ibanStart;
}

/** The bytes that can stand at each of the first `count` positions, or undefined past the shortest match. */
function leadingSets(items: readonly Node[], count: number): (ByteSet | undefined)[] {
  const sets: (ByteSet | undefined)[] = [];
  for (const node of flatten(items)) {
    if (sets.length >= count) break;
    const run = asRun(node);
    if (run) for (let i = 0; i < run.least && sets.length < count; i++) sets.push(run.set);
    if (run && run.least === run.most) continue;
    if (!run && node.kind === 'choice') {
      const all = node.options.map((option) => leadingSets([option], count - sets.length));
      const shortest = Math.min(...all.map((list) => list.length));
      for (let i = 0; i < shortest; i++) {
        const column = all.map((list) => list[i]);
        if (column.includes(undefined)) break;
        sets.push((column as ByteSet[]).reduce(union));
      }
      const { least, most } = lengths([node]);
      if (least === most && least === shortest) continue;
    }
    break;
  }
  return sets;
}

/** Twelve words or more of three to eight letters, one byte that is no word character between each two. */
function isPhrase(items: readonly Node[]): boolean {
  const [row, last] = items;
  if (items.length !== 2 || row?.kind !== 'repeat' || row.least !== 11 || row.item.kind !== 'sequence') return false;
  const [first, sign] = row.item.items;
  const isWord = (node: Node | undefined) => {
    const run = node && asRun(node);
    return run !== undefined && run.least === 3 && run.most === 8 && isSubset(run.set, letters);
  };
  return isWord(first) && isWord(last) && sign?.kind === 'bytes' && !overlaps(sign.set, wordBytes);
}

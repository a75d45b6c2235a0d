import { type Automaton, toAutomaton } from './automaton.ts';
import { type ByteSet, bytesWhere, members, overlaps } from './byte-set.ts';
import { firstBytes, type Node } from './pattern.ts';

/** One step of a confirming program. Each takes as many bytes as it can and never gives one back. */
export type Step =
  | { kind: 'bytes'; bytes: number[] }
  | { kind: 'run'; set: ByteSet; least: number; most: number }
  | { kind: 'segment'; automaton: Automaton }
  /** `count` bytes that hash to this (sip-hash.ts). */
  | { kind: 'hash'; count: number; hash: bigint };

/**
 * The program of a sequence. A class run becomes a counter where what follows cannot begin inside the class; everything
 * else becomes a segment, an automaton that grows to the right until where it ends is never in doubt. So taking the
 * longest at each step finds the longest match of the whole. Throws AutomatonTooLarge.
 */
export function toProgram(items: readonly Node[]): Step[] {
  const flat = flatten(items);
  const steps: Step[] = [];
  for (let from = 0; from < flat.length; ) {
    const run = asRun(flat[from] as Node);
    if (run && (run.least === run.most || !overlaps(run.set, firstBytes(flat.slice(from + 1))))) {
      addRun(steps, run);
      from++;
      continue;
    }
    const segment: Node[] = [flat[from] as Node];
    let automaton = toAutomaton([segment]);
    // What the segment takes in of a run is split off, so that a long run is not unrolled to part its first bytes.
    let rest = flat.slice(from + 1);
    while (rest.length > 0 && isEndInDoubt(automaton, firstBytes(rest))) {
      const [taken, left] = splitRun(rest[0] as Node);
      segment.push(taken);
      rest = left ? [left, ...rest.slice(1)] : rest.slice(1);
      automaton = toAutomaton([segment]);
    }
    steps.push({ kind: 'segment', automaton });
    from = flat.length - rest.length;
    flat.splice(from, rest.length, ...rest);
  }
  return steps;
}

/** Bytes of a run that a segment takes in at once: what parts two ways into it is rarely longer. */
const takenBytes = 4;

function splitRun(node: Node): [taken: Node, left: Node | undefined] {
  if (node.kind !== 'repeat' || node.item.kind !== 'bytes' || node.least <= takenBytes) return [node, undefined];
  const { item, least, most } = node;
  return [
    { kind: 'repeat', item, least: takenBytes, most: takenBytes },
    { kind: 'repeat', item, least: least - takenBytes, most: most - takenBytes },
  ];
}

/** Sequences dissolved, and fixed repeats of more than one byte written out. */
export function flatten(items: readonly Node[]): Node[] {
  return items.flatMap((node) => {
    if (node.kind === 'sequence') return flatten(node.items);
    if (node.kind === 'repeat' && node.least === node.most && node.item.kind !== 'bytes')
      return Array.from({ length: node.least }, () => flatten([node.item])).flat();
    return [node];
  });
}

/** The node as a counted class, or undefined. */
export function asRun(node: Node): { set: ByteSet; least: number; most: number } | undefined {
  if (node.kind === 'bytes') return { set: node.set, least: 1, most: 1 };
  if (node.kind === 'repeat' && node.item.kind === 'bytes')
    return { set: node.item.set, least: node.least, most: node.most };
  return undefined;
}

function addRun(steps: Step[], run: { set: ByteSet; least: number; most: number }): void {
  const [byte, ...others] = members(run.set);
  const last = steps.at(-1);
  if (byte !== undefined && others.length === 0 && run.least === run.most && run.most <= 16) {
    const bytes = Array.from({ length: run.most }, () => byte);
    // A count is one byte in the program.
    if (last?.kind === 'bytes' && last.bytes.length + bytes.length <= 255) last.bytes.push(...bytes);
    else steps.push({ kind: 'bytes', bytes });
  } else steps.push({ kind: 'run', ...run });
}

function isEndInDoubt(automaton: Automaton, follow: ByteSet): boolean {
  return automaton.next.some((row, state) => {
    if ((automaton.labels[state] as number[]).length === 0) return false;
    return overlaps(
      bytesWhere((byte) => row[byte] !== 0),
      follow,
    );
  });
}

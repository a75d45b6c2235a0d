/** The rules of tool policy: an automaton for each of their patterns, which meets it anywhere in a text. */
import { isIP } from 'node:net';
import * as layout from '../../filter/table/layout.ts';
import type { IpRange } from '../policy/policy.ts';
import type { Rule, ToolMatch } from '../rules/rule.ts';
import { toAutomaton } from './automaton.ts';
import { allBytes, complement } from './byte-set.ts';
import { type Node, parsePatterns } from './pattern.ts';
import { CompileError, type CompileProblem, toProblem } from './plan.ts';
import type { Automata } from './sections.ts';

/** Lays the records of the rules that have a `tool`, in their order. Throws CompileError. */
export function layToolRules(rules: readonly Rule[], automata: Automata): Uint8Array {
  const indices = rules.flatMap(({ tool }, i) => (tool ? [i] : []));
  const problems: CompileProblem[] = [];
  if (indices.length > layout.MAX_TOOL_RULES) {
    const rule = rules[indices[layout.MAX_TOOL_RULES]!]!;
    const message = `more than ${layout.MAX_TOOL_RULES} rules`;
    throw new CompileError([
      { rule, code: 'pattern-too-many', message, remedy: 'put some together', caret: undefined },
    ]);
  }
  const records = new DataView(new ArrayBuffer(indices.length * layout.TOOL_RULE_BYTES));
  indices.forEach((index, i) => {
    const rule = rules[index]!;
    const { name, argument, key, action, namesPrivateAddress } = rule.tool as ToolMatch;
    const at = i * layout.TOOL_RULE_BYTES;
    records.setUint16(at + layout.TOOL_RULE_INDEX, index, true);
    const flags =
      (action === 'allow' ? layout.TOOL_RULE_FLAG_ALLOW : 0) |
      (namesPrivateAddress ? layout.TOOL_RULE_FLAG_PRIVATE : 0);
    records.setUint8(at + layout.TOOL_RULE_FLAGS, flags);
    for (const [field, pattern] of [
      [layout.TOOL_RULE_NAME, name],
      [layout.TOOL_RULE_ARGUMENT, argument],
      [layout.TOOL_RULE_KEY, key],
    ] as const) {
      try {
        records.setUint32(at + field, pattern === undefined ? layout.NO_AUTOMATON : addSearch(pattern, automata), true);
      } catch (error) {
        problems.push(toProblem({ ...rule, pattern: pattern as string }, error));
      }
    }
  });
  if (problems.length > 0) throw new CompileError(problems);
  return new Uint8Array(records.buffer);
}

/** Lays the ranges that no argument may name. */
export function layRanges(ranges: readonly IpRange[]): Uint8Array {
  const records = new Uint8Array(ranges.length * layout.RANGE_BYTES);
  ranges.forEach(({ address, prefixLength }, i) => {
    const at = i * layout.RANGE_BYTES;
    const isIpv4 = isIP(address) === 4;
    const bytes = isIpv4 ? [...new Array(10).fill(0), 255, 255, ...address.split('.').map(Number)] : ipv6Bytes(address);
    records.set(bytes, at);
    records[at + layout.RANGE_PREFIX] = prefixLength + (isIpv4 ? 96 : 0);
  });
  return records;
}

function ipv6Bytes(address: string): number[] {
  const words = (text: string) =>
    text
      .split(':')
      .filter(Boolean)
      .map((word) => Number.parseInt(word, 16));
  const [head = '', tail] = address.split('::');
  const [before, after] = [words(head), words(tail ?? '')];
  const all = [...before, ...new Array(8 - before.length - after.length).fill(0), ...after];
  return all.flatMap((word) => [word >> 8, word & 255]);
}

/** The automaton that finds a pattern anywhere. Before and behind the text stands a NUL: what no edge forbids. */
export function addSearch(source: string, automata: Automata): number {
  const anything: Node = { kind: 'repeat', item: { kind: 'bytes', set: allBytes }, least: 0, most: Infinity };
  const options = parsePatterns(source).map(
    ({ body, notBefore, notAfter }): Node => ({
      kind: 'sequence',
      items: [
        ...(notBefore.some((held) => held === 1) ? [{ kind: 'bytes', set: complement(notBefore) } as Node] : []),
        ...body,
        ...(notAfter.some((held) => held === 1) ? [{ kind: 'bytes', set: complement(notAfter) } as Node] : []),
      ],
    }),
  );
  const { next, labels } = toAutomaton([[anything, { kind: 'choice', options }]]);
  return automata.add(
    next,
    labels.map((list) => (list.length > 0 ? 1 : layout.NO_LABEL)),
  );
}

/** Sequences of calls of tools, and the categories that they are made of. */
import { createHash } from 'node:crypto';
import * as layout from '../../filter/table/layout.ts';
import type { Rule } from '../rules/rule.ts';
import type { ToolCategory } from '../rules/tool-chain.ts';
import type { Automata } from './sections.ts';
import { addSearch } from './tool.ts';

/** Lays the categories in their order. */
export function layCategories(categories: readonly ToolCategory[], automata: Automata): Uint8Array {
  const records = new DataView(new ArrayBuffer(categories.length * layout.CATEGORY_BYTES));
  const search = (pattern: string | undefined) =>
    pattern === undefined ? layout.NO_AUTOMATON : addSearch(pattern, automata);
  categories.forEach(({ words, operator }, i) => {
    const at = i * layout.CATEGORY_BYTES;
    records.setUint32(at + layout.CATEGORY_OPERATOR, search(operator), true);
    records.setUint32(at + layout.CATEGORY_WORDS, search(words), true);
  });
  return new Uint8Array(records.buffer);
}

/** Lays the rules that have a `toolChain`, in their order. Throws RangeError where a category is not among those given. */
export function layToolChains(rules: readonly Rule[], categories: readonly ToolCategory[]): Uint8Array {
  const chains = rules.flatMap(({ toolChain }, index) => (toolChain ? [{ ...toolChain, index }] : []));
  const records = new DataView(new ArrayBuffer(chains.length * layout.TOOL_CHAIN_BYTES));
  chains.forEach(({ sequence, index }, i) => {
    const at = i * layout.TOOL_CHAIN_BYTES;
    records.setUint16(at + layout.TOOL_CHAIN_RULE, index, true);
    records.setUint8(at + layout.TOOL_CHAIN_LENGTH, sequence.length);
    sequence.forEach((name, step) => {
      const category = categories.findIndex((one) => one.name === name);
      if (category < 0) throw new RangeError(`no category ${name}`);
      records.setUint8(at + layout.TOOL_CHAIN_STEPS + step, category);
    });
  });
  return new Uint8Array(records.buffer);
}

/** A number that tells these categories from others: calls that were told by others mean nothing. */
export function numberOf(categories: readonly ToolCategory[]): number {
  return createHash('sha256').update(JSON.stringify(categories)).digest().readUInt32LE();
}

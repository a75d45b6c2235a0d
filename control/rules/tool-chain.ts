/**
 * Sequences of calls of MCP tools, by what kind of tool each is of: those that come with the gateway, data in
 * tool-chain/*.yaml, and those of tool_chain_detection.custom_patterns. The calls themselves are told apart by the filter.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Config } from '../config/schema.ts';
import { type Confidence, type Rule, unwritten } from './rule.ts';

type Section = Config['tool_chain_detection'];

/** A kind of tool. A tool is of the first category whose words meet its name, unless an operator's name says otherwise. */
export interface ToolCategory {
  name: string;
  /** Pattern over the name in snake case that has a NUL before and behind it; undefined: no words mean it. */
  words?: string;
  /** Pattern of the operator's over the name as it is, or in snake case; undefined: none. */
  operator?: string;
}

const line = z.string().regex(/^[^\n]+$/, 'write one line of text');
const categoriesShape = z.record(z.string(), z.strictObject({ about: line, words: z.array(line).min(1) }));
const chainsShape = z.record(
  z.string(),
  z.strictObject({
    title: line,
    severity: z.enum(['medium', 'high', 'critical']),
    sequence: z.array(z.string()).min(2),
  }),
);

const read = (name: string): unknown => parse(readFileSync(join(import.meta.dirname, 'tool-chain', name), 'utf8'));

const ownCategories = categoriesShape.parse(read('categories.yaml'));
const ownChains = chainsShape.parse(read('chains.yaml'));

/** Names of the sequences that come with the gateway. */
export const ownChainNames: readonly string[] = Object.keys(ownChains);

/** Names of the categories that a sequence may have: ours, then those of the file. */
export function categoryNames({ tool_categories }: Pick<Section, 'tool_categories'>): string[] {
  return [...new Set([...Object.keys(ownCategories), ...Object.keys(tool_categories)])];
}

/** The categories in their order; none where nothing is looked for. */
export function categoriesOf(section: Section): ToolCategory[] {
  if (!section.enabled) return [];
  return categoryNames(section).map((name) => {
    const words = ownCategories[name]?.words.map(wordsPattern).join('|');
    const globs = section.tool_categories[name]?.map(globPattern).join('|');
    return { name, ...(words && { words }), ...(globs && { operator: globs }) };
  });
}

/** The rules where sequences are looked for: ours, then those of the file; else none. */
export function toolChainRulesOf(section: Section, place: string): Rule[] {
  if (!section.enabled) return [];
  const overrides = section.pattern_overrides;
  const own = Object.entries(ownChains).map(([name, { title, severity, sequence }]) => ({
    ...chainRule(name, title, 'low', { sequence, action: overrides[name] }),
    ...{ severity, place: 'rules/tool-chain/chains.yaml' },
  }));
  const custom = section.custom_patterns.map(({ name, sequence, severity = 'high', action }, i) => ({
    // What is worth no more than medium is not worth a broken call, as of dlp.patterns.
    ...chainRule(name, name, severity === 'medium' ? 'low' : 'high', { sequence, action: overrides[name] ?? action }),
    ...{ severity, place: `${place}: tool_chain_detection.custom_patterns[${i}]` },
  }));
  return [...own, ...custom];
}

function chainRule(
  name: string,
  title: string,
  confidence: Confidence,
  toolChain: NonNullable<Rule['toolChain']>,
): Omit<Rule, 'severity' | 'place'> {
  const risk = 'tools that are harmless one by one do together what nobody asked for';
  return { ...unwritten, values: [], id: toolChainRuleId(name), title, risk, confidence, toolChain };
}

/** "Pay after lookup" → chain.pay-after-lookup */
export function toolChainRuleId(name: string): string {
  return `chain.${name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')}`;
}

/** `run|execute code` → the words side by side, where no letter stands beside them. */
function wordsPattern(text: string): string {
  const isFirst = text.startsWith('^');
  const isLast = text.endsWith('$');
  const words = text
    .replace(/^\^|\s*\$$/g, '')
    .split(' ')
    .map((word) => `(?:${word})`);
  return `${isFirst ? '\\x00' : '(?<![a-z])'}${words.join('_+')}${isLast ? '\\x00' : '(?![a-z])'}`;
}

/** `slack_*` → the whole name, in any case; `*` is any characters, `?` is one. */
function globPattern(glob: string): string {
  const text = glob.replace(/[\\^$.+()[\]{}|/-]/g, '\\$&');
  return `\\x00(?i:${text.replaceAll('*', '[^\\x00]*').replaceAll('?', '[^\\x00]')})\\x00`;
}

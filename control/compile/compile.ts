// Longer than most files: every section of the table is laid here, since each refers to the others by offset.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as layout from '../../filter/table/layout.ts';
import { type Policy, surfaces, type Verdict } from '../policy/policy.ts';
import type { Rule, Validator } from '../rules/rule.ts';
import { type Anchor, NoAnchorError, type Plan, toPlans } from './anchor.ts';
import { type Automaton, AutomatonTooLarge, toAutomaton } from './automaton.ts';
import { allBytes, type ByteSet, members } from './byte-set.ts';
import { countFrequency } from './frequency.ts';
import { type Pattern, PatternError, parsePattern } from './pattern.ts';
import { Automata, Classes, Programs, Strings, Words } from './sections.ts';
import { toTeddy } from './teddy.ts';

/** A rule that cannot be compiled: where, what and why; `caret` is the offset in the pattern where it has one. */
export interface CompileProblem {
  rule: Rule;
  code: string;
  message: string;
  caret: number | undefined;
}

/** All rules that cannot be compiled, at once. */
export class CompileError extends Error {
  override name = 'CompileError';
  readonly problems: CompileProblem[];
  constructor(problems: CompileProblem[]) {
    super(problems.map(formatCompileProblem).join('\n'));
    this.problems = problems;
  }
}

/** One line by DESIGN section 7, and the pattern with a caret where the place is known. */
export function formatCompileProblem({ rule, message, caret }: CompileProblem): string {
  const line = `${rule.place}: ${rule.id}: pattern: ${message}`;
  return caret === undefined ? line : `${line}\n  ${rule.pattern}\n  ${' '.repeat(caret)}^`;
}

/** The compiled rules and policy, and what dump.ts shows of them. */
export interface Compiled {
  table: Uint8Array;
  /** What the prefilter, the programs and the automata came to, for people. */
  summary: { rules: number; anchors: number; states: number; numberStates: number; bytes: number; hash: string };
  plans: Map<string, Plan[]>;
}

const validators: Record<Validator, number> = {
  luhn: layout.VALIDATOR_LUHN,
  iban: layout.VALIDATOR_IBAN,
  aba: layout.VALIDATOR_ABA,
  ssn: layout.VALIDATOR_SSN,
  itin: layout.VALIDATOR_ITIN,
  random: layout.VALIDATOR_RANDOM,
  'url-password': layout.VALIDATOR_URL_PASSWORD,
};

/** Clean text that keys are weighed against: a key that is rare here costs little when the filter runs. */
const sampleFile = fileURLToPath(new URL('../rules/clean.txt', import.meta.url));

/** Compiles rules and policy into a table (filter/table/layout.ts). Throws CompileError. */
export function compile(rules: readonly Rule[], policy: Policy): Compiled {
  const sample = readFileSync(sampleFile);
  const frequency = countFrequency(sample);
  const problems: CompileProblem[] = [];
  const parsed = rules.map((rule): { rule: Rule; pattern: Pattern; plans: Plan[] } | undefined => {
    try {
      const pattern = parsePattern(rule.pattern);
      return { rule, pattern, plans: toPlans(pattern, frequency) };
    } catch (error) {
      problems.push(toProblem(rule, error));
      return undefined;
    }
  });
  if (rules.length > layout.MAX_RULES)
    throw new RangeError(`${rules.length} rules; the table holds ${layout.MAX_RULES}`);
  if (problems.length > 0) throw new CompileError(problems);
  return lay(parsed as { rule: Rule; pattern: Pattern; plans: Plan[] }[], policy, sample);
}

function toProblem(rule: Rule, error: unknown): CompileProblem {
  if (error instanceof PatternError) return { rule, code: error.code, message: error.message, caret: error.offset };
  if (error instanceof NoAnchorError || error instanceof AutomatonTooLarge)
    return { rule, code: error.code, message: error.message, caret: undefined };
  throw error;
}

function lay(parsed: { rule: Rule; pattern: Pattern; plans: Plan[] }[], policy: Policy, sample: Uint8Array): Compiled {
  const strings = new Strings();
  const words = new Words(strings);
  const classes = new Classes();
  const automata = new Automata();
  const programs = new Programs(classes, automata);
  const starts = new Entries();
  const literals = new Entries();
  const named = new Entries();
  const entriesOf = { start: starts, literal: literals, named };
  const numbers: { index: number; pattern: Pattern; plan: Plan & { kind: 'number' } }[] = [];

  parsed.forEach(({ pattern, plans }, index) => {
    const edges = { notBefore: classes.index(pattern.notBefore), notAfter: classes.index(pattern.notAfter) };
    for (const plan of plans) {
      if (plan.kind === 'number') {
        numbers.push({ index, pattern, plan });
        continue;
      }
      const forward = programs.offset(plan.forward);
      const backward = plan.backward ? programs.offset(plan.backward) : layout.NO_PROGRAM;
      for (const anchor of plan.anchors) entriesOf[plan.kind].add(anchor, { rule: index, forward, backward, ...edges });
    }
  });

  const number = layNumbers(numbers, classes, automata);
  const ruleRecords = layRules(parsed, policy, strings, words);
  const policyRecord = layPolicy(policy, words, number.automaton, ruleRecords);
  const entries = new DataView(new ArrayBuffer((starts.size + literals.size + named.size) * layout.ENTRY_BYTES));
  const startSlots = starts.lay(entries, 0);
  const literalSlots = literals.lay(entries, starts.size);
  const namedSlots = named.lay(entries, starts.size + literals.size);

  const sections = automata.toSections();
  const table = join([
    policyRecord,
    ruleRecords,
    strings.toBytes(),
    words.toBytes(),
    toTeddy(literals.cells(), sample),
    startSlots,
    literalSlots,
    namedSlots,
    new Uint8Array(entries.buffer),
    programs.toBytes(),
    classes.toBytes(),
    sections.automata,
    sections.maps,
    sections.next,
    sections.labels,
    number.lists,
    number.rules,
  ]);
  return {
    table,
    summary: {
      rules: parsed.length,
      anchors: starts.size + literals.size + named.size,
      states: automata.states,
      numberStates: number.states,
      bytes: table.length,
      hash: createHash('sha256').update(table).digest('hex'),
    },
    plans: new Map(parsed.map(({ rule, plans }) => [rule.id, plans])),
  };
}

interface Found {
  rule: number;
  forward: number;
  backward: number;
  notBefore: number;
  notAfter: number;
}

/** The anchors of one hash table. */
class Entries {
  readonly #list: { key: number; anchor: Anchor; found: Found }[] = [];

  add(anchor: Anchor, found: Found): void {
    const [a, b, c] = anchor.cells.map((cell) => (members(cell)[0] as number) | 0x20) as [number, number, number];
    this.#list.push({ key: a | (b << 8) | (c << 16), anchor, found });
  }

  get size(): number {
    return this.#list.length;
  }

  /** The key and the byte behind it. */
  cells(): (readonly ByteSet[])[] {
    return this.#list.map(({ anchor }) => [...anchor.cells, anchor.tail[0] ?? allBytes]);
  }

  /** Writes the records from index `first` on; gives the slots. */
  lay(records: DataView, first: number): Uint8Array {
    const slots = new DataView(new ArrayBuffer(2 << layout.SLOT_BITS));
    const slotOf = (key: number) => Math.imul(key, layout.KEY_MULTIPLIER) >>> (32 - layout.SLOT_BITS);
    const sorted = [...this.#list].sort((a, b) => slotOf(a.key) - slotOf(b.key) || a.key - b.key);
    sorted.forEach(({ key, anchor, found }, i) => {
      const slot = slotOf(key);
      if (i === 0 || slotOf(sorted[i - 1]!.key) !== slot) slots.setUint16(slot * 2, first + i + 1, true);
      const last = i === sorted.length - 1 || slotOf(sorted[i + 1]!.key) !== slot;
      const at = (first + i) * layout.ENTRY_BYTES;
      records.setUint32(at + layout.ENTRY_KEY, key, true);
      records.setUint16(at + layout.ENTRY_RULE, found.rule, true);
      records.setUint8(at + layout.ENTRY_LEAD, anchor.lead);
      records.setUint8(at + layout.ENTRY_FLAGS, last ? layout.ENTRY_FLAG_LAST : 0);
      anchor.tail.forEach((cell, j) => {
        // A cell of one byte is tested whole; a letter of either case without the case bit; others not at all.
        const bytes = members(cell);
        const isLetterPair = bytes.length === 2 && (bytes[0]! ^ bytes[1]!) === 0x20;
        const mask = bytes.length === 1 ? 0xff : isLetterPair ? 0xdf : 0;
        records.setUint8(at + layout.ENTRY_MASK + j, mask);
        records.setUint8(at + layout.ENTRY_VALUE + j, (bytes[0] as number) & mask);
      });
      records.setUint32(at + layout.ENTRY_FORWARD, found.forward, true);
      records.setUint32(at + layout.ENTRY_BACKWARD, found.backward, true);
      records.setUint8(at + layout.ENTRY_NOT_BEFORE, found.notBefore);
      records.setUint8(at + layout.ENTRY_NOT_AFTER, found.notAfter);
    });
    return new Uint8Array(slots.buffer);
  }
}

function layNumbers(
  numbers: { index: number; pattern: Pattern; plan: Plan & { kind: 'number' } }[],
  classes: Classes,
  automata: Automata,
) {
  const union: Automaton =
    numbers.length > 0
      ? toAutomaton(numbers.map(({ plan }) => plan.items))
      : { next: [new Uint16Array(256), new Uint16Array(256)], labels: [[], []] };
  const lists = new Map<string, { label: number; members: readonly number[] }>();
  const labels = union.labels.map((list) => {
    if (list.length === 0) return layout.NO_LABEL;
    const known = lists.get(list.join());
    if (known) return known.label;
    const label = lists.size + 1;
    if (label > 255) throw new RangeError('more than 255 ways for number rules to end together');
    lists.set(list.join(), { label, members: list });
    return label;
  });
  // Offset of each label's list; a list is its count, then the rules.
  const offsets = new DataView(new ArrayBuffer((lists.size + 1) * 4));
  const bytes: number[] = [];
  for (const { label, members: list } of lists.values()) {
    offsets.setUint32(label * 4, bytes.length, true);
    bytes.push(list.length, 0, 0, 0);
    for (const member of list) {
      const { index, pattern } = numbers[member]!;
      bytes.push(index & 255, index >> 8, classes.index(pattern.notBefore), classes.index(pattern.notAfter));
    }
  }
  return {
    automaton: automata.add(union.next, labels),
    lists: new Uint8Array(offsets.buffer),
    rules: Uint8Array.from(bytes),
    states: labels.length,
  };
}

const verdictNumbers: Record<Verdict, number> = {
  allow: layout.VERDICT_ALLOW,
  warn: layout.VERDICT_WARN,
  block: layout.VERDICT_BLOCK,
};

/** Whether every match begins with the key: a text of three bytes or more, and nothing before it. */
function beginsWithKey(plan: Plan): boolean {
  return (
    plan.kind !== 'number' && plan.kind !== 'named' && !plan.backward && plan.anchors.every(({ lead }) => lead === 0)
  );
}

function layRules(
  parsed: readonly { rule: Rule; plans: readonly Plan[] }[],
  policy: Policy,
  strings: Strings,
  words: Words,
): Uint8Array {
  const records = new DataView(new ArrayBuffer(parsed.length * layout.RULE_BYTES));
  parsed.forEach(({ rule, plans }, i) => {
    const at = i * layout.RULE_BYTES;
    const verdicts = policy.ruleVerdicts.get(rule.id);
    if (!verdicts) throw new RangeError(`policy has no verdict for ${rule.id}`);
    records.setUint32(at + layout.RULE_ID_OFFSET, strings.offset(rule.id), true);
    records.setUint16(at + layout.RULE_ID_BYTES, Buffer.byteLength(rule.id), true);
    records.setUint8(at + layout.RULE_VALIDATOR, rule.validator ? validators[rule.validator] : layout.VALIDATOR_NONE);
    records.setUint8(
      at + layout.RULE_FLAGS,
      (rule.confidence === 'high' ? layout.RULE_FLAG_HIGH : 0) |
        (rule.nearRequired ? layout.RULE_FLAG_NEAR_REQUIRED : 0) |
        (rule.id.startsWith('credential.') ? layout.RULE_FLAG_CREDENTIAL : 0) |
        (rule.confidence === 'high' && plans.every(beginsWithKey) ? layout.RULE_FLAG_PREFIX : 0),
    );
    records.setUint32(at + layout.RULE_NEAR_WORDS, words.add(rule.near), true);
    records.setUint32(at + layout.RULE_NEAR_COUNT, rule.near.length, true);
    for (const [field, hosts] of [
      [layout.RULE_OWN_URL_HOSTS, rule.ownUrlHosts],
      [layout.RULE_OWN_BODY_HOSTS, rule.ownBodyHosts],
    ] as const) {
      records.setUint32(at + field, words.add(hosts), true);
      records.setUint32(at + field + 4, hosts.length, true);
    }
    surfaces.forEach((_, surface) => {
      records.setUint8(at + layout.RULE_VERDICTS_HIGH + surface, verdictNumbers[verdicts.high[surface]!]);
      records.setUint8(at + layout.RULE_VERDICTS_LOW + surface, verdictNumbers[verdicts.low[surface]!]);
    });
  });
  return new Uint8Array(records.buffer);
}

function layPolicy(policy: Policy, words: Words, numbers: number, rules: Uint8Array): Uint8Array {
  const record = new DataView(new ArrayBuffer(layout.POLICY_BYTES));
  record.setUint32(layout.POLICY_MAX_REQUEST_BODY_BYTES, policy.maxRequestBodyBytes, true);
  policy.unreadableVerdicts.forEach((verdict, i) => {
    record.setUint8(layout.POLICY_UNREADABLE_VERDICTS + i, verdictNumbers[verdict]);
  });
  const names = policy.scannedHeaders === '*' ? policy.ignoredHeaders : policy.scannedHeaders;
  const mode =
    policy.scannedHeaders === '*'
      ? layout.HEADER_MODE_ALL_BUT_LISTED
      : names.length > 0
        ? layout.HEADER_MODE_LISTED
        : layout.HEADER_MODE_NONE;
  record.setUint8(layout.POLICY_HEADER_MODE, mode);
  record.setUint32(layout.POLICY_HEADER_WORDS, words.add(names), true);
  record.setUint32(layout.POLICY_HEADER_WORDS + 4, names.length, true);
  record.setUint32(layout.POLICY_OWN_HEADER_WORDS, words.add(policy.ownCredentialHeaders), true);
  record.setUint32(layout.POLICY_OWN_HEADER_WORDS + 4, policy.ownCredentialHeaders.length, true);
  record.setUint32(layout.POLICY_NUMBERS, numbers, true);
  surfaces.forEach((_, surface) => {
    for (let at = 0; at < rules.length; at += layout.RULE_BYTES)
      if (rules[at + layout.RULE_VERDICTS_HIGH + surface] || rules[at + layout.RULE_VERDICTS_LOW + surface])
        record.setUint8(layout.POLICY_SURFACES + surface, 1);
  });
  return new Uint8Array(record.buffer);
}

function join(sections: Uint8Array[]): Uint8Array {
  if (sections.length !== layout.SECTION_COUNT) throw new RangeError(`${sections.length} sections`);
  const align = (offset: number) => Math.ceil(offset / layout.SECTION_ALIGNMENT) * layout.SECTION_ALIGNMENT;
  const offsets: number[] = [];
  let total = align(layout.HEADER_BYTES + sections.length * 8);
  for (const section of sections) {
    offsets.push(total);
    total = align(total + section.length);
  }
  const table = new Uint8Array(total);
  const view = new DataView(table.buffer);
  [layout.TABLE_MAGIC, layout.TABLE_VERSION, total, sections.length].forEach((value, i) => {
    view.setUint32(i * 4, value, true);
  });
  sections.forEach((section, i) => {
    view.setUint32(layout.HEADER_BYTES + i * 8, offsets[i] as number, true);
    view.setUint32(layout.HEADER_BYTES + i * 8 + 4, section.length, true);
    table.set(section, offsets[i]);
  });
  return table;
}

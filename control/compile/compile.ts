// Longer than most files: every section of the table is laid here, since each refers to the others by offset.
import { createHash } from 'node:crypto';
import * as layout from '../../filter/table/layout.ts';
import type { Policy } from '../policy/policy.ts';
import { entropyRuleIds } from '../rules/entropy.ts';
import type { Phrase } from '../rules/phrase.ts';
import { pinRuleIds } from '../rules/pin.ts';
import type { Rule, Validator } from '../rules/rule.ts';
import { sessionRuleIds } from '../rules/session.ts';
import type { Anchor, Plan } from './anchor.ts';
import { layAsciiRuns } from './ascii.ts';
import { type ByteSet, members } from './byte-set.ts';
import { layPhrases } from './phrase.ts';
import { CompileError, type CompileProblem, type Planned, planRule, sample, TableTooLarge } from './plan.ts';
import { Automata, Classes, Programs, Strings, Words } from './sections.ts';
import { layStages, type PhraseSummary } from './stages.ts';
import { toTeddy } from './teddy.ts';
import { layRanges, layToolRules } from './tool.ts';
import { layCategories, layToolChains, numberOf } from './tool-chain.ts';
import { layUnion, type Member, RuleLists, tooMany } from './union.ts';
import { setVerdicts } from './verdicts.ts';

/** The compiled rules and policy, and what dump.ts shows of them. */
export interface Compiled {
  table: Uint8Array;
  /** What the prefilter, the programs and the automata came to, for people. */
  summary: {
    rules: number;
    anchors: number;
    states: number;
    numberStates: number;
    bytes: number;
    hash: string;
    phrases: PhraseSummary;
  };
  plans: Map<string, Plan[]>;
  /** Phrases by rule. */
  phrases: Map<string, Phrase[]>;
}

const validators: Record<Validator, number> = {
  luhn: layout.VALIDATOR_LUHN,
  iban: layout.VALIDATOR_IBAN,
  aba: layout.VALIDATOR_ABA,
  ssn: layout.VALIDATOR_SSN,
  itin: layout.VALIDATOR_ITIN,
  random: layout.VALIDATOR_RANDOM,
  'named-random': layout.VALIDATOR_NAMED_RANDOM,
  'url-password': layout.VALIDATOR_URL_PASSWORD,
  password: layout.VALIDATOR_PASSWORD,
  'mixed-password': layout.VALIDATOR_MIXED_PASSWORD,
  'base58-check': layout.VALIDATOR_BASE58_CHECK,
  bip39: layout.VALIDATOR_BIP39,
  address: layout.VALIDATOR_ADDRESS,
};

/**
 * Most bytes of a table: what Envoy's workers each hold in memory, and read before they take the first connection. Our own
 * rules keep within one MiB (test/bench/table.ts); a user's may add half of it.
 */
const maxTableBytes = 1.5 * 2 ** 20;

/** What the policy says to the filter; the rest of it is Envoy's. */
export type TablePolicy = Pick<
  Policy,
  | 'ruleVerdicts'
  | 'unreadableVerdicts'
  | 'explainsBlocks'
  | 'suppressions'
  | 'entropyBudget'
  | 'profiles'
  | 'stripsTools'
  | 'seedPhrases'
  | 'toolRanges'
  | 'bindsSessions'
  | 'toolChains'
  | 'maxRequestBodyBytes'
  | 'maxResponseBytes'
  | 'webSocket'
  | 'limits'
  | 'scannedHeaders'
  | 'ignoredHeaders'
  | 'ownCredentialHeaders'
  | 'mcpUpstream'
  | 'mcpUpstreams'
  | 'mcpTokenDigests'
>;

/** Compiles rules and policy into a table (filter/table/layout.ts). Throws CompileError, TableTooLarge. */
export function compile(rules: readonly Rule[], policy: TablePolicy): Compiled {
  if (rules.length > layout.MAX_RULES)
    throw new TableTooLarge(`dlp.patterns: ${rules.length} rules with ours; keep to ${layout.MAX_RULES}`);
  const key = hashKey(rules);
  const problems: CompileProblem[] = [];
  const planned: Planned[] = [];
  for (const rule of rules) {
    const result = planRule(rule, key);
    if ('problem' in result) problems.push(result.problem);
    else planned.push(result);
  }
  if (problems.length > 0) throw new CompileError(problems);
  const compiled = lay(planned, policy, key);
  if (compiled.table.length > maxTableBytes)
    throw new TableTooLarge(
      `dlp.patterns: a table of ${compiled.table.length} bytes with our rules; make it ${maxTableBytes} by fewer or simpler ones`,
    );
  return compiled;
}

/** The key that exact values are hashed with: made of them, so that the same rules always make the same table. */
function hashKey(rules: readonly Rule[]): Buffer {
  const hash = createHash('sha256');
  for (const { values = [] } of rules) for (const value of values) hash.update(value).update('\n');
  return hash.digest().subarray(0, 16);
}

function lay(planned: readonly Planned[], policy: TablePolicy, key: Uint8Array): Compiled {
  const strings = new Strings();
  const words = new Words(strings);
  const classes = new Classes();
  const automata = new Automata();
  const programs = new Programs(classes, automata);
  const starts = new Entries();
  const literals = new Entries();
  const named = new Entries();
  const entriesOf = { start: starts, literal: literals, named, exact: literals };
  const unions: Record<'number' | 'word', Member[]> = { number: [], word: [] };
  const phraseRules: number[] = [];

  planned.forEach(({ rule, parts }, index) => {
    for (const { pattern, plans } of parts) {
      const edges = { notBefore: classes.index(pattern.notBefore), notAfter: classes.index(pattern.notAfter) };
      for (const plan of plans) {
        if ('items' in plan) {
          unions[plan.kind].push({ rule, index, pattern, items: plan.items });
          continue;
        }
        if (plan.kind === 'phrase') {
          phraseRules.push(index);
          continue;
        }
        const forward = programs.offset(plan.forward);
        const backward = plan.backward ? programs.offset(plan.backward) : layout.NO_PROGRAM;
        for (const anchor of plan.anchors)
          entriesOf[plan.kind].add(anchor, { rule: index, forward, backward, ...edges });
      }
    }
  });

  const phrases = layStages(planned.map(({ rule }) => rule));
  const lists = new RuleLists(classes);
  const number = layUnion(unions.number, lists, automata);
  if (unions.word.length > layout.MAX_WORD_RULES)
    throw new CompileError([
      tooMany(unions.word, `more than ${layout.MAX_WORD_RULES} patterns without three fixed bytes`),
    ]);
  const word = unions.word.length > 0 ? layUnion(unions.word, lists, automata).automaton : layout.NO_AUTOMATON;
  const ruleRecords = layRules(planned, strings, words);
  const policyRecord = layPolicy(policy, words, {
    number: number.automaton,
    word,
    key,
    pins: planned.findIndex(({ rule }) => rule.id === pinRuleIds[0]),
    sessions: planned.findIndex(({ rule }) => rule.id === sessionRuleIds[0]),
    entropy: planned.findIndex(({ rule }) => rule.id === entropyRuleIds[0]),
  });
  const toolRules = layToolRules(
    planned.map(({ rule }) => rule),
    automata,
  );
  const { categories } = policy.toolChains;
  const categoryRecords = layCategories(categories, automata);
  const toolChains = layToolChains(
    planned.map(({ rule }) => rule),
    categories,
  );
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
    toTeddy(literals.keys(), sample()),
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
    lists.offsets(),
    lists.records(),
    layPhrases(phraseRules),
    toolRules,
    layRanges(policy.toolRanges),
    categoryRecords,
    toolChains,
    layAsciiRuns(),
    ...phrases.sections,
  ]);
  setVerdicts(
    table,
    planned.map(({ rule }) => rule),
    policy,
  );
  return {
    table,
    summary: {
      rules: planned.length,
      anchors: starts.size + literals.size + named.size,
      states: automata.states,
      numberStates: number.states,
      bytes: table.length,
      hash: createHash('sha256').update(table).digest('hex'),
      phrases: phrases.summary,
    },
    plans: new Map(planned.map(({ rule, parts }) => [rule.id, parts.flatMap(({ plans }) => plans)])),
    phrases: new Map(planned.map(({ rule }) => [rule.id, rule.phrases ?? []])),
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

  keys(): (readonly ByteSet[])[] {
    return this.#list.map(({ anchor }) => anchor.cells);
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

/** Whether every match begins with the key, a text of three bytes or more, or with a name that the value is given. */
function isUnlikely(plan: Plan): boolean {
  if (!('anchors' in plan)) return false;
  return plan.kind === 'named' || (!plan.backward && plan.anchors.every(({ lead }) => lead === 0));
}

/** Whether the rule counts where sites hand out ids and cookies of their own. */
function isIssued({ rule, parts }: Planned): boolean {
  if (rule.id.startsWith('dlp.')) return true;
  if (!rule.id.startsWith('credential.') || rule.confidence !== 'high' || rule.ownCookie) return false;
  return parts.every(({ plans }) => plans.every((plan) => plan.kind !== 'named' && isUnlikely(plan)));
}

function layRules(planned: readonly Planned[], strings: Strings, words: Words): Uint8Array {
  const records = new DataView(new ArrayBuffer(planned.length * layout.RULE_BYTES));
  planned.forEach(({ rule, parts }, i) => {
    const at = i * layout.RULE_BYTES;
    records.setUint32(at + layout.RULE_ID_OFFSET, strings.offset(rule.id), true);
    records.setUint16(at + layout.RULE_ID_BYTES, Buffer.byteLength(rule.id), true);
    records.setUint8(at + layout.RULE_VALIDATOR, rule.validator ? validators[rule.validator] : layout.VALIDATOR_NONE);
    records.setUint8(
      at + layout.RULE_FLAGS,
      (rule.confidence === 'high' ? layout.RULE_FLAG_HIGH : 0) |
        (rule.nearRequired ? layout.RULE_FLAG_NEAR_REQUIRED : 0) |
        (rule.id.startsWith('credential.') ? layout.RULE_FLAG_CREDENTIAL : 0) |
        (rule.tool?.redirect === undefined ? 0 : layout.RULE_FLAG_REDIRECT) |
        (rule.confidence === 'high' && parts.every(({ plans }) => plans.every(isUnlikely))
          ? layout.RULE_FLAG_UNLIKELY
          : 0) |
        (isIssued(planned[i]!) ? layout.RULE_FLAG_ISSUED : 0),
    );
    records.setUint32(at + layout.RULE_NEAR_WORDS, words.add(rule.near), true);
    records.setUint32(at + layout.RULE_NEAR_COUNT, rule.near.length, true);
    for (const [field, list] of [
      [layout.RULE_OWN_URL_HOSTS, rule.ownUrlHosts],
      [layout.RULE_OWN_BODY_HOSTS, rule.ownBodyHosts],
      [layout.RULE_EXEMPT_HOSTS, rule.exemptHosts],
      [layout.RULE_SAMPLES, rule.samples],
    ] as const) {
      records.setUint32(at + field, words.add(list), true);
      records.setUint32(at + field + 4, list.length, true);
    }
  });
  return new Uint8Array(records.buffer);
}

function layPolicy(
  policy: TablePolicy,
  words: Words,
  {
    number,
    word,
    key,
    pins,
    sessions,
    entropy,
  }: { number: number; word: number; key: Uint8Array; pins: number; sessions: number; entropy: number },
): Uint8Array {
  const record = new DataView(new ArrayBuffer(layout.POLICY_BYTES));
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
  record.setUint32(layout.POLICY_NUMBERS, number, true);
  record.setUint32(layout.POLICY_WORD_RULES, word, true);
  record.setUint32(layout.POLICY_PIN_RULES, pins < 0 ? layout.NO_RULE : pins, true);
  record.setUint32(layout.POLICY_SESSION_RULES, sessions < 0 ? layout.NO_RULE : sessions, true);
  record.setUint32(layout.POLICY_CATEGORIES, numberOf(policy.toolChains.categories), true);
  record.setUint32(layout.POLICY_ENTROPY_RULES, entropy < 0 ? layout.NO_RULE : entropy, true);
  new Uint8Array(record.buffer).set(key, layout.POLICY_HASH_KEY);
  const mcpHosts = mcpHostWords(policy);
  record.setUint32(layout.POLICY_MCP_HOST_WORDS, words.add(mcpHosts), true);
  record.setUint32(layout.POLICY_MCP_HOST_WORDS + 4, mcpHosts.length, true);
  const suppressions = policy.suppressions.flatMap(({ rule, host, path }) => [rule, host, path]);
  record.setUint32(layout.POLICY_SUPPRESSIONS, words.add(suppressions), true);
  record.setUint32(layout.POLICY_SUPPRESSIONS + 4, suppressions.length, true);
  for (const [at, exempt = []] of [
    [layout.POLICY_LEVEL_EXEMPT_WORDS, policy.profiles?.levels?.exempt],
    [layout.POLICY_BUDGET_EXEMPT_WORDS, policy.entropyBudget?.exempt],
  ] as const) {
    record.setUint32(at, words.add(exempt), true);
    record.setUint32(at + 4, exempt.length, true);
  }
  return new Uint8Array(record.buffer);
}

/** What POLICY_MCP_HOST_WORDS lists (filter/table/layout.ts). */
export function mcpHostWords({ mcpUpstream, mcpUpstreams }: Pick<Policy, 'mcpUpstream' | 'mcpUpstreams'>): string[] {
  if (!mcpUpstream && mcpUpstreams.length === 0) return [];
  return [mcpUpstream?.hostname ?? '', ...mcpUpstreams.flatMap(({ name, url }) => [name, url.hostname])];
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

// Reads the table (layout.ts). Everything that the scanner later follows without looking, offsets, indices and states, is
// checked here once; after that the hot path trusts the table. Longer than most files: a check for each section.
import * as layout from './layout';
import { noteRoots } from './roots';

/** Where each section lies, once a table is loaded. */
export let policy: usize = 0;
export let rules: usize = 0;
export let ruleCount: u32 = 0;
export let strings: usize = 0;
export let words: usize = 0;
export let teddy: usize = 0;
export let startSlots: usize = 0;
export let literalSlots: usize = 0;
export let namedSlots: usize = 0;
export let entries: usize = 0;
export let programs: usize = 0;
export let classes: usize = 0;
export let classCount: u32 = 0;
export let automata: usize = 0;
export let automatonCount: u32 = 0;
export let maps: usize = 0;
export let next: usize = 0;
export let labels: usize = 0;
export let numbers: usize = 0;
export let wordRules: usize = 0; // 0 for none
export let numberLists: usize = 0;
export let numberRules: usize = 0;
/** Whether a rule looks for seed phrases; the three below are set where one does. */
export let hasPhrases: bool = false;
export let phraseRule: u32 = 0;
export let phraseSlots: usize = 0;
export let phraseWords: usize = 0;
/** Whether rules look for phrases of terms; what follows is set where they do. */
export let hasTerms: bool = false;
export let asciiRuns: usize = 0;
export let asciiRunCount: u32 = 0;
export let unicode: usize = 0;
export let unicodePages: usize = 0;
export let unicodeFolds: usize = 0;
export let termKeys: usize = 0;
export let termCells: usize = 0;
export let termTails: usize = 0;
export let termSets: usize = 0;
export let termSteps: usize = 0;
export let stages: usize = 0;
export let stageEnds: usize = 0;
export let stageCount: u32 = 0;

// Which slots are used, a bit each, and which hashes the words of the list have. Nearly all that is looked up is not there,
// and these few bytes stay in the cache where the slots would not.
export const startUsed: usize = memory.data(512); // 2^SLOT_BITS bits
export const literalUsed: usize = memory.data(512);
export const namedUsed: usize = memory.data(512);
const PHRASE_BITS = 14; // eight for each word: of other words one in eight passes
export const phraseUsed: usize = memory.data(2048);
export let toolRules: usize = 0;
export let toolRuleCount: u32 = 0;
export let ranges: usize = 0;
export let rangeCount: u32 = 0;
export let categories: usize = 0;
export let categoryCount: u32 = 0;
export let toolChains: usize = 0;
export let toolChainCount: u32 = 0;
/** Whether sessions are bound to the tools that they were shown. */
export let bindsSessions: bool = false;

/** How many tables were loaded: what is noted of one means nothing in another. */
export let generation: u32 = 0;

let table: usize = 0;

/** Why a table was refused, as a literal for the log; null after a table was loaded. */
export let refusal: string | null = null;

/**
 * Copies the table of `length` bytes at `from` and checks it. False, with `refusal` set, where it is not sound; then the
 * table before stays loaded, since exchanges go on with it.
 */
export function loadTable(from: usize, length: u32): bool {
  refusal = null;
  const before = table;
  table = heap.alloc(max<usize>(length, layout.HEADER_BYTES));
  memory.copy(table, from, length);
  const isSound =
    checkHeader(length) &&
    checkPolicy() &&
    checkRules() &&
    checkEntries() &&
    checkAutomata() &&
    checkNumbers() &&
    checkPhrases() &&
    checkToolRules() &&
    checkToolChains() &&
    checkAsciiRuns() &&
    checkUnicode() &&
    checkTerms() &&
    checkStages();
  heap.free(isSound ? before : table);
  if (isSound) {
    noteUsed();
    noteRoots(termCells, sectionBytes(layout.SECTION_TERM_CELLS) / <u32>layout.TERM_CELL_BYTES, termTails);
    generation++;
  }
  if (!isSound) {
    table = before;
    if (before != 0) locate();
  }
  return isSound;
}

function refuse(why: string): bool {
  refusal = why;
  return false;
}

function section(index: i32): usize {
  return table + <usize>load<u32>(table + layout.HEADER_BYTES + <usize>index * 8);
}

function sectionBytes(index: i32): u32 {
  return load<u32>(table + layout.HEADER_BYTES + <usize>index * 8, 4);
}

function checkHeader(length: u32): bool {
  if (length < <u32>(layout.HEADER_BYTES + layout.SECTION_COUNT * 8)) return refuse('shorter than its header');
  if (load<u32>(table) != <u32>layout.TABLE_MAGIC) return refuse('no table');
  if (load<u32>(table, 4) != <u32>layout.TABLE_VERSION) return refuse('another version of the layout');
  if (load<u32>(table, 8) != length) return refuse('cut or padded');
  if (load<u32>(table, 12) != <u32>layout.SECTION_COUNT) return refuse('another number of sections');
  for (let i = 0; i < layout.SECTION_COUNT; i++) {
    const offset = load<u32>(table + layout.HEADER_BYTES + <usize>i * 8);
    if (<u64>offset + <u64>sectionBytes(i) > <u64>length) return refuse('a section past the end');
    if (offset % <u32>layout.SECTION_ALIGNMENT != 0) return refuse('a section out of line');
  }
  if (sectionBytes(layout.SECTION_POLICY) != <u32>layout.POLICY_BYTES) return refuse('a policy of another size');
  if (sectionBytes(layout.SECTION_TEDDY) != 192) return refuse('prefilter masks of another size');
  const slotsBytes: u32 = 2 << layout.SLOT_BITS;
  if (
    sectionBytes(layout.SECTION_START_SLOTS) != slotsBytes ||
    sectionBytes(layout.SECTION_LITERAL_SLOTS) != slotsBytes ||
    sectionBytes(layout.SECTION_NAMED_SLOTS) != slotsBytes
  )
    return refuse('slots of another size');
  locate();
  return true;
}

/** Notes where the sections of the table lie. */
function locate(): void {
  policy = section(layout.SECTION_POLICY);
  rules = section(layout.SECTION_RULES);
  ruleCount = sectionBytes(layout.SECTION_RULES) / <u32>layout.RULE_BYTES;
  strings = section(layout.SECTION_STRINGS);
  words = section(layout.SECTION_WORDS);
  teddy = section(layout.SECTION_TEDDY);
  startSlots = section(layout.SECTION_START_SLOTS);
  literalSlots = section(layout.SECTION_LITERAL_SLOTS);
  namedSlots = section(layout.SECTION_NAMED_SLOTS);
  entries = section(layout.SECTION_ENTRIES);
  programs = section(layout.SECTION_PROGRAMS);
  classes = section(layout.SECTION_CLASSES);
  classCount = (sectionBytes(layout.SECTION_CLASSES) / 256) * 8;
  automata = section(layout.SECTION_AUTOMATA);
  automatonCount = sectionBytes(layout.SECTION_AUTOMATA) / <u32>layout.AUTOMATON_BYTES;
  maps = section(layout.SECTION_MAPS);
  next = section(layout.SECTION_NEXT);
  labels = section(layout.SECTION_LABELS);
  numberLists = section(layout.SECTION_NUMBER_LISTS);
  numberRules = section(layout.SECTION_NUMBER_RULES);
  numbers = automata + <usize>load<u32>(policy, layout.POLICY_NUMBERS) * layout.AUTOMATON_BYTES;
  ranges = section(layout.SECTION_RANGES);
  rangeCount = sectionBytes(layout.SECTION_RANGES) / <u32>layout.RANGE_BYTES;
  categories = section(layout.SECTION_CATEGORIES);
  categoryCount = sectionBytes(layout.SECTION_CATEGORIES) / <u32>layout.CATEGORY_BYTES;
  toolChains = section(layout.SECTION_TOOL_CHAINS);
  toolChainCount = sectionBytes(layout.SECTION_TOOL_CHAINS) / <u32>layout.TOOL_CHAIN_BYTES;
  bindsSessions = load<u32>(policy, layout.POLICY_SESSION_RULES) != <u32>layout.NO_RULE;
  toolRules = section(layout.SECTION_TOOL_RULES);
  toolRuleCount = sectionBytes(layout.SECTION_TOOL_RULES) / <u32>layout.TOOL_RULE_BYTES;
  const word = load<u32>(policy, layout.POLICY_WORD_RULES);
  wordRules = word == <u32>layout.NO_AUTOMATON ? 0 : automata + <usize>word * layout.AUTOMATON_BYTES;
  const phrase = section(layout.SECTION_PHRASE);
  hasPhrases = sectionBytes(layout.SECTION_PHRASE) == <u32>layout.PHRASE_BYTES;
  phraseRule = hasPhrases ? load<u32>(phrase, layout.PHRASE_RULE) : 0;
  phraseSlots = phrase + layout.PHRASE_SLOTS;
  phraseWords = phrase + layout.PHRASE_WORDS;
  hasTerms = sectionBytes(layout.SECTION_TERM_CELLS) != 0;
  asciiRuns = section(layout.SECTION_ASCII_RUNS);
  asciiRunCount = sectionBytes(layout.SECTION_ASCII_RUNS) / <u32>layout.ASCII_RUN_BYTES;
  unicode = section(layout.SECTION_UNICODE);
  unicodePages = section(layout.SECTION_UNICODE_PAGES);
  unicodeFolds = section(layout.SECTION_UNICODE_FOLDS);
  termKeys = section(layout.SECTION_TERM_KEYS);
  termCells = section(layout.SECTION_TERM_CELLS);
  termTails = section(layout.SECTION_TERM_TAILS);
  termSets = section(layout.SECTION_TERM_SETS);
  termSteps = section(layout.SECTION_TERM_STEPS);
  stages = section(layout.SECTION_STAGES);
  stageEnds = section(layout.SECTION_STAGE_ENDS);
  stageCount = sectionBytes(layout.SECTION_STAGES) / <u32>layout.STAGE_BYTES;
}

function checkPolicy(): bool {
  if (!areVerdicts(policy + layout.POLICY_UNREADABLE_VERDICTS, layout.UNREADABLE_COUNT))
    return refuse('an unknown verdict');
  if (<i32>load<u8>(policy, layout.POLICY_HEADER_MODE) > layout.HEADER_MODE_ALL_BUT_LISTED)
    return refuse('an unknown header mode');
  if (load<u32>(policy, layout.POLICY_NUMBERS) >= automatonCount) return refuse('numbers of no automaton');
  const word = load<u32>(policy, layout.POLICY_WORD_RULES);
  if (word != <u32>layout.NO_AUTOMATON && word >= automatonCount) return refuse('words of no automaton');
  const pins = load<u32>(policy, layout.POLICY_PIN_RULES);
  if (pins != <u32>layout.NO_RULE && pins + layout.PIN_RULE_COUNT > ruleCount) return refuse('pins of no rule');
  const sessions = load<u32>(policy, layout.POLICY_SESSION_RULES);
  if (sessions != <u32>layout.NO_RULE && sessions + layout.SESSION_RULE_COUNT > ruleCount)
    return refuse('sessions of no rule');
  if (<i32>load<u8>(policy, layout.POLICY_ACROSS_PIECES) > layout.MAX_PIECES)
    return refuse('more pieces of a client than there is room for');
  if (load<u32>(policy, layout.POLICY_PROFILE_SECONDS) != 0 && load<u32>(policy, layout.POLICY_PROFILE_PLACES) == 0)
    return refuse('clients without a place');
  if (load<u32>(policy, layout.POLICY_PROFILE_DOMAINS) > <u32>layout.MAX_PROFILE_DOMAINS)
    return refuse('more domains of a client than there is room for');
  if (load<u32>(policy, layout.POLICY_WINDOW_CALLS) > <u32>layout.MAX_WINDOW_CALLS)
    return refuse('a window of more calls than there is room for');
  const entropy = load<u32>(policy, layout.POLICY_ENTROPY_RULES);
  if (entropy != <u32>layout.NO_RULE && entropy + layout.ENTROPY_RULE_COUNT > ruleCount)
    return refuse('entropy of no rule');
  // A class is named by one byte.
  return classCount <= 256 || refuse('more classes than there is room for');
}

function areVerdicts(list: usize, count: i32): bool {
  for (let i = 0; i < count; i++) if (<i32>load<u8>(list + <usize>i) > layout.VERDICT_BLOCK) return false;
  return true;
}

function checkRules(): bool {
  const stringBytes = sectionBytes(layout.SECTION_STRINGS);
  const wordCount = sectionBytes(layout.SECTION_WORDS) / <u32>layout.WORD_BYTES;
  for (let i: u32 = 0; i < wordCount; i++) {
    const word = words + <usize>i * layout.WORD_BYTES;
    if (<u64>load<u32>(word, layout.WORD_OFFSET) + <u64>load<u32>(word, layout.WORD_LENGTH) > <u64>stringBytes)
      return refuse('a word past the strings');
  }
  if (ruleCount > <u32>layout.MAX_RULES) return refuse('more rules than there is room for');
  for (let i: u32 = 0; i < ruleCount; i++) {
    const rule = rules + <usize>i * layout.RULE_BYTES;
    if (<u64>load<u32>(rule, layout.RULE_ID_OFFSET) + <u64>load<u16>(rule, layout.RULE_ID_BYTES) > <u64>stringBytes)
      return refuse('a rule id past the strings');
    if (<i32>load<u8>(rule, layout.RULE_VALIDATOR) >= layout.VALIDATOR_COUNT) return refuse('an unknown validator');
    if (!listFits(rule + layout.RULE_NEAR_WORDS, wordCount)) return refuse('context words past the words');
    if (
      !areVerdicts(rule + layout.RULE_VERDICTS_HIGH, layout.SURFACE_COUNT) ||
      !areVerdicts(rule + layout.RULE_VERDICTS_LOW, layout.SURFACE_COUNT)
    )
      return refuse('an unknown verdict');
    if (
      !listFits(rule + layout.RULE_OWN_URL_HOSTS, wordCount) ||
      !listFits(rule + layout.RULE_OWN_BODY_HOSTS, wordCount) ||
      !listFits(rule + layout.RULE_EXEMPT_HOSTS, wordCount)
    )
      return refuse('hosts past the words');
    if (!listFits(rule + layout.RULE_SAMPLES, wordCount)) return refuse('samples past the words');
  }
  if (!listFits(policy + layout.POLICY_HEADER_WORDS, wordCount)) return refuse('headers past the words');
  if (!listFits(policy + layout.POLICY_OWN_HEADER_WORDS, wordCount)) return refuse('headers past the words');
  if (load<u32>(policy, layout.POLICY_MCP_TOKEN_COUNT) > <u32>layout.MAX_MCP_TOKENS) return refuse('too many tokens');
  if (!listFits(policy + layout.POLICY_SUPPRESSIONS, wordCount)) return refuse('suppressions past the words');
  if (load<u32>(policy, layout.POLICY_SUPPRESSIONS + 4) > <u32>layout.MAX_SUPPRESSIONS * 3)
    return refuse('more suppressions than there is room for');
  if (!listFits(policy + layout.POLICY_LEVEL_EXEMPT_WORDS, wordCount)) return refuse('exempt hosts past the words');
  if (!listFits(policy + layout.POLICY_BUDGET_EXEMPT_WORDS, wordCount)) return refuse('exempt hosts past the words');
  return listFits(policy + layout.POLICY_MCP_HOST_WORDS, wordCount) || refuse('a host past the words');
}

function listFits(list: usize, wordCount: u32): bool {
  return <u64>load<u32>(list) + <u64>load<u32>(list, 4) <= <u64>wordCount;
}

function checkEntries(): bool {
  const count = sectionBytes(layout.SECTION_ENTRIES) / <u32>layout.ENTRY_BYTES;
  for (let i: u32 = 0; i < count; i++) {
    const entry = entries + <usize>i * layout.ENTRY_BYTES;
    if (<u32>load<u16>(entry, layout.ENTRY_RULE) >= ruleCount) return refuse('an entry of no rule');
    const backward = load<u32>(entry, layout.ENTRY_BACKWARD);
    if (!isProgram(load<u32>(entry, layout.ENTRY_FORWARD))) return false;
    if (backward != <u32>layout.NO_PROGRAM && !isProgram(backward)) return false;
    if (!isClass(load<u8>(entry, layout.ENTRY_NOT_BEFORE)) || !isClass(load<u8>(entry, layout.ENTRY_NOT_AFTER)))
      return refuse('an entry of no class');
  }
  if (
    count > 0 &&
    !(load<u8>(entries + <usize>(count - 1) * layout.ENTRY_BYTES, layout.ENTRY_FLAGS) & layout.ENTRY_FLAG_LAST)
  )
    return refuse('entries without an end');
  for (let slot: usize = 0; slot < 1 << layout.SLOT_BITS; slot++)
    if (
      <u32>load<u16>(startSlots + (slot << 1)) > count ||
      <u32>load<u16>(literalSlots + (slot << 1)) > count ||
      <u32>load<u16>(namedSlots + (slot << 1)) > count
    )
      return refuse('a slot of no entry');
  return true;
}

function isClass(index: u32): bool {
  return index < classCount || index == <u32>layout.NO_CLASS;
}

/** Walks a program as it will be run: each operation's operands must be there, up to an accept. */
function isProgram(at: u32): bool {
  const length = sectionBytes(layout.SECTION_PROGRAMS);
  while (at < length) {
    const code = programs + <usize>at;
    const operation = <i32>load<u8>(code);
    if (operation == layout.OP_ACCEPT) return true;
    if (operation == layout.OP_BYTES) at += 2 + <u32>load<u8>(code, 1);
    else if (operation == layout.OP_RUN) {
      if (<u32>load<u8>(code, 1) >= classCount) return refuse('a run of no class');
      at += 6;
    } else if (operation == layout.OP_SEGMENT) {
      if (<u32>load<u16>(code, 1) >= automatonCount) return refuse('a segment of no automaton');
      at += 3;
    } else if (operation == layout.OP_HASH) at += 10;
    else return refuse('an unknown operation');
  }
  return refuse('a program without an end');
}

/** Every automaton stays within its own states, columns and labels. */
function checkAutomata(): bool {
  for (let i: u32 = 0; i < automatonCount; i++)
    if (!checkAutomaton(automata + <usize>i * layout.AUTOMATON_BYTES))
      return refuse('an automaton that leads out of its states');
  return true;
}

function checkAutomaton(record: usize): bool {
  const states = <u32>load<u16>(record, layout.AUTOMATON_STATES);
  const columns = <u32>load<u16>(record, layout.AUTOMATON_COLUMNS);
  const map = load<u32>(record, layout.AUTOMATON_MAP);
  const rows = load<u32>(record, layout.AUTOMATON_NEXT);
  const ends = load<u32>(record, layout.AUTOMATON_LABELS);
  if (states <= <u32>layout.START_STATE || columns == 0) return false;
  if (<u64>map + 256 > <u64>sectionBytes(layout.SECTION_MAPS)) return false;
  const isNarrow = states <= <u32>layout.NARROW_STATES;
  const width: u64 = isNarrow ? 1 : 2;
  if (rows % 2 != 0 || <u64>rows + <u64>states * <u64>columns * width > <u64>sectionBytes(layout.SECTION_NEXT))
    return false;
  if (<u64>ends + <u64>states > <u64>sectionBytes(layout.SECTION_LABELS)) return false;
  for (let byte: usize = 0; byte < 256; byte++) if (<u32>load<u8>(maps + map + byte) >= columns) return false;
  const cells = next + <usize>rows;
  for (let i: usize = 0; i < <usize>(states * columns); i++) {
    const state = isNarrow ? <u32>load<u8>(cells + i) : <u32>load<u16>(cells + (i << 1));
    if (state >= states) return false;
  }
  return true;
}

/** Whether every state of the automaton ends with a list that is there, or with none. */
function checkLabels(automaton: usize, labelCount: u32): bool {
  const states = <u32>load<u16>(automaton, layout.AUTOMATON_STATES);
  const ends = labels + <usize>load<u32>(automaton, layout.AUTOMATON_LABELS);
  for (let state: u32 = 0; state < states; state++)
    if (<u32>load<u8>(ends + state) >= max<u32>(labelCount, 1)) return false;
  return true;
}

function checkNumbers(): bool {
  const labelCount = sectionBytes(layout.SECTION_NUMBER_LISTS) / 4;
  const bytes = sectionBytes(layout.SECTION_NUMBER_RULES);
  if (!checkLabels(numbers, labelCount) || (wordRules != 0 && !checkLabels(wordRules, labelCount)))
    return refuse('a number state of no label');
  for (let label: u32 = 1; label < labelCount; label++) {
    const offset = load<u32>(numberLists + <usize>label * 4);
    if (<u64>offset + 4 > <u64>bytes) return refuse('a list past the number rules');
    const count = load<u32>(numberRules + offset);
    if (<u64>offset + 4 + <u64>count * layout.NUMBER_RULE_BYTES > <u64>bytes)
      return refuse('a list past the number rules');
    for (let i: u32 = 0; i < count; i++) {
      const record = numberRules + offset + 4 + <usize>i * layout.NUMBER_RULE_BYTES;
      if (<u32>load<u16>(record, layout.NUMBER_RULE_INDEX) >= ruleCount) return refuse('a number of no rule');
      if (
        !isClass(load<u8>(record, layout.NUMBER_RULE_NOT_BEFORE)) ||
        !isClass(load<u8>(record, layout.NUMBER_RULE_NOT_AFTER))
      )
        return refuse('a number of no class');
    }
  }
  return true;
}

/** Every slot names a word or none, and some none: there a search ends. */
function checkPhrases(): bool {
  if (sectionBytes(layout.SECTION_PHRASE) == 0) return true;
  if (!hasPhrases) return refuse('seed phrases of another size');
  if (phraseRule >= ruleCount) return refuse('seed phrases of no rule');
  let empty = 0;
  for (let slot: usize = 0; slot < 1 << layout.PHRASE_SLOT_BITS; slot++) {
    const index = <u32>load<u16>(phraseSlots + (slot << 1));
    if (index > <u32>layout.PHRASE_WORD_COUNT) return refuse('a slot of no word');
    if (index == 0) empty++;
  }
  return empty > 0 || refuse('words without an end');
}

/** Notes what the slots and the list of words hold. */
function noteUsed(): void {
  noteSlots(startSlots, startUsed);
  noteSlots(literalSlots, literalUsed);
  noteSlots(namedSlots, namedUsed);
  memory.fill(phraseUsed, 0, (1 << PHRASE_BITS) >> 3);
  if (!hasPhrases) return;
  for (let i: usize = 0; i < <usize>layout.PHRASE_WORD_COUNT; i++)
    setUsed(phraseUsed, phraseBit(phraseKey(load<u64>(phraseWords + (i << 3)))));
}

function noteSlots(slots: usize, used: usize): void {
  memory.fill(used, 0, (1 << layout.SLOT_BITS) >> 3);
  for (let slot: usize = 0; slot < 1 << layout.SLOT_BITS; slot++)
    if (load<u16>(slots + (slot << 1)) != 0) setUsed(used, <u32>slot);
}

function setUsed(used: usize, bit: u32): void {
  const at = used + <usize>(bit >> 3);
  store<u8>(at, load<u8>(at) | (1 << (<u8>bit & 7)));
}

/** Whether whatever a rule finds on a surface is allowed. */
export function isSilent(rule: u32, surface: i32): bool {
  const verdicts = rules + <usize>rule * layout.RULE_BYTES + <usize>surface;
  return (load<u8>(verdicts, layout.RULE_VERDICTS_HIGH) | load<u8>(verdicts, layout.RULE_VERDICTS_LOW)) == 0;
}

/** Whether a bit is set. */
export function isUsed(used: usize, bit: u32): bool {
  return ((load<u8>(used + <usize>(bit >> 3)) >> (<u8>bit & 7)) & 1) != 0;
}

/** A word of up to eight letters as a number that is hashed. */
export function phraseKey(word: u64): u32 {
  return <u32>word ^ (<u32>(word >> 32) * <u32>layout.PHRASE_MULTIPLIER);
}

/** The bit of `phraseUsed` that a word has. */
export function phraseBit(key: u32): u32 {
  return (key * <u32>layout.KEY_MULTIPLIER) >>> (32 - PHRASE_BITS);
}

function checkToolRules(): bool {
  if (toolRuleCount > <u32>layout.MAX_TOOL_RULES) return refuse('more rules of tool policy than there is room for');
  for (let i: u32 = 0; i < toolRuleCount; i++) {
    const record = toolRules + <usize>i * layout.TOOL_RULE_BYTES;
    if (<u32>load<u16>(record, layout.TOOL_RULE_INDEX) >= ruleCount) return refuse('a tool of no rule');
    if (
      !isAutomaton(load<u32>(record, layout.TOOL_RULE_NAME)) ||
      !isAutomaton(load<u32>(record, layout.TOOL_RULE_ARGUMENT)) ||
      !isAutomaton(load<u32>(record, layout.TOOL_RULE_KEY))
    )
      return refuse('a tool of no automaton');
  }
  for (let i: u32 = 0; i < rangeCount; i++)
    if (<u32>load<u8>(ranges + <usize>i * layout.RANGE_BYTES, layout.RANGE_PREFIX) > 128)
      return refuse('a range longer than an address');
  return true;
}

/** Every category has its automata, and every sequence its rule and its categories. */
function checkToolChains(): bool {
  if (categoryCount > <u32>layout.MAX_CATEGORIES) return refuse('more categories than there is room for');
  for (let i: u32 = 0; i < categoryCount; i++) {
    const record = categories + <usize>i * layout.CATEGORY_BYTES;
    if (
      !isAutomaton(load<u32>(record, layout.CATEGORY_OPERATOR)) ||
      !isAutomaton(load<u32>(record, layout.CATEGORY_WORDS))
    )
      return refuse('a category of no automaton');
  }
  for (let i: u32 = 0; i < toolChainCount; i++) {
    const record = toolChains + <usize>i * layout.TOOL_CHAIN_BYTES;
    const length = <i32>load<u8>(record, layout.TOOL_CHAIN_LENGTH);
    if (<u32>load<u16>(record, layout.TOOL_CHAIN_RULE) >= ruleCount) return refuse('a tool chain of no rule');
    if (length < 2 || length > layout.MAX_TOOL_CHAIN_STEPS) return refuse('a tool chain of another length');
    for (let step = 0; step < length; step++)
      if (<u32>load<u8>(record + <usize>step, layout.TOOL_CHAIN_STEPS) >= categoryCount)
        return refuse('a tool chain of no category');
  }
  return true;
}

function isAutomaton(index: u32): bool {
  return index < automatonCount || index == <u32>layout.NO_AUTOMATON;
}

/** Code points are searched for by halves, and nothing but ASCII comes of them. */
function checkAsciiRuns(): bool {
  let least: u32 = 0x80;
  for (let i: u32 = 0; i < asciiRunCount; i++) {
    const run = asciiRuns + <usize>i * layout.ASCII_RUN_BYTES;
    const first = load<u32>(run) & ((1 << layout.ASCII_RUN_CODE_SHIFT) - 1);
    const ascii = load<u32>(run) >> layout.ASCII_RUN_CODE_SHIFT;
    const count = <u32>load<u16>(run, layout.ASCII_RUN_COUNT) & ~(<u32>layout.ASCII_RUN_LOOKS);
    if (first < least || count == 0) return refuse('characters out of order');
    if (ascii != 0 && ascii + count > 0x80) return refuse('a character that is read as none of ASCII');
    least = first + count;
  }
  return true;
}

/** Every ASCII character and every code point is something that is there. */
function checkUnicode(): bool {
  if (!hasTerms) return true;
  if (sectionBytes(layout.SECTION_UNICODE) != <u32>layout.UNICODE_BYTES) return refuse('characters of another size');
  for (let c: usize = 0; c < 128; c++) {
    const kind = <i32>load<u8>(unicode + c);
    if (kind >= layout.SEPARATOR_COUNT && kind != layout.LETTER) return refuse('a character of no kind');
  }
  const pageCount = sectionBytes(layout.SECTION_UNICODE_PAGES) / 512;
  for (let page: usize = 0; page < <usize>layout.UNICODE_PAGE_COUNT; page++)
    if (<u32>load<u8>(unicode + page, layout.UNICODE_INDEX) >= pageCount) return refuse('a page past the characters');
  let checked: u32 = 0;
  for (let i: u32 = 0; i < pageCount * 256; i++) {
    const fold = <u32>load<u16>(unicodePages + ((<usize>i) << 1));
    // Most records are used once, in the order in which they lie.
    if (fold < <u32>layout.FOLD_FIRST_RECORD || fold == checked) continue;
    if (!isFold(fold * 4)) return refuse('a character that folds to nothing known');
    checked = fold;
  }
  return true;
}

function isFold(at: u32): bool {
  const length = sectionBytes(layout.SECTION_UNICODE_FOLDS);
  if (at + <u32>layout.FOLD_CHARACTERS > length) return false;
  const record = unicodeFolds + <usize>at;
  if (<i32>load<u8>(record, layout.FOLD_SEPARATOR_KIND) >= layout.SEPARATOR_COUNT) return false;
  at += layout.FOLD_CHARACTERS;
  for (let i: u32 = 0; i < <u32>load<u8>(record, layout.FOLD_COUNT); i++) {
    if (at + <u32>layout.CHARACTER_BYTES > length) return false;
    const bytes = <u32>load<u8>(unicodeFolds + <usize>at, layout.CHARACTER_LENGTH);
    if (bytes > <u32>layout.MOST_CHARACTER_BYTES) return false;
    at += <u32>layout.CHARACTER_BYTES + bytes;
  }
  return at <= length;
}

/** Every cell leads into the cells, and where an entry ends there is its set. */
function checkTerms(): bool {
  if (!hasTerms) return true;
  if (sectionBytes(layout.SECTION_TERM_KEYS) != <u32>layout.TERM_KEYS_BYTES)
    return refuse('keys of terms of another size');
  const count = sectionBytes(layout.SECTION_TERM_CELLS) / <u32>layout.TERM_CELL_BYTES;
  const setCount = sectionBytes(layout.SECTION_TERM_SETS) / <u32>layout.SET_BYTES;
  const stepCount = sectionBytes(layout.SECTION_TERM_STEPS) / <u32>layout.STEP_BYTES;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u32>(termCells + ((<usize>i) << 3));
    const base = value & <u32>layout.CELL_BASE_MASK;
    if ((value & <u32>layout.CELL_IS_TAIL) != 0) {
      if (!isTail(base, setCount)) return refuse('a term without an end');
      continue;
    }
    if (base + 256 > count) return refuse('a cell that leads out of the terms');
    if ((value & <u32>layout.CELL_ENDS_WORD) != 0 && !isEnd(i, base + layout.TERM_WORD_BYTE, setCount))
      return refuse('a term of no set');
    if ((value & <u32>layout.CELL_ENDS_STEM) != 0 && !isEnd(i, base + layout.TERM_STEM_BYTE, setCount))
      return refuse('a term of no set');
  }
  for (let i: u32 = 0; i < setCount; i++) {
    const set = termSets + <usize>i * layout.SET_BYTES;
    if (<u64>load<u32>(set, layout.SET_FIRST) + <u64>load<u32>(set, layout.SET_COUNT) > <u64>stepCount)
      return refuse('a set past the steps');
  }
  return true;
}

/** Whether a tail comes to its end, and its set is there. */
function isTail(at: u32, setCount: u32): bool {
  const length = sectionBytes(layout.SECTION_TERM_TAILS);
  while (at < length && <i32>load<u8>(termTails + <usize>at) >= layout.LEAST_TERM_BYTE) at++;
  return at + <u32>layout.TAIL_END_BYTES <= length && <u32>load<u16>(termTails + <usize>at, 1) < setCount;
}

function isEnd(cell: u32, end: u32, setCount: u32): bool {
  const at = termCells + ((<usize>end) << 3);
  return load<u32>(at, 4) == cell && (load<u32>(at) & <u32>layout.CELL_BASE_MASK) < setCount;
}

/** Every step leads from a stage to a stage, and every end is that of a rule. */
function checkStages(): bool {
  if (!hasTerms) return true;
  const endCount = sectionBytes(layout.SECTION_STAGE_ENDS) / <u32>layout.STAGE_END_BYTES;
  const stepCount = sectionBytes(layout.SECTION_TERM_STEPS) / <u32>layout.STEP_BYTES;
  if (stageCount > <u32>layout.MAX_STAGES) return refuse('more stages than there is room for');
  for (let i: u32 = 0; i < stepCount; i++) {
    const step = termSteps + <usize>i * layout.STEP_BYTES;
    const isStop = (load<u16>(step, layout.STEP_FLAGS) & layout.STEP_FLAG_STOP) != 0;
    const most = isStop ? <u32>layout.MAX_STOPS : stageCount;
    if (<u32>load<u16>(step, layout.STEP_TO) >= most || <u32>load<u16>(step, layout.STEP_FROM) >= stageCount)
      return refuse('a step of no stage');
  }
  for (let i: u32 = 0; i < stageCount; i++) {
    const stage = stages + <usize>i * layout.STAGE_BYTES;
    if (<u32>load<u16>(stage, layout.STAGE_FIRST_END) + <u32>load<u16>(stage, layout.STAGE_END_COUNT) > endCount)
      return refuse('a stage past the ends');
  }
  for (let i: u32 = 0; i < endCount; i++) {
    const end = stageEnds + <usize>i * layout.STAGE_END_BYTES;
    const stop = <i32>load<u16>(end, layout.STAGE_END_STOP);
    if (<u32>load<u16>(end, layout.STAGE_END_RULE) >= ruleCount) return refuse('an end of no rule');
    if (stop >= layout.MAX_STOPS && stop != layout.NO_STOP) return refuse('an end of no list');
  }
  return true;
}

/** Whether byte class `index` (NO_CLASS: none) holds `byte`. */
export function inClass(index: u32, byte: u8): bool {
  return (load<u8>(classes + ((<usize>index >> 3) << 8) + byte) & (1 << (index & 7))) != 0;
}

/** The phrases of all rules: their terms, the sets that the ends of entries mean, and the stages that phrases go through. */
import * as layout from '../../filter/table/layout.ts';
import type { Phrase, TermEntry } from '../rules/phrase.ts';
import type { Rule } from '../rules/rule.ts';
import { TableTooLarge } from './plan.ts';
import { layTerms, type NumberedEntry } from './terms.ts';
import { layUnicode } from './unicode.ts';

/** Steps that a phrase has to have taken for its end to be near: one word is said too often for a stream to wait at it. */
const NEAR_STEPS = 2;

interface Step {
  list: number;
  from: number;
  to: number;
  gapHalves: number;
  flags: number;
}

interface Stage {
  reachHalves: number;
  /** STAGE_FLAGS. */
  flags: number;
  ends: { rule: number; stop: number }[];
}

/** What the phrases came to, for people. */
export interface PhraseSummary {
  phrases: number;
  entries: number;
  stages: number;
  bytes: number;
}

/**
 * The sections from UNICODE to STAGE_ENDS, in their order; all of them empty where no rule has a phrase.
 * @param rules in the order of the table
 * @throws TableTooLarge
 */
export function layStages(rules: readonly Rule[]): { sections: Uint8Array[]; summary: PhraseSummary } {
  const lists = new Lists();
  const stages: Stage[] = [{ reachHalves: 0, flags: layout.STAGE_FLAG_GOES_ON, ends: [] }];
  const steps = new Map<string, Step>();
  const stops: number[] = [];
  let phraseCount = 0;

  const add = (rule: number, phrase: Phrase, isHigh: boolean) => {
    phraseCount++;
    let from = 0;
    phrase.steps.forEach(({ entries, gapWords, crossesSentences }, i) => {
      const gapHalves = i === 0 ? 0 : gapWords * 2;
      const flags = i > 0 && crossesSentences ? layout.STEP_FLAG_CROSSES : 0;
      const list = lists.number(entries);
      const key = [from, list, gapHalves, flags].join();
      let step = steps.get(key);
      if (!step) {
        step = { list, from, to: stages.length, gapHalves, flags };
        steps.set(key, step);
        stages.push({ reachHalves: 0, flags: 0, ends: [] });
      }
      const stage = stages[from] as Stage;
      stage.flags |= layout.STAGE_FLAG_GOES_ON;
      if (isHigh && i >= NEAR_STEPS && i === phrase.steps.length - 1) {
        stage.flags |= layout.STAGE_FLAG_NEAR_END;
        if (crossesSentences) stage.flags |= layout.STAGE_FLAG_CROSSES;
      }
      stage.reachHalves = Math.max(stage.reachHalves, gapHalves);
      from = step.to;
    });
    const { ends } = stages[from] as Stage;
    const stop = phrase.unless.length > 0 ? stopOf(lists.number(phrase.unless)) : layout.NO_STOP;
    if (!ends.some((end) => end.rule === rule && end.stop === stop)) ends.push({ rule, stop });
  };
  const stopOf = (list: number) => {
    const known = stops.indexOf(list);
    return known >= 0 ? known : stops.push(list) - 1;
  };

  rules.forEach(({ phrases = [], confidence }, rule) => {
    for (const phrase of phrases) add(rule, phrase, confidence === 'high');
  });
  if (phraseCount === 0)
    return {
      sections: Array.from({ length: layout.SECTION_COUNT - layout.SECTION_UNICODE }, () => new Uint8Array()),
      summary: { phrases: 0, entries: 0, stages: 0, bytes: 0 },
    };
  if (stages.length > layout.MAX_STAGES)
    throw new TableTooLarge(
      `${stages.length} stages of phrases; make it ${layout.MAX_STAGES} by fewer or shorter ones`,
    );
  if (stops.length > layout.MAX_STOPS)
    throw new TableTooLarge(`${stops.length} different lists in unless; make it ${layout.MAX_STOPS}`);

  const all = [
    ...steps.values(),
    ...stops.map((list, to) => ({ list, from: 0, to, gapHalves: 0, flags: layout.STEP_FLAG_STOP })),
  ];
  const { entries, sets } = lists.sets();
  const ends = stages.flatMap((stage) => stage.ends);
  const unicode = layUnicode();
  const terms = layTerms(entries);
  const setSteps = sets.map((set) => all.filter(({ list }) => set.has(list)));
  const sections = [
    unicode.characters,
    unicode.pages,
    unicode.folds,
    terms.keys,
    terms.cells,
    terms.tails,
    laySets(setSteps),
    laySteps(setSteps.flat()),
    layStageRecords(stages),
    layEnds(ends),
  ];
  return {
    sections,
    summary: {
      phrases: phraseCount,
      entries: entries.length,
      stages: stages.length,
      bytes: sections.reduce((sum, { length }) => sum + length, 0),
    },
  };
}

/** Lists of entries, the same ones once, and which of them each entry is in. */
class Lists {
  readonly #numbers = new Map<string, number>();
  readonly #known = new Map<readonly TermEntry[], number>();
  readonly #entries = new Map<string, { entry: TermEntry; lists: Set<number> }>();

  number(list: readonly TermEntry[]): number {
    const seen = this.#known.get(list);
    if (seen !== undefined) return seen;
    const texts = list.map(({ text, isStem }) => `${text}${isStem ? '*' : ''}`);
    const key = [...texts].sort().join('\n');
    const number = this.#numbers.get(key) ?? this.#numbers.size;
    this.#numbers.set(key, number);
    this.#known.set(list, number);
    list.forEach((entry, i) => {
      const known = this.#entries.get(texts[i] as string) ?? { entry, lists: new Set<number>() };
      known.lists.add(number);
      this.#entries.set(texts[i] as string, known);
    });
    return number;
  }

  sets(): { entries: NumberedEntry[]; sets: Set<number>[] } {
    const numbers = new Map<string, number>();
    const sets: Set<number>[] = [];
    const entries = [...this.#entries.values()].map(({ entry, lists }) => {
      const key = [...lists].sort((a, b) => a - b).join();
      const set = numbers.get(key) ?? sets.push(lists) - 1;
      numbers.set(key, set);
      return { ...entry, set };
    });
    return { entries, sets };
  }
}

function laySets(sets: readonly (readonly Step[])[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(sets.length * layout.SET_BYTES));
  let first = 0;
  sets.forEach((steps, i) => {
    bytes.setUint32(i * layout.SET_BYTES + layout.SET_FIRST, first, true);
    bytes.setUint32(i * layout.SET_BYTES + layout.SET_COUNT, steps.length, true);
    first += steps.length;
  });
  return new Uint8Array(bytes.buffer);
}

function laySteps(steps: readonly Step[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(steps.length * layout.STEP_BYTES));
  steps.forEach(({ from, to, gapHalves, flags }, i) => {
    const at = i * layout.STEP_BYTES;
    bytes.setUint16(at + layout.STEP_FROM, from, true);
    bytes.setUint16(at + layout.STEP_TO, to, true);
    bytes.setUint16(at + layout.STEP_GAP, gapHalves, true);
    bytes.setUint16(at + layout.STEP_FLAGS, flags, true);
  });
  return new Uint8Array(bytes.buffer);
}

function layStageRecords(stages: readonly Stage[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(stages.length * layout.STAGE_BYTES));
  let firstEnd = 0;
  stages.forEach(({ reachHalves, flags, ends }, i) => {
    const at = i * layout.STAGE_BYTES;
    bytes.setUint16(at + layout.STAGE_FIRST_END, firstEnd, true);
    bytes.setUint16(at + layout.STAGE_END_COUNT, ends.length, true);
    bytes.setUint16(at + layout.STAGE_REACH, reachHalves, true);
    bytes.setUint16(at + layout.STAGE_FLAGS, flags, true);
    firstEnd += ends.length;
  });
  return new Uint8Array(bytes.buffer);
}

function layEnds(ends: readonly { rule: number; stop: number }[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(ends.length * layout.STAGE_END_BYTES));
  ends.forEach(({ rule, stop }, i) => {
    bytes.setUint16(i * layout.STAGE_END_BYTES + layout.STAGE_END_RULE, rule, true);
    bytes.setUint16(i * layout.STAGE_END_BYTES + layout.STAGE_END_STOP, stop, true);
  });
  return new Uint8Array(bytes.buffer);
}

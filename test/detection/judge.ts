/** What the gateway's default policy says of one text: the compiled scanner, and the verdicts of the very table. */
import { readRules, wordingFolders } from '../../control/rules/read.ts';
import { referenceScanner } from '../../control/rules/reference.ts';
import * as layout from '../../filter/table/layout.ts';
import { Scanner } from '../rules/scanner.ts';
import { compileRules } from '../rules/table.ts';

export interface Found {
  /** Id of the rule. */
  rule: string;
  /** VERDICT_* of filter/table/layout.ts. */
  verdict: number;
  view: string;
  /** First byte in the view. */
  offset: number;
}

export interface Outcome {
  /** The strongest verdict, that on an unread end included. */
  verdict: number;
  /** Findings that the policy does not allow. */
  findings: Found[];
}

const scanWording = referenceScanner(readRules(undefined, wordingFolders));

/** All keys and strings of a JSON value. */
function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? [] : Object.keys(value);
  return [...keys, ...Object.values(value).flatMap(stringsOf)];
}

/** The stages from text to verdict, with the rules of the checkout and the balanced policy. */
export class Judge {
  readonly table: Uint8Array;
  readonly #scanner: Scanner;
  readonly #data: DataView;
  readonly #rulesAt: number;
  readonly #policyAt: number;
  readonly #rules = readRules();
  readonly #numbers = new Map(this.#rules.map(({ id }, number) => [id, number]));

  private constructor(scanner: Scanner, table: Uint8Array) {
    this.table = table;
    this.#scanner = scanner;
    this.#data = new DataView(table.buffer, table.byteOffset, table.byteLength);
    this.#rulesAt = this.#sectionAt(layout.SECTION_RULES);
    this.#policyAt = this.#sectionAt(layout.SECTION_POLICY);
  }

  /** Compiles the rules and loads build/scanner.wasm. */
  static async load(): Promise<Judge> {
    const { table } = compileRules(readRules());
    return new Judge(await Scanner.load(table), table);
  }

  /** Judges a text as the whole of a surface (SURFACE_* of filter/table/layout.ts). */
  judge(text: Uint8Array, surface: number): Outcome {
    const findings = this.#scanner
      .findIn(text, surface)
      .map(({ rule, isHigh, view, offset }) => ({
        rule: this.#rules[rule]!.id,
        verdict: this.#verdict(rule, isHigh, surface),
        view,
        offset,
      }))
      .filter(({ verdict }) => verdict > layout.VERDICT_ALLOW);
    const ofEnd = this.#scanner.wasCut
      ? this.#data.getUint8(this.#policyAt + layout.POLICY_UNREADABLE_VERDICTS + layout.UNREADABLE_REQUEST_EXPANSION)
      : layout.VERDICT_ALLOW;
    return { verdict: Math.max(ofEnd, ...findings.map(({ verdict }) => verdict)), findings };
  }

  /** Judges a text as what a tool gives back, by the rules whose ids begin with `family`. */
  judgeAnswer(text: string, family: string): Outcome {
    return this.#judgeWording(text, family);
  }

  /** Judges a tool's definition. */
  judgeTool(json: string): Outcome {
    return this.#judgeWording(stringsOf(JSON.parse(json)).join('\n'), '');
  }

  #judgeWording(text: string, family: string): Outcome {
    const findings = scanWording(Buffer.from(text).toString('latin1'))
      .filter(({ id }) => id.startsWith(family))
      .map(({ id, confidence, start }) => ({
        rule: id,
        verdict: confidence === 'high' ? layout.VERDICT_BLOCK : layout.VERDICT_WARN,
        view: 'raw',
        offset: start,
      }));
    return { verdict: Math.max(layout.VERDICT_ALLOW, ...findings.map(({ verdict }) => verdict)), findings };
  }

  /** Where the finding lies in a text, in bytes; the whole text where the finding is of another view than raw. */
  span(text: Uint8Array, found: Found, surface: number): { start: number; end: number } {
    const number = this.#numbers.get(found.rule);
    const hit =
      found.view === 'raw' &&
      this.#scanner
        .hitsIn(text, surface)
        .find(({ rule, view, start }) => rule === number && view === 'raw' && start === found.offset);
    return hit ? { start: hit.start, end: hit.end } : { start: 0, end: text.length };
  }

  #verdict(rule: number, isHigh: boolean, surface: number): number {
    const verdicts = isHigh ? layout.RULE_VERDICTS_HIGH : layout.RULE_VERDICTS_LOW;
    return this.#data.getUint8(this.#rulesAt + rule * layout.RULE_BYTES + verdicts + surface);
  }

  #sectionAt(section: number): number {
    return this.#data.getUint32(layout.HEADER_BYTES + section * 8, true);
  }
}

/** The rules whose finding is as strong as the verdict, by id. */
export function decidingRules({ verdict, findings }: Outcome): string[] {
  return findings.filter((finding) => finding.verdict === verdict).map(({ rule }) => rule);
}

/** The rules that spoke, where the verdict is as strong as `verdict` or stronger. */
export function alarmOf(outcome: Outcome, verdict: number): string | undefined {
  if (outcome.verdict < verdict) return undefined;
  return decidingRules(outcome).join(', ') || 'unreadable: too much expansion';
}

/** What the gateway's default policy says of one text: the compiled scanner, and the verdicts of the very table. */
import { readRules } from '../../control/rules/read.ts';
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
    return of([family], this.judge(Buffer.from(text), layout.SURFACE_MCP_RESPONSE));
  }

  /** Judges a tool's definition, by what it says. */
  judgeTool(json: string): Outcome {
    return of(['injection.', 'tool-poison.'], this.judge(Buffer.from(json), layout.SURFACE_MCP_TOOL));
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

/** What the rules of some families say. */
function of(families: readonly string[], { findings }: Outcome): Outcome {
  const own = findings.filter(({ rule }) => families.some((family) => rule.startsWith(family)));
  return { verdict: Math.max(layout.VERDICT_ALLOW, ...own.map(({ verdict }) => verdict)), findings: own };
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

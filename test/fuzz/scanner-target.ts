import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { surfaces } from '../../control/policy/policy.ts';
import { readRules } from '../../control/rules/read.ts';
import { Scanner } from '../rules/scanner.ts';
import { compileRules } from '../rules/table.ts';
import type { Pool, Target } from './target.ts';
import { TextArbitrary } from './text.ts';

export interface ScannedText {
  surface: number;
  text: Uint8Array;
  /** What is read in between: it must leave no trace. */
  other: Uint8Array;
}

export const maxTextBytes = 32 * 1024;
/** Layers that are opened (filter/view/list.ts). */
const maxDepth = 3;
/** Compressed runs that are opened (filter/view/piece.ts). */
const maxRuns = 64;

const rules = readRules();
const { table } = compileRules(rules);

/** The stages from bytes to findings, with all rules and views. */
export class ScannerTarget implements Target<ScannedText> {
  readonly name = 'scanner';
  #scanner: Scanner | undefined;
  #warmBytes = 0;

  inputs(pool: Pool): fc.Arbitrary<ScannedText> {
    const text = new TextArbitrary(pool, maxTextBytes);
    return fc.record({ surface: fc.nat(surfaces.length - 1), text, other: text });
  }

  textsOf({ text }: ScannedText): readonly Uint8Array[] {
    return [text];
  }

  async check(input: ScannedText): Promise<Iterable<string>> {
    const scanner = await this.#fresh();
    // Kept only where everything holds.
    this.#scanner = undefined;
    const reached = check(scanner, input);
    if (scanner.memoryBytes !== this.#warmBytes)
      throw new Error(`memory grew from ${this.#warmBytes} to ${scanner.memoryBytes} bytes`);
    this.#scanner = scanner;
    return reached;
  }

  /** The scanner, as large as the largest text makes it. */
  async #fresh(): Promise<Scanner> {
    if (this.#scanner) return this.#scanner;
    const scanner = await Scanner.load(table);
    for (let i = 0; i < 3; i++) scanner.findIn(Buffer.alloc(maxTextBytes + 64, '\\u0041%41 '));
    this.#warmBytes = scanner.memoryBytes;
    return scanner;
  }
}

function check(scanner: Scanner, { surface, text, other }: ScannedText): string[] {
  const read = () => ({ ...scanner.traceOf(text, surface), wasCut: scanner.wasCut });
  const first = read();
  for (const { kind, view, start, end, viewBytes } of first.events)
    if (start > end || end > viewBytes) throw new Error(`${kind} in ${view} at ${start}..${end} of ${viewBytes} bytes`);
  for (const { view, offset } of first.findings) {
    const length = Math.max(0, ...first.events.filter((event) => event.view === view).map((event) => event.viewBytes));
    if (!first.isTraceFull && offset >= length) throw new Error(`a finding in ${view} at ${offset} of ${length} bytes`);
  }
  checkCut(first, text);
  scanner.findIn(other, surface);
  const again = read();
  if (!isDeepStrictEqual(again, first)) throw new Error(`read again, it is\n${show(again)}\nand was\n${show(first)}`);
  // Where it stands in the steps of the prefilter is nothing to what is found. But how much is opened depends on the
  // length; a form has no space in front, UTF-16 is told by its pairs, and the runs of some encodings by samples of a step.
  const shiftedBy = (spaces: number) => {
    const { findings, events } = scanner.traceOf(Buffer.concat([Buffer.alloc(spaces, ' '), text]), surface);
    const mayDiffer = scanner.wasCut || events.some(({ view }) => /form|utf16|hex|base32|spaced/.test(view));
    return mayDiffer ? undefined : findings.map(({ rule, isHigh }) => `${rules[rule]!.id} ${isHigh}`).sort();
  };
  const [one, more] = [shiftedBy(1), shiftedBy((text.length % 63) + 2)];
  if (one && more && !isDeepStrictEqual(one, more))
    throw new Error(`behind spaces it has ${more}, and behind one ${one}`);
  return [
    ...first.events.map(({ kind, rule, view }) => `${kind} ${kind === 'view' ? '' : rules[rule]!.id} ${view}`),
    `cut ${first.wasCut}`,
  ];
}

type Read = ReturnType<Scanner['traceOf']> & { wasCut: boolean };

/** Unreadable is what has more layers than are opened, or more bytes or runs than they may come to. */
function checkCut({ wasCut, events, isTraceFull }: Read, text: Uint8Array): void {
  const views = events.filter(({ kind }) => kind === 'view');
  const layers = Math.max(...views.map(({ view }) => (view === 'raw' ? 0 : view.split('+').length)), 0);
  const bytes = views.reduce((sum, { viewBytes }) => sum + viewBytes, 0);
  const runs =
    Buffer.from(text)
      .toString('latin1')
      .match(/[0-9A-Za-z+/_-]{10,}/g) ?? [];
  // Each sign in a run, written or escaped, may begin another: those come to more than their room sooner.
  const signs =
    Buffer.from(text)
      .toString('latin1')
      .match(/[+/_-]|\\u/g) ?? [];
  if (
    wasCut &&
    !isTraceFull &&
    layers < maxDepth &&
    bytes < 2 * text.length &&
    runs.length < maxRuns &&
    signs.length < maxRuns
  )
    throw new Error(`called unreadable with ${layers} layers, ${bytes} bytes of views and ${runs.length} runs`);
}

function show({ events, findings, wasCut }: Read): string {
  return JSON.stringify({ wasCut, findings, events });
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A finding of the scanner: the rule's index, its confidence, the view's encodings and the place in the view, in bytes. */
export interface ScannerFinding {
  rule: number;
  isHigh: boolean;
  view: string;
  offset: number;
  end: number;
}

/** A place in a view where a rule's pattern was accepted, as the filter's trace has it; offsets count bytes. */
export interface ScannerHit {
  rule: number;
  view: string;
  start: number;
  end: number;
}

/** What a stage saw of a text: a view with its size, or a place in the view that was opened last before it. */
export interface ScannerEvent extends ScannerHit {
  kind: 'view' | 'hit' | 'finding';
  viewBytes: number;
}

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  reserve(length: number): number;
  loadTable(length: number): number;
  find(length: number, surface: number): number;
  trace(on: number): void;
  eventCount(): number;
  eventField(i: number, index: number): number;
  cut(): number;
  rule(i: number): number;
  isHigh(i: number): number;
  chain(i: number): number;
  offset(i: number): number;
  end(i: number): number;
  validate(validator: number, length: number): number;
  digest(length: number): number;
  readAll(length: number): number;
  beginPhrases(): void;
  feedPhrases(length: number): void;
  endPhrases(): void;
  takePhrases(): void;
  swapPhrases(): number;
  phraseCount(): number;
  foundRule(i: number): number;
  foundStart(i: number): number;
  foundEnd(i: number): number;
}

const wasmFile = fileURLToPath(new URL('../../build/scanner.wasm', import.meta.url));
/** Kinds of a trace event, and how many there may be (filter/finding/trace.ts). */
const eventKinds = ['', 'view', 'hit', 'finding'] as const;
const maxEvents = 512;
const encodings = [
  ...['raw', 'json', 'percent', 'base64', 'hex', 'base32', 'entity', 'quoted-printable', 'utf16', 'form', 'deflate'],
  ...['joined', 'spaced', 'ascii', 'decimal'],
];

/** The stages of the filter from table to findings (filter/scanner.ts), in this process. */
export class Scanner {
  readonly #exports: Exports;

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** Loads build/scanner.wasm and a table. Throws with the filter's own reason where it refuses the table. */
  static async load(table: Uint8Array): Promise<Scanner> {
    const abort = () => {
      throw new Error('the scanner aborted');
    };
    const { instance } = await WebAssembly.instantiate(readFileSync(wasmFile), { env: { abort } });
    const scanner = new Scanner(instance.exports as unknown as Exports);
    scanner.#exports._initialize();
    const refusal = scanner.loadTable(table);
    if (refusal !== undefined) throw new Error(`the filter refuses the table: ${refusal}`);
    return scanner;
  }

  /** Loads another table; gives the filter's reason where it refuses it and keeps the one before. */
  loadTable(table: Uint8Array): string | undefined {
    this.write(table);
    const refusal = this.#exports.loadTable(table.length);
    return refusal === 0 ? undefined : this.#literal(refusal);
  }

  /** Puts a text where `find` and `readAll` look for it. */
  write(text: Uint8Array): void {
    const at = this.#exports.reserve(text.length);
    new Uint8Array(this.#exports.memory.buffer).set(text, at);
  }

  /** Findings in the text that was written last, on a surface (filter/table/layout.ts). */
  find(length: number, surface: number): number {
    return this.#exports.find(length, surface);
  }

  readAll(length: number): number {
    return this.#exports.readAll(length);
  }

  /** Begins a text that is read for phrases in pieces. */
  beginPhrases(): void {
    this.#exports.beginPhrases();
  }

  feedPhrases(piece: Uint8Array): void {
    this.write(piece);
    this.#exports.feedPhrases(piece.length);
  }

  endPhrases(): void {
    this.#exports.endPhrases();
  }

  /** Reads the text that was written last for phrases, whole, and forgets what it finds. */
  readPhrases(length: number): void {
    this.#exports.beginPhrases();
    this.#exports.feedPhrases(length);
    this.#exports.endPhrases();
    this.#exports.takePhrases();
  }

  /** What has been found since the last call. */
  takePhrases(): { rule: number; start: number; end: number }[] {
    const count = this.#exports.phraseCount();
    const found = Array.from({ length: count }, (_, i) => ({
      rule: this.#exports.foundRule(i),
      start: this.#exports.foundStart(i),
      end: this.#exports.foundEnd(i),
    }));
    this.#exports.takePhrases();
    return found;
  }

  /** Writes the state of the text away, reads another one and takes it up again; gives the state's bytes. */
  swapPhrases(): number {
    return this.#exports.swapPhrases();
  }

  /** Findings in a text, by default as a request body. */
  findIn(text: Uint8Array, surface = 2): ScannerFinding[] {
    this.write(text);
    const count = this.find(text.length, surface);
    return Array.from({ length: count }, (_, i) => ({
      rule: this.#exports.rule(i),
      isHigh: this.#exports.isHigh(i) !== 0,
      view: viewName(this.#exports.chain(i)),
      offset: this.#exports.offset(i),
      end: this.#exports.end(i),
    }));
  }

  /** Hits in a text, those left out that begin inside an earlier finding of their rule. */
  hitsIn(text: Uint8Array, surface = 2): ScannerHit[] {
    return this.traceOf(text, surface)
      .events.filter(({ kind }) => kind === 'hit')
      .map(({ rule, view, start, end }) => ({ rule, view, start, end }));
  }

  /** The views of a text in the order in which they were read, and their bytes. */
  viewsOf(text: Uint8Array, surface = 2): { view: string; bytes: number }[] {
    return this.traceOf(text, surface)
      .events.filter(({ kind }) => kind === 'view')
      .map(({ view, viewBytes }) => ({ view, bytes: viewBytes }));
  }

  /** Findings in a text with what each stage saw on the way; a trace that is full ends before the text does. */
  traceOf(text: Uint8Array, surface = 2): { findings: ScannerFinding[]; events: ScannerEvent[]; isTraceFull: boolean } {
    this.#exports.trace(1);
    const findings = this.findIn(text, surface);
    const count = this.#exports.eventCount();
    let viewBytes = 0;
    const events = Array.from({ length: count }, (_, i): ScannerEvent => {
      const [kind, rule, chain, start, end] = [0, 1, 2, 3, 4].map((index) => this.#exports.eventField(i, index));
      const name = eventKinds[kind!] as ScannerEvent['kind'];
      if (name === 'view') viewBytes = end!;
      return { kind: name, rule: rule!, view: viewName(chain!), start: start!, end: end!, viewBytes };
    });
    this.#exports.trace(0);
    return { findings, events, isTraceFull: count === maxEvents };
  }

  /** Whether the last text was not read to its end. */
  get wasCut(): boolean {
    return this.#exports.cut() !== 0;
  }

  /** Whether a validator (filter/table/layout.ts) agrees with a text. */
  validate(validator: number, text: string): boolean {
    const bytes = Buffer.from(text, 'latin1');
    this.write(bytes);
    return this.#exports.validate(validator, bytes.length) !== 0;
  }

  /** The filter's SHA-256 of a text of 119 bytes at most. */
  digest(text: Uint8Array): Buffer {
    this.write(Buffer.concat([text, Buffer.alloc(32)]));
    const at = this.#exports.digest(text.length);
    return Buffer.from(this.#exports.memory.buffer.slice(at, at + 32));
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  #literal(pointer: number): string {
    const memory = new DataView(this.#exports.memory.buffer);
    const bytes = memory.getUint32(pointer - 4, true);
    return Buffer.from(this.#exports.memory.buffer, pointer, bytes).toString('utf16le');
  }
}

function viewName(chain: number): string {
  if (chain === 0) return 'raw';
  return [...chain.toString(16)].map((digit) => encodings[Number.parseInt(digit, 16)]).join('+');
}

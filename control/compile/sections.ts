import { createHash } from 'node:crypto';
import * as layout from '../../filter/table/layout.ts';
import type { Automaton } from './automaton.ts';
import { type ByteSet, members } from './byte-set.ts';
import type { Step } from './program.ts';

/** Texts, each stored once; gives the offset of a text. */
export class Strings {
  readonly #offsets = new Map<string, number>();
  readonly #bytes: number[] = [];

  offset(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#bytes.length;
    this.#offsets.set(text, offset);
    this.#bytes.push(...Buffer.from(text, 'utf8'));
    return offset;
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Lists of words; gives the index of a list's first word. */
export class Words {
  readonly #strings: Strings;
  readonly #words: { offset: number; length: number }[] = [];
  constructor(strings: Strings) {
    this.#strings = strings;
  }

  add(list: readonly string[]): number {
    const first = this.#words.length;
    for (const word of list) this.#words.push({ offset: this.#strings.offset(word), length: Buffer.byteLength(word) });
    return first;
  }

  toBytes(): Uint8Array {
    const bytes = new DataView(new ArrayBuffer(this.#words.length * layout.WORD_BYTES));
    this.#words.forEach(({ offset, length }, i) => {
      bytes.setUint32(i * layout.WORD_BYTES + layout.WORD_OFFSET, offset, true);
      bytes.setUint32(i * layout.WORD_BYTES + layout.WORD_LENGTH, length, true);
    });
    return new Uint8Array(bytes.buffer);
  }
}

/** Byte classes, each stored once; gives a class's number, NO_CLASS for the empty one. */
export class Classes {
  readonly #sets = new Map<string, { index: number; set: ByteSet }>();

  index(set: ByteSet): number {
    const list = members(set);
    if (list.length === 0) return layout.NO_CLASS;
    const known = this.#sets.get(list.join());
    if (known) return known.index;
    const index = this.#sets.size;
    if (index >= layout.NO_CLASS) throw new RangeError(`more than ${layout.NO_CLASS} byte classes`);
    this.#sets.set(list.join(), { index, set });
    return index;
  }

  toBytes(): Uint8Array {
    const planes = new Uint8Array(Math.ceil(this.#sets.size / 8) * 256);
    for (const { index, set } of this.#sets.values())
      for (const byte of members(set)) planes[(index >> 3) * 256 + byte]! |= 1 << (index & 7);
    return planes;
  }
}

/** Automata, each stored once; gives an automaton's number. Bytes that an automaton never tells apart share a column. */
export class Automata {
  readonly #numbers = new Map<string, number>();
  readonly #records: { map: number; next: number; labels: number; states: number; columns: number }[] = [];
  readonly #mapOffsets = new Map<string, number>();
  readonly #maps: number[] = [];
  readonly #next: number[] = [];
  readonly #labels: number[] = [];

  /** `labels[state]` is 0 where nothing ends, else from 1 to 255. */
  add(next: readonly Uint16Array[], labels: readonly number[]): number {
    const hash = createHash('sha256').update(labels.join());
    for (const row of next) hash.update(row);
    const key = hash.digest('base64');
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const folded = foldColumns(next);
    this.#records.push({
      map: this.#mapOffset(folded.map),
      next: this.#next.length,
      labels: this.#labels.length,
      states: next.length,
      columns: folded.columns,
    });
    if (next.length <= layout.NARROW_STATES)
      this.#next.push(...folded.rows, ...(folded.rows.length % 2 === 1 ? [0] : []));
    else for (const state of folded.rows) this.#next.push(state & 255, state >> 8);
    this.#labels.push(...labels);
    this.#numbers.set(key, this.#records.length - 1);
    return this.#records.length - 1;
  }

  get states(): number {
    return this.#labels.length;
  }

  #mapOffset(map: readonly number[]): number {
    const known = this.#mapOffsets.get(map.join());
    if (known !== undefined) return known;
    const offset = this.#maps.length;
    this.#mapOffsets.set(map.join(), offset);
    this.#maps.push(...map);
    return offset;
  }

  toSections(): { automata: Uint8Array; maps: Uint8Array; next: Uint8Array; labels: Uint8Array } {
    const records = new DataView(new ArrayBuffer(this.#records.length * layout.AUTOMATON_BYTES));
    this.#records.forEach(({ map, next, labels, states, columns }, i) => {
      const at = i * layout.AUTOMATON_BYTES;
      records.setUint32(at + layout.AUTOMATON_MAP, map, true);
      records.setUint32(at + layout.AUTOMATON_NEXT, next, true);
      records.setUint32(at + layout.AUTOMATON_LABELS, labels, true);
      records.setUint16(at + layout.AUTOMATON_STATES, states, true);
      records.setUint16(at + layout.AUTOMATON_COLUMNS, columns, true);
    });
    return {
      automata: new Uint8Array(records.buffer),
      maps: Uint8Array.from(this.#maps),
      next: Uint8Array.from(this.#next),
      labels: Uint8Array.from(this.#labels),
    };
  }
}

function foldColumns(next: readonly Uint16Array[]): { map: number[]; rows: number[]; columns: number } {
  const columns = new Map<string, number>();
  const kept: number[] = [];
  const map = Array.from({ length: 256 }, (_, byte) => {
    const column = next.map((row) => row[byte]).join();
    const known = columns.get(column);
    if (known !== undefined) return known;
    columns.set(column, kept.length);
    return kept.push(byte) - 1;
  });
  return { map, rows: next.flatMap((row) => kept.map((byte) => row[byte] as number)), columns: kept.length };
}

/** Programs as byte code, each stored once; gives a program's offset. */
export class Programs {
  readonly #classes: Classes;
  readonly #automata: Automata;
  readonly #bytes: number[] = [];
  readonly #offsets = new Map<string, number>();

  constructor(classes: Classes, automata: Automata) {
    this.#classes = classes;
    this.#automata = automata;
  }

  offset(steps: readonly Step[]): number {
    const code = steps.flatMap((step) => this.#encode(step));
    code.push(layout.OP_ACCEPT);
    const text = code.join();
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#bytes.length;
    this.#offsets.set(text, offset);
    this.#bytes.push(...code);
    return offset;
  }

  #encode(step: Step): number[] {
    const u16 = (value: number) => [value & 255, value >> 8];
    if (step.kind === 'bytes') return [layout.OP_BYTES, step.bytes.length, ...step.bytes];
    if (step.kind === 'segment') return [layout.OP_SEGMENT, ...u16(this.#segment(step.automaton))];
    if (step.kind === 'hash') {
      const hash = Buffer.alloc(8);
      hash.writeBigUInt64LE(step.hash);
      return [layout.OP_HASH, step.count, ...hash];
    }
    const most = step.most === Infinity ? layout.RUN_UNBOUNDED : step.most;
    return [layout.OP_RUN, this.#classes.index(step.set), ...u16(step.least), ...u16(most)];
  }

  #segment({ next, labels }: Automaton): number {
    return this.#automata.add(
      next,
      labels.map((list) => (list.length > 0 ? 1 : layout.NO_LABEL)),
    );
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

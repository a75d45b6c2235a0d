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

/** Automata laid into one state space; gives the state that an automaton begins in. Equal ones are stored once. */
export class States {
  readonly #next: Uint16Array[] = [new Uint16Array(256)];
  readonly #labels: number[][] = [[]];
  readonly #starts = new Map<string, number>();

  start(automaton: Automaton): number {
    const text = JSON.stringify([automaton.next.map((row) => [...row]), automaton.labels]);
    const known = this.#starts.get(text);
    if (known !== undefined) return known;
    const shift = this.#next.length - 1;
    if (shift + automaton.next.length > 0xffff) throw new RangeError('more than 65535 states of segments');
    for (const row of automaton.next.slice(1))
      this.#next.push(row.map((target) => (target === 0 ? 0 : target + shift)));
    this.#labels.push(...automaton.labels.slice(1));
    this.#starts.set(text, shift + 1);
    return shift + 1;
  }

  get count(): number {
    return this.#next.length;
  }

  get labels(): readonly (readonly number[])[] {
    return this.#labels;
  }

  /** The transitions with equal columns folded: byte → column, and u16 state × columns. */
  toColumns(): { map: Uint8Array; next: Uint8Array; columns: number } {
    const map = new Uint8Array(256);
    const columns = new Map<string, number>();
    const kept: number[] = [];
    for (let byte = 0; byte < 256; byte++) {
      const column = this.#next.map((row) => row[byte]).join();
      let index = columns.get(column);
      if (index === undefined) {
        index = columns.size;
        columns.set(column, index);
        kept.push(byte);
      }
      map[byte] = index;
    }
    const next = new DataView(new ArrayBuffer(this.#next.length * kept.length * 2));
    this.#next.forEach((row, state) => {
      kept.forEach((byte, column) => {
        next.setUint16((state * kept.length + column) * 2, row[byte] as number, true);
      });
    });
    return { map, next: new Uint8Array(next.buffer), columns: kept.length };
  }
}

/** Programs as byte code, each stored once; gives a program's offset. */
export class Programs {
  readonly #classes: Classes;
  readonly #segments: States;
  readonly #bytes: number[] = [];
  readonly #offsets = new Map<string, number>();

  constructor(classes: Classes, segments: States) {
    this.#classes = classes;
    this.#segments = segments;
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
    if (step.kind === 'segment') return [layout.OP_SEGMENT, ...u16(this.#segments.start(step.automaton))];
    const most = step.most === Infinity ? layout.RUN_UNBOUNDED : step.most;
    return [layout.OP_RUN, this.#classes.index(step.set), ...u16(step.least), ...u16(most)];
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

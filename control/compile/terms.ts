/** Terms as a trie of bytes in a double array (filter/scan/terms.ts walks it), and the keys that their first words begin with. */
import * as layout from '../../filter/table/layout.ts';
import type { TermEntry } from '../rules/phrase.ts';

/** Entries by text, each with the number of what its end means. */
export interface NumberedEntry extends TermEntry {
  set: number;
}

interface Node {
  next: Map<number, Node>;
  word?: number;
  stem?: number;
  /** Ends of entries here and behind. */
  ends: number;
}

export interface TermSections {
  keys: Uint8Array;
  cells: Uint8Array;
  tails: Uint8Array;
}

/** Lays the entries, no two of them alike. */
export function layTerms(entries: readonly NumberedEntry[]): TermSections {
  const root: Node = { next: new Map(), ends: entries.length };
  const keys = new Uint8Array(layout.TERM_KEYS_BYTES);
  for (const { text, isStem, set } of entries) {
    let node = root;
    for (const byte of Buffer.from(text)) {
      const next = node.next.get(byte) ?? { next: new Map(), ends: 0 };
      next.ends++;
      node.next.set(byte, next);
      node = next;
    }
    node[isStem ? 'stem' : 'word'] = set;
    for (const key of keysOf(text, isStem)) {
      const bit = hashKey(key);
      keys[bit >> 3]! |= 1 << (bit & 7);
    }
  }
  const tails = new Tails();
  const cells = layCells(root, tails);
  return { keys, cells, tails: tails.toBytes() };
}

const ascii = /^[a-z0-9]+/;
const wordCharacters = [...'abcdefghijklmnopqrstuvwxyz0123456789'];

/**
 * Up to four characters that a text in ASCII begins with where the entry begins: all of a short word. A word that begins
 * with other characters is looked at without a key.
 */
function keysOf(text: string, isStem: boolean): string[] {
  const first = ascii.exec(text)?.[0] ?? '';
  if (first.length >= 4 || first === '') return first === '' ? [] : [first.slice(0, 4)];
  if (!isStem || first.length < text.length) return [first];
  let open = [first];
  const keys = [first];
  while (open[0]!.length < 4) {
    open = open.flatMap((key) => wordCharacters.map((character) => key + character));
    keys.push(...open);
  }
  return keys;
}

function hashKey(key: string): number {
  const number = [...key].reduceRight((number, character) => (number << 8) | character.charCodeAt(0), 0);
  return Math.imul(number, layout.KEY_MULTIPLIER) >>> (32 - layout.TERM_KEY_BITS);
}

/** Rests of entries, each stored once, also where it is the end of another. */
class Tails {
  readonly #texts: { cell: number; bytes: string }[] = [];
  readonly #offsets = new Map<string, number>();
  #bytes = '';

  /** Notes that a cell has the tail of a node behind which one entry ends. */
  add(cell: number, node: Node): void {
    let bytes = '';
    let at = node;
    for (let [next] = at.next; next; [next] = at.next) {
      bytes += String.fromCharCode(next[0]);
      at = next[1];
    }
    const set = (at.word ?? at.stem) as number;
    const end = at.word === undefined ? layout.TERM_STEM_BYTE : layout.TERM_WORD_BYTE;
    this.#texts.push({ cell, bytes: bytes + String.fromCharCode(end, set & 255, set >> 8) });
  }

  /** Where the tail of each cell begins. */
  lay(): Map<number, number> {
    const cells = new Map<number, number>();
    for (const { cell, bytes } of this.#texts.toSorted((a, b) => b.bytes.length - a.bytes.length)) {
      let offset = this.#offsets.get(bytes);
      if (offset === undefined) {
        offset = this.#bytes.length;
        this.#bytes += bytes;
        for (let i = 0; i + layout.TAIL_END_BYTES <= bytes.length; i++)
          if (!this.#offsets.has(bytes.slice(i))) this.#offsets.set(bytes.slice(i), offset + i);
      }
      cells.set(cell, offset);
    }
    return cells;
  }

  toBytes(): Uint8Array {
    return Buffer.from(this.#bytes, 'latin1');
  }
}

/** A cell for each node, and for each end: that of a node's next byte is at the node's base plus the byte. */
function layCells(root: Node, tails: Tails): Uint8Array {
  const values: number[] = [0];
  const before: number[] = [layout.NO_CELL];
  // Nodes of one byte take the first free cell; others look from where the last ones found room, so that this stays quick.
  let firstFree = 1;
  let firstRoom = 1;
  const isFree = (cell: number) => cell > 0 && before[cell] === undefined;
  const place = (bytes: readonly number[]): number => {
    const least = bytes[0] as number;
    while (!isFree(firstFree)) firstFree++;
    firstRoom = Math.max(firstRoom, firstFree);
    const isOne = bytes.length === 1;
    let tries = 0;
    for (let cell = Math.max(least, isOne ? firstFree : firstRoom); ; cell++) {
      if (!isFree(cell) || !bytes.every((byte) => isFree(cell - least + byte))) {
        tries++;
        continue;
      }
      if (!isOne && tries > 200) firstRoom = cell;
      return cell - least;
    }
  };

  const waiting: { node: Node; cell: number }[] = [{ node: root, cell: 0 }];
  for (let i = 0; i < waiting.length; i++) {
    const { node, cell } = waiting[i]!;
    if (node.ends === 1 && i > 0) {
      values[cell] = layout.CELL_IS_TAIL;
      tails.add(cell, node);
      continue;
    }
    const bytes = [...node.next.keys()];
    const hasMore = bytes.length > 0;
    if (node.word !== undefined) bytes.push(layout.TERM_WORD_BYTE);
    if (node.stem !== undefined) bytes.push(layout.TERM_STEM_BYTE);
    bytes.sort((a, b) => a - b);
    const base = place(bytes);
    for (const byte of bytes) {
      before[base + byte] = cell;
      values[base + byte] = 0;
    }
    if (node.word !== undefined) values[base + layout.TERM_WORD_BYTE] = node.word;
    if (node.stem !== undefined) values[base + layout.TERM_STEM_BYTE] = node.stem;
    values[cell] =
      (base |
        (node.next.has(0x20) ? layout.CELL_HAS_SPACE : 0) |
        (hasMore ? layout.CELL_HAS_MORE : 0) |
        (node.stem === undefined ? 0 : layout.CELL_ENDS_STEM) |
        (node.word === undefined ? 0 : layout.CELL_ENDS_WORD)) >>>
      0;
    for (const [byte, child] of node.next) waiting.push({ node: child, cell: base + byte });
  }
  const largest = values.reduce((most, value) => Math.max(most, value & layout.CELL_BASE_MASK), 0);
  const count = Math.max(values.length, largest + 256);
  if (count > layout.CELL_BASE_MASK) throw new RangeError(`the terms need ${count} cells`);
  for (const [cell, offset] of tails.lay()) values[cell] = (layout.CELL_IS_TAIL | offset) >>> 0;

  const cells = new DataView(new ArrayBuffer(count * layout.TERM_CELL_BYTES));
  for (let cell = 0; cell < count; cell++) {
    cells.setUint32(cell * layout.TERM_CELL_BYTES, values[cell] ?? 0, true);
    cells.setUint32(cell * layout.TERM_CELL_BYTES + 4, before[cell] ?? layout.NO_CELL, true);
  }
  return new Uint8Array(cells.buffer);
}

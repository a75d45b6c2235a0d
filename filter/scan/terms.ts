// Terms in a row of words: every word begins a walk in the trie of table/layout.ts, and a walk that a word did not end goes on
// with the next one. What an entry's end means is told to steps.ts.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { IN_TAIL, ROOT_BYTES, rootOf } from '../table/roots';
import * as unicode from '../view/unicode';
import { endEntry, passWord } from './steps';

/** More walks at a time than words in an entry would be one text that begins many; the newest are left out. */
const MOST_WALKS: u32 = 24;
const WALK_BYTES: u32 = 12;

/** Cell, place and offset of the first word. */
let walks: usize = memory.data(288); // MOST_WALKS × WALK_BYTES
let walkCount: u32 = 0;
/** Those of the word before, while the next one is taken. */
let lastWalks: usize = memory.data(288);
/** Of the word before. */
let lastHalves: u32 = 0;
let lastSentence: u32 = 0;

/** Bytes of saveTerms, at most. */
export const TERMS_BYTES: usize = 304;

/** Begins a text. */
export function beginTerms(): void {
  walkCount = 0;
  lastHalves = 0;
  lastSentence = 0;
}

/** Whether a next word may end an entry that has begun. */
export function hasWalks(): bool {
  return walkCount > 0;
}

/** Where the first entry that may end later begins, in half words. */
export function firstPlace(): u32 {
  let first = unicode.placeNow();
  for (let i: u32 = 0; i < walkCount; i++) first = min(first, load<u32>(walks + <usize>(i * WALK_BYTES), 4));
  return first;
}

/** Takes the word that was read last (view/unicode.ts). */
export function takeWord(): void {
  passWord();
  const known = unicode.sentence == lastSentence ? walkCount : 0;
  const withSpace = lastHalves == 2 || unicode.wordHalves == 2;
  const before = walks;
  walks = lastWalks;
  lastWalks = before;
  walkCount = 0;
  for (let i: u32 = 0; i < known; i++) {
    const at = before + <usize>(i * WALK_BYTES);
    let cell = load<u32>(at);
    if (withSpace) cell = step(cell, 0x20);
    if (cell != 0) walk(cell, load<u32>(at, 4), load<u32>(at, 8));
  }
  walk(0, unicode.wordPlace, unicode.wordStart);
  lastHalves = unicode.wordHalves;
  lastSentence = unicode.sentence;
}

function walk(cell: u32, place: u32, start: u32): void {
  walkBytes(cell, unicode.word, unicode.wordLength, place, start);
  if (unicode.otherLength != 0) walkBytes(cell, unicode.otherWord, unicode.otherLength, place, start);
}

/** Walks on from a cell with the bytes of a word; notes where entries end, and the walk where it goes on. */
function walkBytes(cell: u32, bytes: usize, length: usize, place: u32, start: u32): void {
  const cells = table.termCells;
  const tails = table.termTails;
  const to = bytes + length;
  if (cell == 0 && length >= ROOT_BYTES) {
    const root = rootOf(load<u32>(bytes));
    if (root != 0) {
      cell = root;
      bytes += ROOT_BYTES;
      if (endsStem(cell)) {
        endEntry(stemSetOf(cell), place, start);
        if ((cell & IN_TAIL) != 0) return;
      }
    }
  }
  // Down the cells, and then along the tail where one entry alone is left.
  while ((cell & IN_TAIL) == 0 && bytes < to) {
    const base = load<u32>(cells + ((<usize>cell) << 3)) & <u32>layout.CELL_BASE_MASK;
    const next = base + <u32>load<u8>(bytes++);
    const at = cells + ((<usize>next) << 3);
    if (load<u32>(at, 4) != cell) return;
    const value = load<u32>(at);
    cell = (value & <u32>layout.CELL_IS_TAIL) != 0 ? IN_TAIL | (value & <u32>layout.CELL_BASE_MASK) : next;
    if (endsStem(cell)) {
      endEntry(stemSetOf(cell), place, start);
      if ((cell & IN_TAIL) != 0) return;
    }
  }
  for (; bytes < to; bytes++, cell++) {
    const at = tails + <usize>(cell & ~IN_TAIL);
    if (load<u8>(at) != load<u8>(bytes)) return;
    if (<i32>load<u8>(at, 1) == layout.TERM_STEM_BYTE) {
      endEntry(load<u16>(at, 2), place, start);
      return;
    }
  }
  if (unicode.isCutWord) return;
  let goesOn = false;
  if ((cell & IN_TAIL) != 0) {
    const next = <i32>load<u8>(tailOf(cell));
    if (next == layout.TERM_WORD_BYTE) endEntry(load<u16>(tailOf(cell), 1), place, start);
    goesOn = unicode.wordHalves == 2 ? next == 0x20 : next >= layout.LEAST_TERM_BYTE;
  } else {
    const value = load<u32>(cells + ((<usize>cell) << 3));
    if ((value & <u32>layout.CELL_ENDS_WORD) != 0) endEntry(setOf(value, layout.TERM_WORD_BYTE), place, start);
    const flag = unicode.wordHalves == 2 ? <u32>layout.CELL_HAS_SPACE : <u32>layout.CELL_HAS_MORE;
    goesOn = (value & flag) != 0;
  }
  if (!goesOn || walkCount == MOST_WALKS) return;
  if (unicode.wordHalves == 2) {
    // Most first words of a group have another word behind them than the group.
    const letter = unicode.nextLetter();
    if (letter != 0 && step(step(cell, 0x20), <u8>letter) == 0) return;
  }
  const at = walks + <usize>(walkCount * WALK_BYTES);
  store<u32>(at, cell);
  store<u32>(at, place, 4);
  store<u32>(at, start, 8);
  walkCount++;
}

function tailOf(cell: u32): usize {
  return table.termTails + <usize>(cell & ~IN_TAIL);
}

/** Whether an entry with any ending ends with a cell. */
function endsStem(cell: u32): bool {
  if ((cell & IN_TAIL) != 0) return <i32>load<u8>(tailOf(cell)) == layout.TERM_STEM_BYTE;
  return (load<u32>(table.termCells + ((<usize>cell) << 3)) & <u32>layout.CELL_ENDS_STEM) != 0;
}

function stemSetOf(cell: u32): u32 {
  if ((cell & IN_TAIL) != 0) return load<u16>(tailOf(cell), 1);
  return setOf(load<u32>(table.termCells + ((<usize>cell) << 3)), layout.TERM_STEM_BYTE);
}

/** The cell behind `cell` and a byte; 0 for none. */
function step(cell: u32, byte: u8): u32 {
  if ((cell & IN_TAIL) != 0)
    return load<u8>(tailOf(cell)) == byte && <i32>byte >= layout.LEAST_TERM_BYTE ? cell + 1 : 0;
  const base = load<u32>(table.termCells + ((<usize>cell) << 3)) & <u32>layout.CELL_BASE_MASK;
  const next = base + <u32>byte;
  const at = table.termCells + ((<usize>next) << 3);
  if (load<u32>(at, 4) != cell) return 0;
  const value = load<u32>(at);
  return (value & <u32>layout.CELL_IS_TAIL) != 0 ? IN_TAIL | (value & <u32>layout.CELL_BASE_MASK) : next;
}

/** The set of the entry that ends with a cell of this value. */
function setOf(value: u32, end: u32): u32 {
  const cell = <usize>((value & <u32>layout.CELL_BASE_MASK) + end);
  return load<u32>(table.termCells + (cell << 3)) & <u32>layout.CELL_BASE_MASK;
}

/** Writes what goes from one piece of a text to the next, TERMS_BYTES. */
export function saveTerms(to: usize): void {
  store<u32>(to, walkCount);
  store<u32>(to, lastHalves, 4);
  store<u32>(to, lastSentence, 8);
  memory.copy(to + 16, walks, MOST_WALKS * WALK_BYTES);
}

export function loadTerms(from: usize): void {
  walkCount = load<u32>(from);
  lastHalves = load<u32>(from, 4);
  lastSentence = load<u32>(from, 8);
  memory.copy(walks, from + 16, MOST_WALKS * WALK_BYTES);
}

// The second asc entry: the stages from table to finding without a host, as build/scanner.wasm. Rule tests, fuzzing and
// the bench drive the very code of the filter through it.

import { findIn, wasCut } from './finding/find';
import * as findings from './finding/findings';
import { sha256 } from './finding/sha256';
import { clearTrace, setTracing, traceCount, traceField } from './finding/trace';
import { validate as validateHit } from './finding/validate';
import * as phrases from './scan/phrases';
import { clearFound, phraseCount, phraseEnd, phraseRule, phraseStart } from './scan/steps';
import { loadTable as load_, refusal } from './table/read';
import { MARGIN } from './view/arena';

let text: usize = 0;

/** Address of `length` bytes to write a table or a text to; the last ones are given up. */
export function reserve(length: u32): usize {
  if (text != 0) heap.free(text - MARGIN);
  text = heap.alloc(<usize>length + 2 * MARGIN) + MARGIN;
  return text;
}

/** Loads the table of `length` bytes that was written to the reserved place; why not, or null. */
export function loadTable(length: u32): string | null {
  load_(text, length);
  return refusal;
}

/** Finds in the text of `length` bytes; gives the number of findings. */
export function find(length: u32, surface: i32): u32 {
  clearTrace();
  findings.clearFindings();
  findIn(text, length, surface);
  return findings.findingCount();
}

let saved: usize = 0;
let savedCapacity: usize = 0;

/** Begins a text that is read for phrases in pieces. */
export function beginPhrases(): void {
  phrases.beginText();
  clearFound();
}

/** Reads the `length` bytes at the reserved place as the next piece. */
export function feedPhrases(length: u32): void {
  phrases.feedText(text, text + length);
}

/** Ends the text. */
export function endPhrases(): void {
  phrases.endText();
}

/** Rules that were found in it since takePhrases. */
export { phraseCount };

export function takePhrases(): void {
  clearFound();
}

/** Writes the state of the text away, reads another one and takes it up again. */
export function swapPhrases(): usize {
  const bytes = phrases.textBytes();
  if (bytes > savedCapacity) {
    if (saved != 0) heap.free(saved);
    saved = heap.alloc(bytes);
    savedCapacity = bytes;
  }
  phrases.saveText(saved);
  phrases.beginText();
  phrases.feedText(text, text);
  phrases.loadText(saved);
  return bytes;
}

export function foundRule(i: u32): u32 {
  return phraseRule(i);
}

export function foundStart(i: u32): u32 {
  return phraseStart(i);
}

export function foundEnd(i: u32): u32 {
  return phraseEnd(i);
}

/** Switches the trace (finding/trace.ts) on or off. */
export function trace(on: bool): void {
  setTracing(on);
}

/** Events of the last text's trace. */
export function eventCount(): u32 {
  return traceCount();
}

/** Field `index` of event `i` (finding/trace.ts). */
export function eventField(i: u32, index: u32): u32 {
  return traceField(i, index);
}

/** Whether the last text was not read to its end. */
export function cut(): bool {
  return wasCut;
}

export function rule(i: u32): u32 {
  return findings.findingRule(i);
}

export function isHigh(i: u32): bool {
  return findings.findingIsHigh(i);
}

export function chain(i: u32): u32 {
  return findings.findingChain(i);
}

export function end(i: u32): u32 {
  return findings.findingEnd(i);
}

export function offset(i: u32): u32 {
  return findings.findingOffset(i);
}

/** The validator with the number `validator` on the text of `length` bytes. */
export function validate(validator: i32, length: u32): bool {
  return validateHit(validator, text, text + length, text);
}

/** Puts the SHA-256 of the text of `length` bytes (finding/sha256.ts) in its place. */
export function digest(length: u32): usize {
  sha256(text, length, text);
  return text;
}

/** Reads the text and nothing else, 64 bytes a step: what the bench sets the other figures beside. */
export function readAll(length: u32): i32 {
  let sum = i8x16.splat(0);
  for (let p = text; p < text + length; p += 64)
    sum = v128.xor(
      v128.xor(sum, v128.xor(v128.load(p), v128.load(p, 16))),
      v128.xor(v128.load(p, 32), v128.load(p, 48)),
    );
  return i32x4.extract_lane(sum, 0);
}

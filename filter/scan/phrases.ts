// A text read for phrases of terms, whole or in pieces with the same result: begin, feed for each piece, end. What is found
// is in steps.ts (phraseCount …) and has to be taken before the next text begins.
import * as unicode from '../view/unicode';
import { beginSteps, endSteps, isNearEnd, loadSteps, saveSteps, stepsBytes } from './steps';
import { beginTerms, firstPlace, hasWalks, loadTerms, saveTerms, TERMS_BYTES, takeWord } from './terms';

/** Begins a text. */
export function beginText(): void {
  unicode.beginText();
  beginTerms();
  beginSteps();
}

/** Reads the piece from `start` to `end` of the text that was begun. */
export function feedText(start: usize, end: usize): void {
  unicode.beginPiece(start, end);
  while (unicode.readWord(!hasWalks())) takeWord();
}

/** Ends the text. */
export function endText(): void {
  if (unicode.endText()) takeWord();
  endSteps();
}

/** Whether what comes next may make a phrase of high confidence whole, of which all steps but one are there. */
export function isNearPhrase(): bool {
  return isNearEnd(firstPlace());
}

/** Bytes that saveText writes now: some 1,500, more while many phrases are open, 11,000 at most. */
export function textBytes(): usize {
  return unicode.READER_BYTES + TERMS_BYTES + stepsBytes(firstPlace());
}

/** Writes the state of the text between two pieces to `to`, so that another text may be read in between. */
export function saveText(to: usize): void {
  unicode.saveReader(to);
  saveTerms(to + unicode.READER_BYTES);
  saveSteps(to + unicode.READER_BYTES + TERMS_BYTES, firstPlace());
}

/** Goes on with a text that was saved, with the same table. */
export function loadText(from: usize): void {
  unicode.loadReader(from);
  loadTerms(from + unicode.READER_BYTES);
  loadSteps(from + unicode.READER_BYTES + TERMS_BYTES);
}

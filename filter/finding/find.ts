// One text from its bytes to its findings: every view of it is opened and passed, every hit validated.

import { droppedBytes, readGrown } from '../scan/growing';
import { clearHits, hitCount, hitEnd, hitRule, hitStart, takeLost } from '../scan/hits';
import { beginText, endText, feedText } from '../scan/phrases';
import { beginPass, passedSigns, stepPass } from '../scan/prefilter';
import { clearFound, phraseCount, phraseEnd, phraseRule, phraseStart } from '../scan/steps';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { ASCII, holds, JOINED, lastOpened, RAW, SPACED } from '../view/encoding';
import * as list from '../view/list';
import { addFinding, ruleRecord } from './findings';
import { isInIban } from './iban';
import { isInRow } from './luhn';
import { isNear } from './near';
import { isExempt, isOwn } from './own';
import { isMasked } from './random';
import { isMadeUp, isSample } from './sample';
import { TRACE_FINDING, TRACE_HIT, TRACE_VIEW, trace } from './trace';
import { validate } from './validate';
import { beginViews, nextView, openViews, wereCut } from './views';
import { isFolded } from './wallet-address';

/** Whether the last text could not be opened to the end: more expansion than its room, or more hits than theirs. */
export let wasCut: bool = false;

/** Per rule where its last finding in the view begins and ends, so that one secret counts once. */
const LAST_BYTES: usize = 8192; // MAX_RULES × 8
const last: usize = memory.data(8192);
/** Whether the view before had any: most have none, and then there is nothing to forget. */
let hasLast: bool = false;

/**
 * Adds the findings of the text at `start` (a margin of view/arena.ts on both sides) to the message's. `surface` says
 * where in the exchange it stands; what belongs to the destination (own.ts) is left out. `chain` says what was opened to
 * get the text itself; of a text that has grown `growing` is what was read before (scan/growing.ts).
 */
export function findIn(start: usize, length: u32, surface: i32, chain: u32 = RAW, growing: usize = 0): void {
  wasCut = false;
  if (length == 0 || load<u8>(table.policy + <usize>surface, layout.POLICY_SURFACES) == 0) return;
  const hasPhrases = table.hasTerms && load<u8>(table.policy + <usize>surface, layout.POLICY_PHRASE_SURFACES) != 0;
  beginViews(start, length, chain);
  while (nextView()) {
    readView(surface);
    const code = lastOpened(list.viewChain);
    // The reader of phrases folds characters itself.
    if (hasPhrases && code != JOINED && code != ASCII) {
      if (growing != 0 && list.viewChain == chain) readGrownPhrases(surface, growing);
      else readPhrases(surface);
    }
    openViews(passedSigns(), surface == layout.SURFACE_URL, hasPhrases);
  }
  wasCut = wasCut || wereCut;
}

function readView(surface: i32): void {
  trace(TRACE_VIEW, 0, list.viewChain, 0, list.viewEnd - list.viewStart);
  if (hasLast) memory.fill(last, 0, LAST_BYTES);
  hasLast = false;
  beginPass(list.viewStart, list.viewEnd, surface);
  while (stepPass()) readHits(surface);
  readHits(surface);
  if (takeLost()) wasCut = true;
}

/** Reads the view for phrases of terms. */
function readPhrases(surface: i32): void {
  beginText();
  feedText(list.viewStart, list.viewEnd);
  endText();
  takePhrases(surface, 0);
}

/** The same of a view that has grown. */
function readGrownPhrases(surface: i32, growing: usize): void {
  readGrown(growing, list.viewStart, list.viewEnd);
  takePhrases(surface, droppedBytes(growing));
}

/** Adds the findings of the phrases; the view begins behind `dropped` bytes of what they were found in. */
function takePhrases(surface: i32, dropped: u32): void {
  for (let i: u32 = 0; i < phraseCount(); i++) {
    const index = phraseRule(i);
    const rule = ruleRecord(index);
    if (table.isSilent(index, surface)) continue;
    const start = phraseStart(i) - min(phraseStart(i), dropped);
    const end = phraseEnd(i) - min(phraseEnd(i), dropped);
    trace(TRACE_HIT, index, list.viewChain, start, end);
    if (isExempt(rule)) continue;
    trace(TRACE_FINDING, index, list.viewChain, start, end);
    addFinding(index, (load<u8>(rule, layout.RULE_FLAGS) & layout.RULE_FLAG_HIGH) != 0, list.viewChain, start, end);
  }
  clearFound();
}

function readHits(surface: i32): void {
  const count = hitCount();
  for (let i: u32 = 0; i < count; i++) readHit(hitRule(i), hitStart(i), hitEnd(i), surface);
  clearHits();
}

function readHit(index: u32, start: usize, end: usize, surface: i32): void {
  if (table.isSilent(index, surface)) return;
  const rule = ruleRecord(index);
  const flags = load<u8>(rule, layout.RULE_FLAGS);
  // The ways in which a rule is found come one behind the other, so a hit may also lie before the last finding.
  const lastOfRule = last + ((<usize>index) << 3);
  if (start >= <usize>load<u32>(lastOfRule) && start < <usize>load<u32>(lastOfRule, 4)) return;
  trace(TRACE_HIT, index, list.viewChain, start - list.viewStart, end - list.viewStart);
  if (!mayCount(rule, start, end)) return;
  if (isExempt(rule)) return;
  if (flags & layout.RULE_FLAG_CREDENTIAL && (isOwn(rule, surface) || isMasked(start, end))) return;
  const validator = <i32>load<u8>(rule, layout.RULE_VALIDATOR);
  if (!validate(validator, start, end, list.viewStart)) return;
  const isAddress = validator == layout.VALIDATOR_ADDRESS;
  if (isAddress && isSample(rule, start, end, isFolded(start))) return;
  if (validator == layout.VALIDATOR_LUHN && isPartOfLonger(start, end)) return;
  let isHigh = (flags & layout.RULE_FLAG_HIGH) != 0;
  const isNamed = load<u32>(rule, layout.RULE_NEAR_COUNT) > 0 && isNear(rule, start, end, list.viewStart, list.viewEnd);
  if (flags & layout.RULE_FLAG_NEAR_REQUIRED) {
    if (!isNamed) return;
  } else isHigh = isHigh || isNamed;
  isHigh = isHigh && (isAddress || !isMadeUp(rule, start, end));
  hasLast = true;
  store<u32>(lastOfRule, <u32>start);
  store<u32>(lastOfRule, <u32>end, 4);
  trace(TRACE_FINDING, index, list.viewChain, start - list.viewStart, end - list.viewStart);
  addFinding(index, isHigh, list.viewChain, <u32>(start - list.viewStart), <u32>(end - list.viewStart));
}

/** Whether a card number is a piece of a longer one that is none. */
function isPartOfLonger(start: usize, end: usize): bool {
  return isInRow(start, end, list.viewStart, list.viewEnd) || isInIban(start, list.viewStart);
}

/**
 * Whether the view's kind lets the rule count. Where neighbours were put together, only what they do not make by chance: a
 * rule of high confidence that begins with a fixed text or a name. Where characters stood apart, a number has to be all of them.
 */
function mayCount(rule: usize, start: usize, end: usize): bool {
  const code = lastOpened(list.viewChain);
  const flags = load<u8>(rule, layout.RULE_FLAGS);
  if (holds(list.viewChain, JOINED)) return (flags & layout.RULE_FLAG_UNLIKELY) != 0;
  if (code != SPACED || (flags & layout.RULE_FLAG_CREDENTIAL) != 0) return true;
  return (start == list.viewStart || load<u8>(start - 1) == 0x0a) && (end >= list.viewEnd || load<u8>(end) == 0x0a);
}

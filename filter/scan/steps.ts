// Phrases: entries of terms in a row, with gaps in words. A phrase that has begun is a few numbers, kept by the stage that it
// has come to (table/layout.ts); of those at one stage the last one counts, and older ones where it overlaps the next step.
// Longer than most files: what is open, what waits for a word that stops it and what was found are one state, saved as one.
import * as layout from '../table/layout';
import * as table from '../table/read';
import * as unicode from '../view/unicode';

/** As many phrases may be open at a time; the oldest give way. A text that opens more in 40 words is made for that. */
const MOST_OPEN: u32 = 256;
const OPEN_BYTES: usize = 32;
/** Found phrases that wait for a word which may stop them. */
const MOST_WAITING: u32 = 16;
const WAITING_BYTES: usize = 32;
const STOP_BYTES: usize = 12;
const FOUND_BYTES: usize = 12;

/** Open phrases by number, round and round: before (4), end place, sentence, start offset, place and sentence, stage. */
const open: usize = memory.data(8192); // MOST_OPEN × OPEN_BYTES
/** Number of the next one; numbers go on from text to text. */
let nextOpen: u32 = 1;
/** Those of the text are from here on. */
let firstOpen: u32 = 1;
/** The last one at each stage. */
const heads: usize = memory.data(32768); // MAX_STAGES × 4
/** Up to this place an open phrase at the stage may go on. */
const stagesUpTo: usize = memory.data(32768); // MAX_STAGES × 4

/** Of each list of words that stop a phrase the last entry: place, sentence and end place; end place 0 for none. */
const stops: usize = memory.data(768); // MAX_STOPS × STOP_BYTES

/** Rule, list of stops, start offset, place and sentence, end offset, place and sentence. */
const waiting: usize = memory.data(512); // MOST_WAITING × WAITING_BYTES
let waitingCount: u32 = 0;

/** What has been found and not been taken: rule, start, end; and a bit for each rule that has been found in the text. */
const found: usize = memory.data(12288); // MAX_RULES × FOUND_BYTES
let foundCount: u32 = 0;
const isFound: usize = memory.data(128); // MAX_RULES bits

/** Begins a text. */
export function beginSteps(): void {
  if (nextOpen > 0x7fffffff) {
    memory.fill(heads, 0, layout.MAX_STAGES * 4);
    nextOpen = 1;
  }
  firstOpen = nextOpen;
  memory.fill(stagesUpTo, 0, (<usize>table.stageCount) << 2);
  waitingCount = 0;
  foundCount = 0;
  memory.fill(stops, 0, <usize>layout.MAX_STOPS * STOP_BYTES);
  memory.fill(isFound, 0, 128);
}

/** Takes a word before its entries: what waited for a word that stops it has waited long enough behind some. */
export function passWord(): void {
  if (waitingCount == 0) return;
  const end = unicode.wordPlace + unicode.wordHalves;
  for (let i: u32 = 0; i < waitingCount; ) {
    const at = waiting + <usize>i * WAITING_BYTES;
    if (unicode.sentence == load<u32>(at, 28) && end <= load<u32>(at, 24) + <u32>layout.STOP_AFTER) {
      i++;
      continue;
    }
    find(load<u32>(at), load<u32>(at, 8), load<u32>(at, 20));
    dropWaiting(i);
  }
}

/** Ends the text: nothing more can stop what waits. */
export function endSteps(): void {
  for (let i: u32 = 0; i < waitingCount; i++) {
    const at = waiting + <usize>i * WAITING_BYTES;
    find(load<u32>(at), load<u32>(at, 8), load<u32>(at, 20));
  }
  waitingCount = 0;
}

/** An entry that began at a place and an offset ends with the word that was read last; `set` says what that means. */
export function endEntry(set: u32, place: u32, start: u32): void {
  const record = table.termSets + <usize>set * layout.SET_BYTES;
  let at = table.termSteps + <usize>load<u32>(record, layout.SET_FIRST) * layout.STEP_BYTES;
  const end = at + <usize>load<u32>(record, layout.SET_COUNT) * layout.STEP_BYTES;
  for (; at < end; at += layout.STEP_BYTES) {
    const from = <u32>load<u16>(at, layout.STEP_FROM);
    // Of most stages no phrase is open.
    if (from != 0 && place > load<u32>(stagesUpTo + ((<usize>from) << 2))) continue;
    const to = <u32>load<u16>(at, layout.STEP_TO);
    if (from == 0) {
      if ((load<u16>(at, layout.STEP_FLAGS) & layout.STEP_FLAG_STOP) != 0) stop(to, place);
      else reach(to, start, place, unicode.sentence);
      continue;
    }
    let number = load<u32>(heads + ((<usize>from) << 2));
    while (isOpen(number) && load<u32>(addressOf(number), 4) > place) number = load<u32>(addressOf(number));
    if (!isOpen(number)) continue;
    const before = addressOf(number);
    if (place - load<u32>(before, 4) > <u32>load<u16>(at, layout.STEP_GAP)) continue;
    const crosses = (load<u16>(at, layout.STEP_FLAGS) & layout.STEP_FLAG_CROSSES) != 0;
    if (!crosses && load<u32>(before, 8) != unicode.sentence) continue;
    reach(to, load<u32>(before, 12), load<u32>(before, 16), load<u32>(before, 20));
  }
}

function isOpen(number: u32): bool {
  return number >= firstOpen && nextOpen - number <= MOST_OPEN;
}

function addressOf(number: u32): usize {
  return open + <usize>(number & (MOST_OPEN - 1)) * OPEN_BYTES;
}

/** A phrase has come to a stage with the word that was read last. */
function reach(stage: u32, start: u32, startPlace: u32, startSentence: u32): void {
  const record = table.stages + <usize>stage * layout.STAGE_BYTES;
  const count = <u32>load<u16>(record, layout.STAGE_END_COUNT);
  const ends = table.stageEnds + <usize>load<u16>(record, layout.STAGE_FIRST_END) * layout.STAGE_END_BYTES;
  for (let i: u32 = 0; i < count; i++) {
    const end = ends + <usize>i * layout.STAGE_END_BYTES;
    const rule = <u32>load<u16>(end, layout.STAGE_END_RULE);
    const list = <u32>load<u16>(end, layout.STAGE_END_STOP);
    if (list == <u32>layout.NO_STOP) find(rule, start, unicode.wordEnd);
    else wait(rule, list, start, startPlace, startSentence);
  }
  if ((load<u16>(record, layout.STAGE_FLAGS) & layout.STAGE_FLAG_GOES_ON) == 0) return;
  const place = unicode.wordPlace + unicode.wordHalves;
  const head = load<u32>(heads + ((<usize>stage) << 2));
  if (isOpen(head) && load<u32>(addressOf(head), 4) == place) {
    // Of phrases that end at the same word the shortest counts.
    if (load<u32>(addressOf(head), 16) < startPlace) setStart(addressOf(head), start, startPlace, startSentence);
    return;
  }
  add(stage, place, unicode.sentence, start, startPlace, startSentence);
}

function add(stage: u32, place: u32, sentence: u32, start: u32, startPlace: u32, startSentence: u32): void {
  const head = heads + ((<usize>stage) << 2);
  const at = addressOf(nextOpen);
  store<u32>(at, load<u32>(head));
  store<u32>(at, place, 4);
  store<u32>(at, sentence, 8);
  setStart(at, start, startPlace, startSentence);
  store<u32>(at, stage, 24);
  store<u32>(head, nextOpen++);
  const upTo = place + reachOf(stage);
  store<u32>(stagesUpTo + ((<usize>stage) << 2), upTo);
  unicode.keepSentences(upTo);
}

function setStart(at: usize, start: u32, place: u32, sentence: u32): void {
  store<u32>(at, start, 12);
  store<u32>(at, place, 16);
  store<u32>(at, sentence, 20);
}

function reachOf(stage: u32): u32 {
  return load<u16>(table.stages + <usize>stage * layout.STAGE_BYTES, layout.STAGE_REACH);
}

/** An entry that stops phrases ends with the word that was read last. */
function stop(list: u32, place: u32): void {
  const at = stops + <usize>list * STOP_BYTES;
  const end = unicode.wordPlace + unicode.wordHalves;
  if (load<u32>(at, 8) == 0 || place >= load<u32>(at)) {
    store<u32>(at, place);
    store<u32>(at, unicode.sentence, 4);
    store<u32>(at, end, 8);
    unicode.keepSentences(end + layout.STOP_BEFORE);
  }
  for (let i: u32 = 0; i < waitingCount; ) {
    const one = waiting + <usize>i * WAITING_BYTES;
    if (load<u32>(one, 4) == list && stands(place, unicode.sentence, end, one)) dropWaiting(i);
    else i++;
  }
}

/** Whether an entry that stops phrases stands near enough to one that waits. */
function stands(place: u32, sentence: u32, end: u32, one: usize): bool {
  const startPlace = load<u32>(one, 12);
  if (place < startPlace) return sentence == load<u32>(one, 16) && startPlace - place <= <u32>layout.STOP_BEFORE;
  const endPlace = load<u32>(one, 24);
  if (end > endPlace) return sentence == load<u32>(one, 28) && end - endPlace <= <u32>layout.STOP_AFTER;
  return true;
}

/** A phrase ends with the word that was read last, and a word near it may stop it. */
function wait(rule: u32, list: u32, start: u32, startPlace: u32, startSentence: u32): void {
  const endPlace = unicode.wordPlace + unicode.wordHalves;
  let i: u32 = 0;
  for (; i < waitingCount; i++) {
    const one = waiting + <usize>i * WAITING_BYTES;
    if (load<u32>(one) != rule) continue;
    if (load<u32>(one, 24) != endPlace || load<u32>(one, 12) >= startPlace) return;
    break;
  }
  if (i == MOST_WAITING) {
    find(rule, start, unicode.wordEnd);
    return;
  }
  const at = waiting + <usize>i * WAITING_BYTES;
  store<u32>(at, rule);
  store<u32>(at, list, 4);
  store<u32>(at, start, 8);
  store<u32>(at, startPlace, 12);
  store<u32>(at, startSentence, 16);
  store<u32>(at, unicode.wordEnd, 20);
  store<u32>(at, endPlace, 24);
  store<u32>(at, unicode.sentence, 28);
  if (i == waitingCount) waitingCount++;
  unicode.keepSentences(endPlace + layout.STOP_AFTER);
  const last = stops + <usize>list * STOP_BYTES;
  const end = load<u32>(last, 8);
  if (end != 0 && stands(load<u32>(last), load<u32>(last, 4), end, at)) dropWaiting(i);
}

function dropWaiting(i: u32): void {
  waitingCount--;
  memory.copy(waiting + <usize>i * WAITING_BYTES, waiting + <usize>waitingCount * WAITING_BYTES, WAITING_BYTES);
}

/** Notes a phrase; of each rule the first of a text. */
function find(rule: u32, start: u32, end: u32): void {
  const bits = isFound + (<usize>rule >> 3);
  const bit: u8 = 1 << (<u8>(rule & 7));
  if ((load<u8>(bits) & bit) != 0) {
    for (let i: u32 = 0; i < foundCount; i++) {
      const at = found + <usize>i * FOUND_BYTES;
      if (load<u32>(at) == rule && load<u32>(at, 8) == end && load<u32>(at, 4) < start) store<u32>(at, start, 4);
    }
    return;
  }
  store<u8>(bits, load<u8>(bits) | bit);
  const at = found + <usize>foundCount * FOUND_BYTES;
  store<u32>(at, rule);
  store<u32>(at, start, 4);
  store<u32>(at, end, 8);
  foundCount++;
}

/** How many rules have been found since the last clearFound. */
export function phraseCount(): u32 {
  return foundCount;
}

export function phraseRule(i: u32): u32 {
  return load<u32>(found + <usize>i * FOUND_BYTES);
}

/** Where the phrase begins and ends, in bytes of the text. */
export function phraseStart(i: u32): u32 {
  return load<u32>(found + <usize>i * FOUND_BYTES, 4);
}

export function phraseEnd(i: u32): u32 {
  return load<u32>(found + <usize>i * FOUND_BYTES, 8);
}

export function clearFound(): void {
  foundCount = 0;
}

/** Whether one more step makes a phrase of high confidence whole, where entries that end later begin at `place` or behind it. */
export function isNearEnd(place: u32): bool {
  for (let number = oldest(); number < nextOpen; number++) {
    if (!isLive(number, place)) continue;
    const at = addressOf(number);
    const flags = load<u16>(table.stages + <usize>load<u32>(at, 24) * layout.STAGE_BYTES, layout.STAGE_FLAGS);
    if ((flags & layout.STAGE_FLAG_NEAR_END) == 0) continue;
    if ((flags & layout.STAGE_FLAG_CROSSES) != 0 || isSentence(load<u32>(at, 8))) return true;
  }
  return false;
}

function isSentence(sentence: u32): bool {
  return sentence == unicode.sentence && !unicode.isSentenceOver();
}

/** Bytes of saveSteps now; entries that end later begin at `place` or behind it. */
export function stepsBytes(place: u32): usize {
  return (
    8 +
    128 +
    <usize>layout.MAX_STOPS * STOP_BYTES +
    <usize>waitingCount * WAITING_BYTES +
    <usize>liveCount(place) * OPEN_BYTES
  );
}

function oldest(): u32 {
  return max(firstOpen, nextOpen > MOST_OPEN ? nextOpen - MOST_OPEN : 1);
}

function isLive(number: u32, place: u32): bool {
  const at = addressOf(number);
  return load<u32>(at, 4) + reachOf(load<u32>(at, 24)) >= place;
}

function liveCount(place: u32): u32 {
  let count: u32 = 0;
  for (let number = oldest(); number < nextOpen; number++) if (isLive(number, place)) count++;
  return count;
}

/** Writes what goes from one piece of a text to the next, stepsBytes(place). What was found has to be taken before. */
export function saveSteps(to: usize, place: u32): void {
  store<u32>(to, waitingCount);
  store<u32>(to, liveCount(place), 4);
  to += 8;
  memory.copy(to, isFound, 128);
  to += 128;
  memory.copy(to, stops, <usize>layout.MAX_STOPS * STOP_BYTES);
  to += <usize>layout.MAX_STOPS * STOP_BYTES;
  memory.copy(to, waiting, <usize>waitingCount * WAITING_BYTES);
  to += <usize>waitingCount * WAITING_BYTES;
  for (let number = oldest(); number < nextOpen; number++) {
    if (!isLive(number, place)) continue;
    memory.copy(to, addressOf(number), OPEN_BYTES);
    to += OPEN_BYTES;
  }
}

/** Goes on with the text that saveSteps was called for. */
export function loadSteps(from: usize): void {
  beginSteps();
  waitingCount = load<u32>(from);
  const count = load<u32>(from, 4);
  from += 8;
  memory.copy(isFound, from, 128);
  from += 128;
  memory.copy(stops, from, <usize>layout.MAX_STOPS * STOP_BYTES);
  from += <usize>layout.MAX_STOPS * STOP_BYTES;
  memory.copy(waiting, from, <usize>waitingCount * WAITING_BYTES);
  from += <usize>waitingCount * WAITING_BYTES;
  for (let i: u32 = 0; i < count; i++, from += OPEN_BYTES)
    add(
      load<u32>(from, 24),
      load<u32>(from, 4),
      load<u32>(from, 8),
      load<u32>(from, 12),
      load<u32>(from, 16),
      load<u32>(from, 20),
    );
}

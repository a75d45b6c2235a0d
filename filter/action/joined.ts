// The texts that the lines of a stream or the messages of a WebSocket carry, each put together from its pieces (view/sse.ts)
// and read as it grows, so that what is cut over many events is found. Of each the end is kept, long enough for what is found across its border.
import { dropGrown, forgetGrown, freeGrown, GROWING_BYTES, isNearGrown } from '../scan/growing';
import { isUnfinished } from '../scan/unfinished';
import * as layout from '../table/layout';
import { MARGIN } from '../view/arena';
import { opened, RAW, STREAM } from '../view/encoding';
import { Exchange } from './exchange';
import { readPiece } from './judge';
import { unescape } from './unescape';

/** Choices, tool calls and reasoning of an answer that go on at once; a further one takes the place of the oldest. */
const CHANNELS: u32 = 8;
/** A text of more is cut to its last KEPT_BYTES. */
const TEXT_BYTES: u32 = 4096;
const KEPT_BYTES: u32 = 2048;

/** One text: which, how long, when last added to, whether its end may be the beginning of a match, and what of it has been read
 * for phrases (scan/growing.ts); then its bytes. */
const CHANNEL: usize = 0;
const LENGTH: usize = 4;
const TURN: usize = 8;
const UNFINISHED: usize = 12;
const GROWING: usize = 16;
const HEAD_BYTES: usize = GROWING + GROWING_BYTES;
const STEP_BYTES: usize = HEAD_BYTES + TEXT_BYTES + 2 * MARGIN;

/** The texts of an exchange: how often they were added to, and where each is, 0 for none yet. */
const RECORD_BYTES: usize = 36; // 4 + CHANNELS × 4

let turn: u32 = 0;

/**
 * Adds a piece, as it is written in JSON where `isEscaped`, to its text and reads that. Gives the verdict. `surface`: the
 * request's body or the answer's, whose texts are their own.
 */
export function readOn(exchange: Exchange, surface: i32, channel: u32, start: usize, end: usize, isEscaped: bool): i32 {
  const text = textOf(placeOf(exchange, surface), channel);
  let strongest = layout.VERDICT_ALLOW;
  let p = start;
  while (p < end) {
    p = append(text, p, end, isEscaped);
    const bytes = textBytes(text);
    const length = load<u32>(text, LENGTH);
    const verdict = readPiece(exchange, surface, bytes, length, 0, opened(RAW, STREAM), false, text + GROWING);
    if (verdict > strongest) strongest = verdict;
    store<u32>(text, <u32>(isUnfinished(bytes, bytes + length) || isNearGrown(text + GROWING)), UNFINISHED);
  }
  return strongest;
}

/** Whether the end of any of the texts may be the beginning of a match. */
export function areUnfinished(exchange: Exchange, surface: i32): bool {
  const texts = load<usize>(placeOf(exchange, surface));
  if (texts == 0) return false;
  for (let i: u32 = 0; i < CHANNELS; i++) {
    const text = textAt(texts, i);
    if (text != 0 && load<u32>(text, UNFINISHED) != 0) return true;
  }
  return false;
}

/** Takes all texts for finished as they are: their time is over. */
export function finishAll(exchange: Exchange, surface: i32): void {
  const texts = load<usize>(placeOf(exchange, surface));
  if (texts == 0) return;
  for (let i: u32 = 0; i < CHANNELS; i++) {
    const text = textAt(texts, i);
    if (text != 0) store<u32>(text, 0, UNFINISHED);
  }
}

/** Forgets what a text of the answer says, after a part of it was taken out. */
export function forgetText(exchange: Exchange, channel: u32): void {
  const text = textOf(placeOf(exchange, layout.SURFACE_RESPONSE_BODY), channel);
  store<u32>(text, 0, LENGTH);
  store<u32>(text, 0, UNFINISHED);
  forgetGrown(text + GROWING);
}

/** Frees the texts. */
export function freeJoined(exchange: Exchange): void {
  freeTexts(placeOf(exchange, layout.SURFACE_REQUEST_BODY));
  freeTexts(placeOf(exchange, layout.SURFACE_RESPONSE_BODY));
}

function freeTexts(place: usize): void {
  const texts = load<usize>(place);
  if (texts == 0) return;
  for (let i: u32 = 0; i < CHANNELS; i++) {
    const text = textAt(texts, i);
    if (text == 0) continue;
    freeGrown(text + GROWING);
    heap.free(text);
  }
  heap.free(texts);
  store<usize>(place, 0);
}

/** Where the exchange keeps the texts of a surface. */
function placeOf(exchange: Exchange, surface: i32): usize {
  const isSent = surface == layout.SURFACE_REQUEST_BODY;
  return changetype<usize>(exchange) + (isSent ? offsetof<Exchange>('joinedSent') : offsetof<Exchange>('joined'));
}

function textAt(texts: usize, i: u32): usize {
  return <usize>load<u32>(texts + ((<usize>i) << 2), 4);
}

function textBytes(text: usize): usize {
  return text + HEAD_BYTES + MARGIN;
}

function textOf(place: usize, channel: u32): usize {
  let texts = load<usize>(place);
  if (texts == 0) {
    texts = heap.alloc(RECORD_BYTES);
    memory.fill(texts, 0, RECORD_BYTES);
    store<usize>(place, texts);
  }
  turn++;
  let oldest: u32 = 0;
  for (let i: u32 = 0; i < CHANNELS; i++) {
    const text = textAt(texts, i);
    if (text == 0) {
      const fresh = heap.alloc(STEP_BYTES);
      memory.fill(fresh + GROWING, 0, GROWING_BYTES);
      store<u32>(texts + ((<usize>i) << 2), <u32>fresh, 4);
      return begin(fresh, channel);
    }
    if (load<u32>(text, CHANNEL) == channel) {
      store<u32>(text, turn, TURN);
      return text;
    }
    if (turn - load<u32>(text, TURN) > turn - load<u32>(textAt(texts, oldest), TURN)) oldest = i;
  }
  return begin(textAt(texts, oldest), channel);
}

function begin(text: usize, channel: u32): usize {
  store<u32>(text, channel, CHANNEL);
  store<u32>(text, 0, LENGTH);
  store<u32>(text, turn, TURN);
  store<u32>(text, 0, UNFINISHED);
  forgetGrown(text + GROWING);
  return text;
}

/** Appends from `p` as much as there is room for; gives where it stopped. */
function append(text: usize, p: usize, end: usize, isEscaped: bool): usize {
  const bytes = textBytes(text);
  let length = load<u32>(text, LENGTH);
  if (length > KEPT_BYTES && <usize>length + (end - p) > <usize>TEXT_BYTES) {
    // Cut at a space: half a word may look like a whole one of another kind.
    let from: usize = length - KEPT_BYTES;
    for (let i: usize = 0; i < 256; i++) {
      if (load<u8>(bytes + from - 1 + i) > 0x20) continue;
      from += i;
      break;
    }
    memory.copy(bytes, bytes + from, <usize>length - from);
    dropGrown(text + GROWING, <u32>from);
    length -= <u32>from;
  }
  // What is written is never longer than what it is read from.
  let stop = min(end, p + (TEXT_BYTES - length));
  if (isEscaped && stop < end) stop = backOffEscape(p, stop);
  const to = isEscaped ? unescape(p, stop, bytes + length) : bytes + length + (stop - p);
  if (!isEscaped) memory.copy(bytes + length, p, stop - p);
  store<u32>(text, <u32>(to - bytes), LENGTH);
  return stop;
}

/** A place up to 12 bytes before `stop` that is not inside an escape. */
function backOffEscape(p: usize, stop: usize): usize {
  for (let i: usize = 1; i <= 12 && stop - i > p; i++) {
    if (load<u8>(stop - i) != 0x5c) continue;
    let at = stop - i;
    while (at > p && load<u8>(at - 1) == 0x5c) at--;
    return at > p ? at : stop;
  }
  return stop;
}

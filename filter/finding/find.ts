// One text from its bytes to its findings: every view of it is opened and passed, every hit validated.

import { clearHits, hitCount, hitEnd, hitRule, hitStart, takeLost } from '../scan/hits';
import { beginPass, stepPass } from '../scan/prefilter';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { clearMargins, resetArena, shrinkArena, takeArena } from '../view/arena';
import { base64Bytes, base64Room, beginBase64, missedBase64 } from '../view/base64';
import { BASE64, holdsBase64, JSON_STRING, opened, PERCENT, RAW } from '../view/encoding';
import { hasEscape, hasUnicodeEscape, isAmbiguous, unescape } from '../view/json';
import * as list from '../view/list';
import { decodePercent, hasPercent } from '../view/percent';
import { addFinding, ruleRecord } from './findings';
import { isNear } from './near';
import { isOwn } from './own';
import { isMasked } from './random';
import { TRACE_FINDING, TRACE_HIT, TRACE_VIEW, trace } from './trace';
import { validate } from './validate';

/** Whether the last text could not be opened to the end: more expansion than its room, or more hits than theirs. */
export let wasCut: bool = false;

/** Per rule where its last finding in the view begins and ends, so that one secret counts once. */
const last: usize = memory.data(8192); // MAX_RULES × 8

/**
 * Adds the findings of the text at `start` (a margin of view/arena.ts on both sides) to the message's. `surface` says
 * where in the exchange it stands; what belongs to the destination (own.ts) is left out.
 */
export function findIn(start: usize, length: u32, surface: i32): void {
  wasCut = false;
  if (length == 0 || load<u8>(table.policy + <usize>surface, layout.POLICY_SURFACES) == 0) return;
  resetArena(list.expansionRoom(length));
  list.clearViews();
  list.addView(start, start + length, RAW, 0);
  while (list.nextView()) readView(surface);
}

function readView(surface: i32): void {
  clearMargins(list.viewStart, list.viewEnd);
  // In binary every other pair of bytes looks like an escape: it is opened once, in place, and what is left is no secret.
  const isBinary = holdsBase64(list.viewChain) || holdsControls(list.viewStart, list.viewEnd);
  const isMessage = list.viewDepth == 0 && isJson(list.viewStart, list.viewEnd);
  let mayHoldEscapes = hasEscape(list.viewStart, list.viewEnd);
  if (mayHoldEscapes && (isBinary || isMessage)) mayHoldEscapes = openJsonInPlace();
  while (mayHoldEscapes && !isBinary && list.viewDepth < list.MAX_DEPTH && !isAmbiguous(list.viewStart, list.viewEnd)) {
    mayHoldEscapes = openJsonInPlace();
    if (mayHoldEscapes) list.deepenView();
  }
  const start = list.viewStart;
  const end = list.viewEnd;
  trace(TRACE_VIEW, 0, list.viewChain, 0, end - start);
  const mayOpen = list.viewDepth < list.MAX_DEPTH;
  const room = base64Room(<u32>(end - start));
  const decoded = mayOpen ? takeArena(room) : 0;
  beginBase64(decoded, decoded != 0 ? room : 0);
  memory.fill(last, 0, <usize>table.ruleCount * 8);
  beginPass(start, end);
  while (stepPass()) readHits(surface);
  readHits(surface);
  if (takeLost() || missedBase64()) wasCut = true;
  if (decoded != 0) {
    shrinkArena(decoded, base64Bytes());
    if (base64Bytes() > 0) open(decoded, decoded + base64Bytes(), BASE64);
  }
  if (mayHoldEscapes && !isBinary) openJson(start, end, mayOpen);
  if (mayOpen || !isBinary) openPercent(start, end, mayOpen);
}

/** Files begin with headers, and those hold bytes that no text has. */
const CONTROLS_WITHIN: usize = 1024;

/** Whether control characters that no text has stand near the beginning. Reads up to 15 bytes past `end`, which must be zero. */
function holdsControls(start: usize, end: usize): bool {
  const to = min(end, start + CONTROLS_WITHIN);
  const space = i8x16.splat(0x20);
  for (let p = start; p < to; p += 16) {
    const v = v128.load(p);
    const isControl = i8x16.lt_u(v, space);
    // Tab, line feed and carriage return are the controls that texts have.
    const isWhite = v128.or(
      i8x16.eq(v, i8x16.splat(0x09)),
      v128.or(i8x16.eq(v, i8x16.splat(0x0a)), i8x16.eq(v, i8x16.splat(0x0d))),
    );
    let controls = i8x16.bitmask(v128.andnot(isControl, isWhite));
    if (p + 16 > to) controls &= (1 << (<i32>(to - p))) - 1;
    if (controls != 0) return true;
  }
  return false;
}

/** Whether a message is JSON by its first byte: then its strings are what it says, and not the escapes in them. */
function isJson(start: usize, end: usize): bool {
  while (start < end && load<u8>(start) <= 0x20) start++;
  const c = load<u8>(start);
  return start < end && (c == 0x7b || c == 0x5b || c == 0x22);
}

/** Where the last text that unescapeText opened lies. */
let openedStart: usize = 0;
let openedEnd: usize = 0;

/** Opens the JSON escapes of a text into the arena; false where it holds none, or there is no room. */
function unescapeText(start: usize, end: usize): bool {
  if (!hasEscape(start, end)) return false;
  openedStart = takeArena(<u32>(end - start));
  if (openedStart == 0) {
    wasCut = true;
    return false;
  }
  openedEnd = unescape(start, end, openedStart);
  shrinkArena(openedStart, <u32>(openedEnd - openedStart));
  // Of the same length it is the same text: backslashes, and no escape among them.
  return openedEnd - openedStart < end - start;
}

/** Opens JSON escapes in the place of the text they stand in; false where there are none. */
function openJsonInPlace(): bool {
  if (!unescapeText(list.viewStart, list.viewEnd)) return false;
  list.replaceView(openedStart, openedEnd, opened(list.viewChain, JSON_STRING));
  clearMargins(openedStart, openedEnd);
  return true;
}

/** JSON escapes are opened beside a text that they could be part of: `C:\new` is a path, or has an end of line in it. */
function openJson(start: usize, end: usize, mayOpen: bool): void {
  if (!mayOpen) wasCut = wasCut || hasUnicodeEscape(start, end);
  else if (unescapeText(start, end)) open(openedStart, openedEnd, JSON_STRING);
}

/** Percent escapes are opened beside the raw text: `100%4242…` is a sign before a number, or an escaped B. */
function openPercent(start: usize, end: usize, mayOpen: bool): void {
  if (!hasPercent(start, end)) return;
  if (!mayOpen) {
    // A percent sign that JSON uncovered has been opened in a view before; one under another percent sign has not.
    wasCut = wasCut || (list.viewChain & 15) == PERCENT;
    return;
  }
  const out = takeArena(<u32>(end - start));
  if (out == 0) {
    wasCut = true;
    return;
  }
  const outEnd = decodePercent(start, end, out);
  shrinkArena(out, <u32>(outEnd - out));
  open(out, outEnd, PERCENT);
}

function open(start: usize, end: usize, encoding: u32): void {
  if (!list.addView(start, end, opened(list.viewChain, encoding), list.viewDepth + 1)) wasCut = true;
}

function readHits(surface: i32): void {
  const count = hitCount();
  for (let i: u32 = 0; i < count; i++) readHit(hitRule(i), hitStart(i), hitEnd(i), surface);
  clearHits();
}

function readHit(index: u32, start: usize, end: usize, surface: i32): void {
  const rule = ruleRecord(index);
  const flags = load<u8>(rule, layout.RULE_FLAGS);
  // The ways in which a rule is found come one behind the other, so a hit may also lie before the last finding.
  const lastOfRule = last + ((<usize>index) << 3);
  if (start >= <usize>load<u32>(lastOfRule) && start < <usize>load<u32>(lastOfRule, 4)) return;
  trace(TRACE_HIT, index, list.viewChain, start - list.viewStart, end - list.viewStart);
  if (flags & layout.RULE_FLAG_CREDENTIAL && (isOwn(rule, surface) || isMasked(start, end))) return;
  if (!validate(load<u8>(rule, layout.RULE_VALIDATOR), start, end)) return;
  const isHigh = (flags & layout.RULE_FLAG_HIGH) != 0;
  const isNamed = load<u32>(rule, layout.RULE_NEAR_COUNT) > 0 && isNear(rule, start, end, list.viewStart, list.viewEnd);
  if (flags & layout.RULE_FLAG_NEAR_REQUIRED && !isNamed) return;
  store<u32>(lastOfRule, <u32>start);
  store<u32>(lastOfRule, <u32>end, 4);
  trace(TRACE_FINDING, index, list.viewChain, start - list.viewStart, end - list.viewStart);
  addFinding(index, isHigh || isNamed, list.viewChain, <u32>(start - list.viewStart));
}

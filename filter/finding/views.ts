// Which views of a message are opened, and in which order. Escapes that lose nothing are opened in the place of the text
// they stand in; other escapes give a further view beside it, all kinds at once, so that each layer is one copy at most.
// Runs (base64, hexadecimal, UTF-16 …) give a view of their own each, which holds what they decode to and nothing else.
// Longer than most files: it is one list of all encodings, and most of it says when one is not opened.
import { clearMargins, leftInArena, resetArena, shrinkArena, takeArena } from '../view/arena';
import { hasAsciiForms, openAsciiForms } from '../view/ascii';
import { openBase32 } from '../view/base32';
import { base64Bytes, base64Room, beginBase64, missedBase64 } from '../view/base64';
import { openDecimals } from '../view/decimal-list';
import * as encoding from '../view/encoding';
import { hasEntity } from '../view/entity';
import { openHex, openHexPairs } from '../view/hex';
import { hasMarkup, openMarkup } from '../view/html';
import { inflate, NO_ROOM, outcome } from '../view/inflate';
import { clearJoints, hasJoints, joinNeighbours } from '../view/joined';
import { hasBackslash, hasNumberedEscape, isAmbiguous } from '../view/json';
import * as list from '../view/list';
import {
  BASE32_RUNS,
  clearNoted,
  DECIMAL_RUNS,
  HEX_PAIR_RUNS,
  HEX_RUNS,
  MOST_NOTED,
  notedCount,
  notedPlace,
  SPACED_RUNS,
} from '../view/noted';
import { leftKinds, openBeside, openedKinds, openInPlace, openQuoted } from '../view/open';
import { hasPercent, isForm } from '../view/percent';
import * as piece from '../view/piece';
import { decodeUtf16, hasControls, hasUtf16, isUtf8 } from '../view/printable';
import { hasQuotedPrintable } from '../view/quoted-printable';
import * as signs from '../view/signs';
import { openSpaced } from '../view/spaced';
import { joinSplit, splitRoom } from '../view/split-url';

/** Files begin with headers, and those hold bytes that no text has: controls, and what is no UTF-8. */
const CONTROLS_WITHIN: usize = 1024;

/** Whether a view of the message could not be opened: more expansion than its room, or more layers than are read. */
export let wereCut: bool = false;

/** Signs (view/signs.ts) of the view that was read. */
let signsHere: u32 = 0;
let isBinary: bool = false;
/** Whether it begins as text of any alphabet; among other bytes every second one would be a character's. */
let isText: bool = false;
/** Where the view's base64 is decoded to while it is read; 0 for nowhere. */
let decoded: usize = 0;

/** Begins with the message itself, which was got by the chain. */
export function beginViews(start: usize, length: u32, chain: u32): void {
  wereCut = false;
  resetArena(list.expansionRoom(length));
  list.clearViews();
  list.addView(start, start + length, chain, 0);
}

/** Goes to the next view, ready to be read from list.viewStart to list.viewEnd; false after the last. */
export function nextView(): bool {
  if (!list.nextView()) return false;
  clearMargins(list.viewStart, list.viewEnd);
  // In binary every other pair of bytes looks like an escape: it is opened once, in place, and what is left is no secret.
  const head = min(list.viewEnd, list.viewStart + CONTROLS_WITHIN);
  isText = isUtf8(list.viewStart, head);
  isBinary = !isText || hasControls(list.viewStart, head);
  const isMessage = isJson(list.viewStart, list.viewEnd);
  // The first opening in place is no layer: what wraps a text mostly writes it as a string as well.
  let isFirst = true;
  let left = signs.BACKSLASHES | signs.AMPERSANDS;
  if ((isBinary || isMessage) && hasBackslash(list.viewStart, list.viewEnd) && openHere(true)) {
    isFirst = false;
    left = leftKinds;
  }
  while (!isBinary && left != 0 && list.viewDepth < list.MAX_DEPTH) {
    const withBackslashes =
      (left & signs.BACKSLASHES) != 0 &&
      hasBackslash(list.viewStart, list.viewEnd) &&
      !isAmbiguous(list.viewStart, list.viewEnd);
    const withEntities = (left & signs.AMPERSANDS) != 0 && hasEntity(list.viewStart, list.viewEnd);
    if ((!withBackslashes && !withEntities) || !openHere(withBackslashes)) break;
    if (!isFirst) list.deepenView();
    isFirst = false;
    left = leftKinds;
  }
  const room = base64Room(<u32>(list.viewEnd - list.viewStart));
  decoded = list.viewDepth < list.MAX_DEPTH ? takeArena(room) : 0;
  beginBase64(decoded, decoded != 0 ? room : 0);
  clearNoted();
  clearJoints();
  piece.clearPieces();
  return true;
}

/**
 * Opens the views that the view which has been read gives. `passedSigns` are the signs that stand in it; `isUrl` and `isRead`
 * say whether it is a URL, and whether it is read for phrases.
 */
export function openViews(passedSigns: u32, isUrl: bool, isRead: bool): void {
  signsHere = passedSigns;
  const start = list.viewStart;
  const end = list.viewEnd;
  const mayOpen = list.viewDepth < list.MAX_DEPTH;
  if (mayOpen) openRuns(start, end);
  if (encoding.holds(list.viewChain, encoding.JOINED)) {
    // Neighbours are a maybe: what they hide behind the last layer makes nothing unreadable.
    if (mayOpen && missedBase64()) wereCut = true;
    return;
  }
  if (missedBase64() && (mayOpen || !isBinary)) wereCut = true;
  // Only runs that stand for text are noted; others are what they are.
  if (!mayOpen && !isBinary && notedCount(HEX_RUNS) + notedCount(HEX_PAIR_RUNS) + notedCount(BASE32_RUNS) != 0)
    wereCut = true;
  if (mayOpen && !isBinary && hasJoints() && begin((end - start) * 2))
    finish(room, joinNeighbours(start, end, room), encoding.JOINED);
  if (mayOpen && isUrl && begin(splitRoom(start, end))) finish(room, joinSplit(start, end, room), encoding.JOINED);
  if (encoding.lastOpened(list.viewChain) == encoding.SPACED) return;
  openOthers(start, end);
  if (isRead && mayOpen && isText && hasMarkup(start, end) && begin(end - start))
    finish(room, openMarkup(start, end, room), encoding.ENTITY);
}

function openRuns(start: usize, end: usize): void {
  if (decoded != 0) finish(decoded, decoded + base64Bytes(), encoding.BASE64);
  openNoted(start, end, HEX_RUNS, encoding.HEX);
  openNoted(start, end, HEX_PAIR_RUNS, encoding.HEX);
  openNoted(start, end, BASE32_RUNS, encoding.BASE32);
  openNoted(start, end, SPACED_RUNS, encoding.SPACED);
  openNoted(start, end, DECIMAL_RUNS, encoding.DECIMAL);
  if ((signsHere & signs.ZEROS) != 0 && hasUtf16(start, end) && begin(end - start))
    finish(room, decodeUtf16(start, end, room), encoding.UTF16);
}

/** Opens the runs of a kind that the pass noted, a line for each. */
function openNoted(start: usize, end: usize, kind: u32, code: u32): void {
  const count = notedCount(kind);
  // Of all kinds, hexadecimal digits come to most: they are decoded from two beginnings.
  if (count == 0 || !begin(((end - notedPlace(kind, 0) + 320) * 9) / 8 + 80 * MOST_NOTED)) return;
  let out = room;
  for (let i: u32 = 0; i < count; i++) {
    const p = notedPlace(kind, i);
    const isLast = i == MOST_NOTED - 1;
    if (kind == HEX_RUNS) out = openHex(p, start, end, isLast, out);
    else if (kind == HEX_PAIR_RUNS) out = openHexPairs(p, start, end, isLast, out);
    else if (kind == BASE32_RUNS) out = openBase32(p, end, isLast, out);
    else if (kind == DECIMAL_RUNS) out = openDecimals(p, end, out);
    else out = openSpaced(p, start, end, isLast, out);
  }
  finish(room, out, code);
}

/** Where the view that is being opened is written to. */
let room: usize = 0;

/** Takes room for a view of at most `bytes`; false where there is none. */
function begin(bytes: usize): bool {
  piece.clearPieces();
  room = takeArena(<u32>bytes + 64);
  if (room == 0) wereCut = true;
  return room != 0;
}

/** Ends the view that was written from `start` to `end`; what is compressed in it gets a view of its own. */
function finish(start: usize, end: usize, code: u32): void {
  shrinkArena(start, <u32>(end - start));
  if (piece.hadTooMany()) wereCut = true;
  for (let i: u32 = 0; i < piece.pieceCount(); i++) openPiece(i, code);
  if (piece.pieceCount() > 0) end = piece.leaveOutPieces(start, end);
  if (end > start) open(start, end, encoding.opened(list.viewChain, code));
}

function openPiece(i: u32, code: u32): void {
  const most = leftInArena();
  const out = takeArena(most);
  if (out == 0) {
    wereCut = true;
    return;
  }
  const bytes = inflate(piece.pieceStart(i), piece.pieceEnd(i), out, most, piece.pieceFraming(i));
  if (outcome == NO_ROOM) wereCut = true;
  shrinkArena(out, bytes);
  if (bytes > 0) open(out, out + bytes, encoding.opened(encoding.opened(list.viewChain, code), encoding.DEFLATE));
}

/** Adds a view that was opened from the one that is being read. */
function open(start: usize, end: usize, chain: u32): void {
  if (!list.addView(start, end, chain, list.viewDepth + 1)) wereCut = true;
}

/** Whether a message is JSON by its first byte: then its strings are what it says, and not the escapes in them. */
function isJson(start: usize, end: usize): bool {
  while (start < end && load<u8>(start) <= 0x20) start++;
  const c = load<u8>(start);
  return start < end && (c == 0x7b || c == 0x5b || c == 0x22);
}

/** Opens entities and backslash escapes in the place of the text they stand in; false where there are none. */
function openHere(withBackslashes: bool): bool {
  const start = list.viewStart;
  const end = list.viewEnd;
  const out = takeArena(<u32>(end - start));
  if (out == 0) {
    wereCut = true;
    return false;
  }
  const outEnd = openInPlace(start, end, out, withBackslashes);
  shrinkArena(out, <u32>(outEnd - out));
  if (openedKinds == 0) return false;
  list.replaceView(out, outEnd, chainOf(openedKinds));
  clearMargins(out, outEnd);
  return true;
}

/** Opens the escapes that may be something else as well, beside the text. */
function openOthers(start: usize, end: usize): void {
  const mayOpen = list.viewDepth < list.MAX_DEPTH;
  const escapes = isBinary ? 0 : signsHere & signs.BACKSLASHES;
  const percents = (signsHere & signs.PERCENTS) != 0 && hasPercent(start, end) ? signs.PERCENTS : 0;
  if (!mayOpen) {
    if (isBinary) return;
    // An escape that the last opening uncovered hides something; any other has been opened in a view before.
    const chain = list.viewChain;
    if (escapes != 0 && encoding.wasOpenedLast(chain, encoding.JSON_STRING) && hasNumberedEscape(start, end))
      wereCut = true;
    const uncovered = encoding.wasOpenedLast(chain, encoding.PERCENT) || encoding.wasOpenedLast(chain, encoding.FORM);
    if (percents != 0 && uncovered) wereCut = true;
    return;
  }
  // Once is enough: what it opens looks like more of it as often as not.
  const mayBeQuoted =
    !isBinary && (signsHere & signs.EQUALS) != 0 && !encoding.holds(list.viewChain, encoding.QUOTED_PRINTABLE);
  if (mayBeQuoted && hasQuotedPrintable(start, end) && begin(end - start)) addBeside(openQuoted(start, end, room));
  const mayBeForms =
    ((signsHere & signs.NOT_ASCII) != 0 || isBinary) && !encoding.holds(list.viewChain, encoding.ASCII);
  if (mayBeForms && isText && hasAsciiForms(start, end) && begin(end - start)) {
    const to = openAsciiForms(start, end, room);
    shrinkArena(room, <u32>(to - room));
    // No layer of its own: the same text, and once only.
    const chain = encoding.opened(list.viewChain, encoding.ASCII);
    if (!list.addView(room, to, chain, list.viewDepth)) wereCut = true;
  }
  const withPluses = (signsHere & signs.PLUSES) != 0 && isForm(start, end);
  if ((escapes | percents) == 0 && !withPluses) return;
  if (begin(end - start)) addBeside(openBeside(start, end, room, escapes != 0, withPluses));
}

/** Adds what was opened beside the view and ends at `end`, where anything was. */
function addBeside(end: usize): void {
  shrinkArena(room, <u32>(end - room));
  if (openedKinds != 0) open(room, end, chainOf(openedKinds));
}

/** The view's chain with the kinds of escapes that were opened together. */
function chainOf(kinds: u32): u32 {
  let chain = list.viewChain;
  if ((kinds & signs.BACKSLASHES) != 0) chain = encoding.opened(chain, encoding.JSON_STRING);
  if ((kinds & signs.AMPERSANDS) != 0) chain = encoding.opened(chain, encoding.ENTITY);
  if ((kinds & signs.EQUALS) != 0) chain = encoding.opened(chain, encoding.QUOTED_PRINTABLE);
  if ((kinds & signs.PLUSES) != 0) chain = encoding.opened(chain, encoding.FORM);
  else if ((kinds & signs.PERCENTS) != 0) chain = encoding.opened(chain, encoding.PERCENT);
  return chain;
}

// A secret cut over several requests of one client. What may be a piece of a token (a value of a query, a segment of a path, a
// string of JSON, a field of a form) is kept for a while in shared data, for all workers alike, and each new one is put
// together with those before it: any two, any three, and all in a row, so that what is sent in between hides nothing.
import { Bytes, currentTimeNanoseconds, getSharedData, result, Status, setSharedData } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { Chain, Exchange } from './exchange';
import { judgeJoined } from './judge';
import { clientOf, hashOf } from './sessions';
import { appendByte, appendText, beginText, textLength, textStart } from './text';

/** A place holds one client; the ABI takes no key away, so there is a fixed number of them, and a new client begins it anew. */
const KEY = Bytes.of('penstock.pieces.');
const PLACES: u64 = 1024;
/** Pieces of one request: an ordinary one has a model's name and an id or two. */
const MOST_NEW: u32 = 8;
/** A shorter piece leaves the rest of its token whole. */
const LEAST_PIECE: usize = 3;
/** All ways to put a piece together: 16 pairs, 120 of three, 16 rows. */
const TEXT_BYTES: u32 = 65536;

// A place: u64 client, u32 pieces that were seen, u32 those that are kept, bits of those that were seen, and the pieces.
const CLIENT: usize = 0;
const SEEN_COUNT: usize = 8;
const KEPT_COUNT: usize = 12;
const SEEN: usize = 16;
const SEEN_BITS: u64 = 2048;
/** More of them, and most bits are set. */
const MOST_SEEN: u32 = 300;
const PIECES: usize = 272;
// A piece: u32 second, u32 length, the bytes.
const SECOND: usize = 0;
const LENGTH: usize = 4;
const TEXT: usize = 8;
const RECORD_BYTES: u32 = 136;
const PLACE_BYTES: u32 = 2448; // PIECES + MAX_PIECES × RECORD_BYTES

const key: usize = memory.data(24);
const place: usize = memory.data(2448, 8);
let cas: u32 = 0;

/** The pieces of the request: a u32 length and the bytes. */
const found: usize = memory.data(1088, 8); // MOST_NEW × RECORD_BYTES
let foundCount: u32 = 0;

/** Whether pieces are looked for at all. */
export function looksAcross(): bool {
  return load<u32>(table.policy, layout.POLICY_ACROSS_SECONDS) != 0;
}

/** Notes what may be a piece in a text of a request, to be judged by judgePieces. */
export function collectPieces(start: usize, length: u32, isUrl: bool): void {
  foundCount = 0;
  if (!looksAcross()) return;
  const end = start + length;
  for (let p = start; p < end && foundCount < MOST_NEW; ) {
    const from = p;
    while (p < end && isPieceByte(load<u8>(p), isUrl)) p++;
    if (isValue(from, p, start, end, isUrl)) add(from, <u32>(p - from));
    if (p == from) p++;
  }
}

/** Judges what collectPieces noted together with what the client sent before. True where the exchange was answered. */
export function judgePieces(exchange: Exchange, surface: i32): bool {
  if (foundCount == 0) return false;
  const client = clientOf();
  const second = <u32>(currentTimeNanoseconds() / 1_000_000_000);
  open(client, second);
  let isNew = false;
  beginText(TEXT_BYTES);
  for (let i: u32 = 0; i < foundCount; i++) {
    const piece = found + <usize>(i * RECORD_BYTES);
    if (wasSeen(piece)) continue;
    isNew = true;
    putTogether(piece);
    keep(piece, second);
  }
  if (!isNew) return false;
  if (textLength() > 0 && judgeJoined(exchange, surface, textStart(), textLength(), warnsOnly())) return true;
  // Another worker may have come in between: its pieces or these are lost, and both stay found together from then on.
  setSharedData(key, KEY.length + 8, place, <u32>PIECES + keptCount() * RECORD_BYTES, cas);
  return false;
}

function warnsOnly(): bool {
  return load<u8>(table.policy, layout.POLICY_ACROSS_WARNS) != 0;
}

/** Reads the client's place, without what is too old; begins it anew where it is another client's. */
function open(client: u64, second: u32): void {
  memory.copy(key, KEY.pointer, KEY.length);
  store<u64>(key + KEY.length, client % PLACES);
  const isKnown = getSharedData(key, KEY.length + 8) == Status.Ok && result.length() <= PLACE_BYTES;
  cas = isKnown ? result.cas() : 0;
  if (isKnown) memory.copy(place, result.pointer(), result.length());
  if (!isKnown || load<u64>(place, CLIENT) != client || load<u32>(place, SEEN_COUNT) > MOST_SEEN) {
    memory.fill(place, 0, PIECES);
    store<u64>(place, client, CLIENT);
  }
  const mostAge = load<u32>(table.policy, layout.POLICY_ACROSS_SECONDS);
  while (keptCount() > 0 && second - load<u32>(pieceAt(0), SECOND) > mostAge) dropFirst();
}

function keptCount(): u32 {
  return load<u32>(place, KEPT_COUNT);
}

function pieceAt(i: u32): usize {
  return place + PIECES + <usize>(i * RECORD_BYTES);
}

function dropFirst(): void {
  const left = keptCount() - 1;
  memory.copy(pieceAt(0), pieceAt(1), left * RECORD_BYTES);
  store<u32>(place, left, KEPT_COUNT);
}

function keep(piece: usize, second: u32): void {
  while (keptCount() >= <u32>load<u8>(table.policy, layout.POLICY_ACROSS_PIECES)) dropFirst();
  const at = pieceAt(keptCount());
  memory.copy(at, piece, RECORD_BYTES);
  store<u32>(at, second, SECOND);
  store<u32>(place, keptCount() + 1, KEPT_COUNT);
  store<u32>(place, load<u32>(place, SEEN_COUNT) + 1, SEEN_COUNT);
}

/** Whether the piece has come before: a client repeats a conversation with each request. Notes it as seen. */
function wasSeen(piece: usize): bool {
  const hash = hashOf(piece + TEXT, load<u32>(piece, LENGTH));
  // Both are to be set.
  const was = setBit(hash % SEEN_BITS);
  return setBit((hash >> 32) % SEEN_BITS) && was;
}

/** Sets a bit; true where it was set. */
function setBit(bit: u64): bool {
  const at = place + SEEN + <usize>(bit >> 3);
  const mask: u8 = 1 << (<u8>(bit & 7));
  const was = (load<u8>(at) & mask) != 0;
  store<u8>(at, load<u8>(at) | mask);
  return was;
}

/** Writes a line for each way to put the piece behind others. */
function putTogether(piece: usize): void {
  const count = keptCount();
  for (let first: u32 = 0; first < count; first++) {
    append(pieceAt(first));
    endLine(piece);
    for (let second = first + 1; second < count; second++) {
      append(pieceAt(first));
      append(pieceAt(second));
      endLine(piece);
    }
    if (count - first < 3) continue;
    for (let i = first; i < count; i++) append(pieceAt(i));
    endLine(piece);
  }
}

function append(piece: usize): void {
  appendText(piece + TEXT, load<u32>(piece, LENGTH));
}

function endLine(piece: usize): void {
  append(piece);
  appendByte(0x0a);
}

function add(from: usize, length: u32): void {
  const piece = found + <usize>(foundCount * RECORD_BYTES);
  store<u32>(piece, length, LENGTH);
  memory.copy(piece + TEXT, from, length);
  foundCount++;
}

/** Whether a run of token bytes is the whole of a value, and may be a piece: no word, and no number. */
function isValue(from: usize, to: usize, start: usize, end: usize, isUrl: bool): bool {
  const length = to - from;
  if (length < LEAST_PIECE || length > <usize>layout.PIECE_BYTES) return false;
  const before: u8 = from > start ? load<u8>(from - 1) : 0;
  const after: u8 = to < end ? load<u8>(to) : 0;
  if (isUrl) {
    // What stands before a sign of assignment is a name.
    if (after == 0x3d) return false;
  } else {
    const isString = before == 0x22 && after == 0x22 && load<u8>(to, 1) != 0x3a;
    const isField = (before == 0x3d || before == 0) && (after == 0x26 || after == 0 || after == 0x0a || after == 0x0d);
    if (!isString && !isField) return false;
  }
  let hasLetter = false;
  let hasOther = false;
  for (let p = from; p < to; p++) {
    const c = load<u8>(p);
    const isLetter = (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
    if (isLetter) hasLetter = true;
    // A capital inside a word, a digit, a sign.
    if (!isLetter || (p > from && c <= 0x5a)) hasOther = true;
  }
  return hasLetter && hasOther;
}

/** Letters, digits and _ - + . ~, and in a body / and = of base64 */
function isPieceByte(c: u8, isUrl: bool): bool {
  const isLetter = (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
  if (isLetter || (c >= 0x30 && c <= 0x39) || c == 0x5f || c == 0x2d || c == 0x2b || c == 0x7e) return true;
  return !isUrl && (c == 0x2f || c == 0x2e);
}

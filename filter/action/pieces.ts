// A secret cut over several requests of one client. What may be a piece of a token (a value of a query, a segment of a path, a
// string of JSON, a field of a form) is kept for a while in shared data, for all workers alike, and each new one is put
// together with those before it: any two, any three, and all in a row. More values in between than are kept hide a piece.
import { Bytes, currentTimeNanoseconds } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { blocksWarned } from '../verdict/verdict';
import { CLIENT_HEAD_BYTES, ClientRecords, elapsed, MOST_TRIES } from './client-records';
import { Exchange } from './exchange';
import { isJoinedBlocked } from './judge';
import { ageSeen, noteSeen, wasSeen } from './seen';
import { clientOf, hashOf } from './sessions';
import { appendByte, appendText, beginText, textLength, textStart } from './text';
import { beginValues, endValues, nextValue, valueEnd, valueStart } from './values';

const KEY = Bytes.of('penstock.pieces.');
const PLACES: u64 = 4096;
/** New pieces of one request: an ordinary one has an id or two beside what its conversation had before. */
const MOST_NEW: u32 = 8;
/** A shorter piece leaves the rest of its token whole. */
const LEAST_PIECE: usize = 3;
/** All ways to put a piece together: 16 pairs, 120 of three, 14 rows, of the longest pieces. */
const TEXT_BYTES: u32 = 72 * 1024;

// A record: what each begins with (client-records.ts), u32 pieces that are kept, u32 second and u32 pieces since the bits of the
// seen ones were parted, their bits, those of the ones before them, and the pieces.
const KEPT_COUNT: usize = CLIENT_HEAD_BYTES;
const SEEN_SECOND: usize = 16;
const SEEN_COUNT: usize = 20;
const SEEN: usize = 24;
/** Each part. What was seen is forgotten a part at a time: a piece counts again once it has aged out. */
const SEEN_BITS: u64 = 1024;
/** More of them in one part, and many bits are set. */
const MOST_SEEN: u32 = 150;
const PIECES: usize = 280; // SEEN + 2 × SEEN_BITS / 8
// A piece: u32 second, u32 length, the bytes.
const SECOND: usize = 0;
const LENGTH: usize = 4;
const TEXT: usize = 8;
const RECORD_BYTES: u32 = 136;
const PLACE_BYTES: u32 = 2456; // PIECES + MAX_PIECES × RECORD_BYTES

const records = new ClientRecords(KEY, PLACE_BYTES);
const place = records.record;
let second: u32 = 0;

/** The pieces of the request: a u32 length and the bytes. */
const found: usize = memory.data(1224, 8); // (MOST_NEW + 1) × RECORD_BYTES
let foundCount: u32 = 0;

/** Whether pieces are looked for at all. */
export function looksAcross(): bool {
  return load<u32>(table.policy, layout.POLICY_ACROSS_SECONDS) != 0;
}

/** Reads what the client sent before. Called before collectPieces, whose text may lie in the host buffer. */
export function openPieces(): void {
  foundCount = 0;
  if (looksAcross()) open();
}

/** Notes what may be a piece in a text of a request and was not seen before, to be judged by arePiecesBlocked. */
export function collectPieces(start: usize, length: u32, isUrl: bool): void {
  if (!looksAcross() || length == 0) return;
  beginValues(start, length, isUrl);
  while (foundCount < MOST_NEW && nextValue()) {
    const bytes = valueEnd - valueStart;
    if (bytes >= LEAST_PIECE && bytes <= <usize>layout.PIECE_BYTES) addNew(valueStart, <u32>bytes);
  }
  endValues();
}

/**
 * Judges what collectPieces noted together with what the client sent before; pieces of one request are not put together
 * with each other, since the scanner reads it whole. True where policy blocks what they come to.
 */
export function arePiecesBlocked(exchange: Exchange, surface: i32): bool {
  if (foundCount == 0) return false;
  for (let i: u32 = 0; i < foundCount; i++) {
    beginText(TEXT_BYTES);
    putTogether(pieceFound(i));
    if (textLength() > 0 && isJoinedBlocked(exchange, surface, textStart(), textLength(), warnsOnly())) return true;
  }
  for (let i = 0; i < MOST_TRIES; i++) {
    for (let j: u32 = 0; j < foundCount; j++) {
      noteSeen(place + SEEN, SEEN_BITS, hashOfPiece(pieceFound(j)));
      store<u32>(place, load<u32>(place, SEEN_COUNT) + 1, SEEN_COUNT);
      keep(pieceFound(j));
    }
    const bytes = <u32>PIECES + keptCount() * RECORD_BYTES;
    if (records.close(bytes, second)) return false;
    open();
  }
  return false;
}

function warnsOnly(): bool {
  return load<u8>(table.policy, layout.POLICY_ACROSS_WARNS) != 0 && !blocksWarned();
}

/** Reads the client's place, without what is too old; begins one anew where it has none. */
function open(): void {
  const client = clientOf();
  second = <u32>(currentTimeNanoseconds() / 1_000_000_000);
  const length = records.open(client, PLACES, second);
  if (length == 0 || !isPlace(length)) {
    records.clear(client, second);
    store<u32>(place, second, SEEN_SECOND);
  }
  const mostAge = load<u32>(table.policy, layout.POLICY_ACROSS_SECONDS);
  while (keptCount() > 0 && elapsed(second, load<u32>(pieceAt(0), SECOND)) > mostAge) dropFirst();
  if (elapsed(second, load<u32>(place, SEEN_SECOND)) > mostAge || load<u32>(place, SEEN_COUNT) > MOST_SEEN) {
    ageSeen(place + SEEN, SEEN_BITS);
    store<u32>(place, second, SEEN_SECOND);
    store<u32>(place, 0, SEEN_COUNT);
  }
}

/** Whether a record is as long as what it says it holds. */
function isPlace(length: u32): bool {
  return (
    length >= <u32>PIECES && keptCount() <= <u32>layout.MAX_PIECES && length == <u32>PIECES + keptCount() * RECORD_BYTES
  );
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

function keep(piece: usize): void {
  while (keptCount() >= <u32>load<u8>(table.policy, layout.POLICY_ACROSS_PIECES)) dropFirst();
  const at = pieceAt(keptCount());
  memory.copy(at, piece, RECORD_BYTES);
  store<u32>(at, second, SECOND);
  store<u32>(place, keptCount() + 1, KEPT_COUNT);
}

function hashOfPiece(piece: usize): u64 {
  return hashOf(piece + TEXT, load<u32>(piece, LENGTH));
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

function pieceFound(i: u32): usize {
  return found + <usize>(i * RECORD_BYTES);
}

/** Notes a piece unless it was seen, or stands in this text twice. */
function addNew(from: usize, length: u32): void {
  const piece = pieceFound(foundCount);
  store<u32>(piece, length, LENGTH);
  memory.copy(piece + TEXT, from, length);
  // A client repeats a conversation with each request.
  if (wasSeen(place + SEEN, SEEN_BITS, hashOfPiece(piece))) return;
  for (let i: u32 = 0; i < foundCount; i++) {
    const other = pieceFound(i);
    if (load<u32>(other, LENGTH) == length && memory.compare(other + TEXT, piece + TEXT, length) == 0) return;
  }
  foundCount++;
}

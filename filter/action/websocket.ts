// The two directions of a WebSocket (RFC 6455). A message goes on when it has been read to its end, a long one in pieces; a
// stop ends the connection with a close frame to both sides. Longer than most files: holding, passing on and closing are
// one thing, because a close frame may stand between frames only.

import { wasCut } from '../finding/find';
import { findingRule, ruleId, ruleIdLength } from '../finding/findings';
import {
  BodyStatus,
  BufferType,
  closeStream,
  continueStream,
  currentTimeNanoseconds,
  getBuffer,
  Pool,
  result,
  Status,
  StreamType,
  setBuffer,
  setEffectiveContext,
  setTickPeriodMilliseconds,
  Writer,
} from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { decidingFinding, mayStop, verdictOfUnreadable } from '../verdict/verdict';
import { RAW as RAW_VIEW } from '../view/encoding';
import { BINARY, CLOSE, Framer, TEXT } from '../view/frame';
import * as sse from '../view/sse';
import { noteAcross, openAcross } from './across';
import { Block } from './block';
import { isOverBudget } from './budget';
import { Exchange, Wait } from './exchange';
import { areUnfinished, finishAll, readOn } from './joined';
import { readPiece } from './judge';
import { writeUnreadable } from './names';
import { arePiecesBlocked } from './pieces';
import { reportUnreadable, requestIdOf } from './report';
import { appendByte, appendText, beginText, textLength, textStart } from './text';
import { waitFor, waitNoMore } from './wait';
import { OVERLAP_BYTES } from './window';

/**
 * A message longer than this is read in pieces, the end of each held back and read again with the next one. A thousand
 * connections that all stand in the middle of such messages, both ways, hold 256 MiB.
 */
const PIECE_BYTES: u32 = 65536;
/** What is read again together with the next message: the longest tokens, and a good part of what is longer. */
const TAIL_BYTES: u32 = 1024;
/** Beginnings of messages in the tail that are kept apart: a token may be sent a few letters at a time. */
const MOST_BEGINNINGS: u32 = 48;
/** A block of this size is kept for the next message. */
const KEPT_BYTES: u32 = 8192;
/** Nothing that a rule finds is shorter than a bank routing number. */
const SHORTEST_BYTES: u32 = 9;

/** RFC 6455 section 7.4.1. */
const PROTOCOL_ERROR: u32 = 1002;
const POLICY: u32 = 1008;
const TOO_BIG: u32 = 1009;
/** A close frame's payload but for the code. */
const REASON_BYTES: u32 = 123;

/** How long a message may wait for the next one, and how much may wait: as lines of a stream do (lines.ts). */
const WAIT_MILLISECONDS: u32 = 250;
const WAITING_BYTES: u32 = 65536;
const NOTHING_WAITS: u32 = u32.MAX_VALUE;

/** How long the other side has to answer a close frame, and how often that is looked at. */
const CLOSING_NANOSECONDS: u64 = 3_000_000_000;
const TICK_MILLISECONDS: u32 = 250;

const enum State {
  /** Frames are read. */
  Open = 0,
  /** To be closed as soon as the receiver has the whole of the frame that it has begun to get. */
  Closing = 1,
  /** The receiver has a close frame; nothing more goes there. */
  Closed = 2,
  /** What comes is no frame, or nothing is looked for: bytes pass. */
  Unread = 3,
}

/** One direction: frames as they come, and what of them has gone on. */
@unmanaged
class Direction {
  state: State = State.Open;
  closeCode: u32 = 0;
  reasonLength: u32 = 0;
  controlLength: u32 = 0;
  controlTextLength: u32 = 0;
  tailLength: u32 = 0;
  beginnings: u32 = 0;
  /** Bytes of the message under way that have been dropped from the text. */
  textOffset: u32 = 0;
  messageBytes: u64 = 0;
  /** Bytes that Envoy holds, whole messages that wait for the next ones, and how many in front of them wait for nothing. */
  heldByEnvoy: u32 = 0;
  decidedByEnvoy: u32 = 0;

  @inline
  at(offset: usize): usize {
    return changetype<usize>(this) + ((offsetof<Direction>() + 15) & ~15) + offset;
  }

  /** What comes in. */
  @inline
  incoming(): Framer {
    return changetype<Framer>(this.at(INCOMING));
  }

  /** What has gone on. */
  @inline
  outgoing(): Framer {
    return changetype<Framer>(this.at(OUTGOING));
  }

  /** Bytes that have come and not gone on. */
  @inline
  raw(): Block {
    return changetype<Block>(this.at(RAW));
  }

  /** The message's text, unmasked and put together; of a long one the last piece. */
  @inline
  text(): Block {
    return changetype<Block>(this.at(WHOLE_TEXT));
  }
}

const INCOMING: usize = 0;
const OUTGOING: usize = INCOMING + 64;
const RAW: usize = OUTGOING + 64;
const WHOLE_TEXT: usize = RAW + 16;
/** A control frame may stand between the frames of a message. */
const CONTROL: usize = WHOLE_TEXT + 16;
const CONTROL_TEXT: usize = CONTROL + 144;
const REASON: usize = CONTROL_TEXT + 128;
/** u16 each: how far from the tail's end a message in it begins, the last one first. */
const BEGINNINGS: usize = REASON + 128;
const TAIL: usize = BEGINNINGS + 96;
const DIRECTION_BYTES: u32 = <u32>TAIL + TAIL_BYTES;

const directions = new Pool(<u32>(((offsetof<Direction>() + 15) & ~15) + DIRECTION_BYTES), 16);

/** What came with the callback, and what goes on in its place. */
const input = changetype<Block>(memory.data(16, 8));
const output = changetype<Block>(memory.data(16, 8));
const writer = new Writer();
/** Where in what goes on the messages begin that wait for the next ones, because a text that they carry may go on to a match. */
let waitsFrom: u32 = NOTHING_WAITS;

/** The exchange becomes a WebSocket. */
export function openWebSocket(exchange: Exchange): void {
  exchange.fromClient = directions.take();
  exchange.fromOrigin = directions.take();
}

/** Gives back what the exchange's WebSocket held. */
export function closeWebSocket(exchange: Exchange): void {
  giveBack(exchange.fromClient);
  giveBack(exchange.fromOrigin);
  exchange.fromClient = 0;
  exchange.fromOrigin = 0;
  forgetClosing(exchange);
}

function giveBack(record: usize): void {
  if (record == 0) return;
  const direction = changetype<Direction>(record);
  direction.raw().free();
  direction.text().free();
  directions.give(record);
}

/**
 * The chunk of `length` bytes of one direction, behind what Envoy still holds of it, gives way to what may go on of it and of
 * what came before.
 */
export function passFrames(exchange: Exchange, isFromClient: bool, length: u32, isLast: bool): BodyStatus {
  const direction = changetype<Direction>(isFromClient ? exchange.fromClient : exchange.fromOrigin);
  const buffer = isFromClient ? BufferType.RequestBody : BufferType.ResponseBody;
  if (direction.state == State.Unread || (length == 0 && direction.state == State.Open)) return BodyStatus.Continue;
  input.clear(PIECE_BYTES);
  output.clear(PIECE_BYTES);
  const held = min(direction.heldByEnvoy, length);
  if (length > 0) {
    if (getBuffer(buffer, 0, length) != Status.Ok) return BodyStatus.StopIterationNoBuffer;
    // The next call to the host uses its buffer for something else. What is held was read, and goes on as it is.
    output.append(result.pointer(), held);
    input.append(result.pointer() + held, result.length() - held);
  }
  waitsFrom = held > 0 ? direction.decidedByEnvoy : NOTHING_WAITS;
  if (direction.state == State.Open) readFrames(exchange, direction, isFromClient);
  else if (direction.state == State.Closing) close(direction, isFromClient, input.length);
  const mustWait =
    direction.state == State.Open && waitsFrom < output.length && output.length <= WAITING_BYTES && !isLast;
  if (waitsFrom < output.length && !mustWait) finishAll(exchange, surfaceOf(isFromClient));
  direction.heldByEnvoy = mustWait ? output.length : 0;
  direction.decidedByEnvoy = waitsFrom;
  const other = changetype<Direction>(isFromClient ? exchange.fromOrigin : exchange.fromClient);
  if (mustWait && exchange.wait == Wait.Nothing) waitFor(exchange, Wait.Decision, WAIT_MILLISECONDS);
  else if (!mustWait && other.heldByEnvoy == 0) waitNoMore(exchange);
  const isUnchanged = output.length == length && isSame(held);
  if (!isUnchanged) setBuffer(buffer, 0, length, output.start(), output.length);
  return mustWait ? BodyStatus.StopIterationAndBuffer : BodyStatus.Continue;
}

/** Whether what goes on, behind the `held` bytes, is what came. */
function isSame(held: u32): bool {
  return memory.compare(output.start() + held, input.start(), input.length) == 0;
}

/** The time of the messages that wait is over: they go on. Call it from the tick, on the exchange's context. */
export function passWaitingFrames(exchange: Exchange): void {
  letGo(exchange, exchange.fromClient, true);
  letGo(exchange, exchange.fromOrigin, false);
}

function letGo(exchange: Exchange, record: usize, isFromClient: bool): void {
  const direction = changetype<Direction>(record);
  if (direction.heldByEnvoy == 0) return;
  direction.heldByEnvoy = 0;
  finishAll(exchange, surfaceOf(isFromClient));
  continueStream(isFromClient ? StreamType.Request : StreamType.Response);
}

function readFrames(exchange: Exchange, direction: Direction, isFromClient: bool): void {
  const frame = direction.incoming();
  let at = input.start();
  const end = at + input.length;
  while (at < end) {
    if (!frame.isOpen) {
      at += frame.takeHead(at, end);
      if (!frame.isOpen) return;
      if (isRefused(exchange, direction, frame, isFromClient)) {
        if (direction.state != State.Unread) return;
        emitRaw(direction, direction.raw().length);
        output.append(frame.head(), frame.headLength);
        output.append(at, <u32>(end - at));
        return;
      }
      if (frame.isControl()) beginControl(direction, frame);
      else direction.raw().append(frame.head(), frame.headLength);
    }
    const part = <u32>min(<u64>(end - at), frame.left);
    const taken = frame.isControl() ? takeControl(direction, frame, at, part) : takeData(direction, frame, at, part);
    at += taken;
    frame.left -= taken;
    if (frame.left == 0 && endFrame(exchange, direction, frame, isFromClient)) return;
    if (direction.text().length == PIECE_BYTES && passPiece(exchange, direction, isFromClient)) return;
  }
}

function takeData(direction: Direction, frame: Framer, at: usize, part: u32): u32 {
  const text = direction.text();
  const taken = min(part, PIECE_BYTES - text.length);
  direction.raw().append(at, taken);
  frame.unmask(at, taken, text.take(taken));
  return taken;
}

function beginControl(direction: Direction, frame: Framer): void {
  memory.copy(direction.at(CONTROL), frame.head(), frame.headLength);
  direction.controlLength = frame.headLength;
  direction.controlTextLength = 0;
}

function takeControl(direction: Direction, frame: Framer, at: usize, part: u32): u32 {
  memory.copy(direction.at(CONTROL) + direction.controlLength, at, part);
  frame.unmask(at, part, direction.at(CONTROL_TEXT) + direction.controlTextLength);
  direction.controlLength += part;
  direction.controlTextLength += part;
  return part;
}

/** A frame is whole. True where the connection ends. */
function endFrame(exchange: Exchange, direction: Direction, frame: Framer, isFromClient: bool): bool {
  const isControl = frame.isControl();
  const isMessage = frame.isFinal && !isControl;
  const isText = frame.opcode == TEXT || frame.message == TEXT;
  frame.endFrame();
  if (isControl) return passControl(exchange, direction, isFromClient);
  if (!isMessage) return false;
  const text = direction.text();
  if (isBlocked(exchange, direction, isFromClient, text.start(), text.length)) return true;
  if (isBlockedAcross(exchange, direction, isFromClient)) return true;
  if (isFromClient && isBlockedWithEarlier(exchange, direction)) return true;
  // Of a long message a part has gone on.
  const isWhole = direction.textOffset == 0;
  if (isWhole && isText && isBlockedJoined(exchange, direction, isFromClient)) return true;
  const isWaiting = areUnfinished(exchange, surfaceOf(isFromClient));
  if (!isWaiting) waitsFrom = NOTHING_WAITS;
  else if (waitsFrom == NOTHING_WAITS && isWhole && mayStop(surfaceOf(isFromClient))) waitsFrom = output.length;
  emitRaw(direction, direction.raw().length);
  keepTail(direction);
  text.clear(KEPT_BYTES);
  direction.raw().clear(KEPT_BYTES);
  direction.textOffset = 0;
  direction.messageBytes = 0;
  return false;
}

/** The text has reached the size of a piece: all but its end goes on. True where the connection ends. */
function passPiece(exchange: Exchange, direction: Direction, isFromClient: bool): bool {
  const text = direction.text();
  if (isBlocked(exchange, direction, isFromClient, text.start(), text.length)) return true;
  if (direction.textOffset == 0 && isBlockedAcross(exchange, direction, isFromClient)) return true;
  if (isFromClient && isBlockedWithEarlier(exchange, direction)) return true;
  const raw = direction.raw().length;
  if (raw > OVERLAP_BYTES) emitRaw(direction, raw - OVERLAP_BYTES);
  direction.textOffset += PIECE_BYTES - OVERLAP_BYTES;
  text.drop(PIECE_BYTES - OVERLAP_BYTES);
  return false;
}

/** A ping, pong or close carries up to 125 bytes. It overtakes a message that is held where it may. */
function passControl(exchange: Exchange, direction: Direction, isFromClient: bool): bool {
  const length = direction.controlTextLength;
  if (length >= SHORTEST_BYTES) {
    beginText(length);
    appendText(direction.at(CONTROL_TEXT), length);
    if (isBlocked(exchange, direction, isFromClient, textStart(), length)) return true;
  }
  const out = direction.outgoing();
  if (out.headLength == 0) output.append(direction.at(CONTROL), direction.controlLength);
  else direction.raw().append(direction.at(CONTROL), direction.controlLength);
  return false;
}

/** Lets the first `bytes` of what is held go on. */
function emitRaw(direction: Direction, bytes: u32): void {
  const raw = direction.raw();
  output.append(raw.start(), bytes);
  follow(direction.outgoing(), raw.start(), bytes);
  raw.drop(bytes);
}

/** Takes note of bytes that go on. */
function follow(frame: Framer, from: usize, bytes: u32): void {
  const end = from + bytes;
  while (from < end) {
    if (!frame.isOpen) {
      from += frame.takeHead(from, end);
      if (!frame.isOpen) return;
    } else {
      const part = <u32>min(<u64>(end - from), frame.left);
      from += part;
      frame.left -= part;
    }
    if (frame.isOpen && frame.left == 0) frame.endFrame();
  }
}

/** Reads a text of the direction. True where policy blocks it. */
function isBlocked(exchange: Exchange, direction: Direction, isFromClient: bool, start: usize, length: u32): bool {
  if (!isFrameRead()) return false;
  const surface = surfaceOf(isFromClient);
  const verdict = readPiece(exchange, surface, start, length, direction.textOffset);
  if (wasCut && isFromClient && refuses(exchange, direction, layout.UNREADABLE_REQUEST_EXPANSION, POLICY)) return true;
  if (verdict < layout.VERDICT_STRIP) return false;
  stopForFinding(exchange, isFromClient);
  return true;
}

/** Reads the end of the messages before together with the beginning of this one. True where policy blocks it. */
function isBlockedAcross(exchange: Exchange, direction: Direction, isFromClient: bool): bool {
  const text = direction.text();
  if (direction.tailLength == 0 || text.length == 0 || direction.textOffset != 0 || !isFrameRead()) return false;
  const head = min(text.length, TAIL_BYTES);
  const tail = direction.at(TAIL);
  beginText((1 + direction.beginnings) * (direction.tailLength + head + 1));
  appendText(tail, direction.tailLength);
  appendText(text.start(), head);
  // Where one message ends in a letter and the next begins with a token, the token would not stand at a word's start.
  for (let i: u32 = 0; i < direction.beginnings; i++) {
    const length = <u32>load<u16>(direction.at(BEGINNINGS) + ((<usize>i) << 1));
    if (!isWordByte(load<u8>(tail + direction.tailLength - length - 1))) continue;
    appendByte(0x0a);
    appendText(tail + direction.tailLength - length, length);
    appendText(text.start(), head);
  }
  const verdict = readPiece(exchange, surfaceOf(isFromClient), textStart(), textLength(), 0, RAW_VIEW, true);
  if (verdict < layout.VERDICT_STRIP) return false;
  stopForFinding(exchange, isFromClient);
  return true;
}

/** Reads the client's message together with what it sent before, over whatever connection. True where policy blocks it. */
function isBlockedWithEarlier(exchange: Exchange, direction: Direction): bool {
  const text = direction.text();
  if (text.length < SHORTEST_BYTES || !isFrameRead()) return false;
  openAcross(exchange);
  noteAcross(text.start(), text.length, false);
  if (arePiecesBlocked(exchange, layout.SURFACE_REQUEST_BODY)) {
    stopForFinding(exchange, true);
    return true;
  }
  return isOverBudget() && refuses(exchange, direction, layout.UNREADABLE_ENTROPY_BUDGET, POLICY);
}

/**
 * Reads the texts that the message, where it is JSON, carries a piece of: the APIs that models are talked to by in real time
 * send an answer in as many messages as others send events. True where policy blocks one.
 */
function isBlockedJoined(exchange: Exchange, direction: Direction, isFromClient: bool): bool {
  if (!isFrameRead()) return false;
  const text = direction.text();
  const end = text.start() + text.length;
  let start = text.start();
  // What Engine.IO writes in front of its JSON: a digit or two that say what it is.
  while (start < end && load<u8>(start) - 0x30 < 10) start++;
  if (!sse.readPieces(start, end)) return false;
  for (let i: u32 = 0; i < sse.pieceCount; i++) {
    const surface = surfaceOf(isFromClient);
    const verdict = readOn(exchange, surface, sse.pieceChannel(i), sse.pieceStart(i), sse.pieceEnd(i), true);
    if (verdict < layout.VERDICT_STRIP) continue;
    // What waits may be the beginning of what was found. It is whole messages, and so may be left out.
    if (waitsFrom < output.length) {
      output.length = waitsFrom;
      waitsFrom = NOTHING_WAITS;
    }
    stopForFinding(exchange, isFromClient);
    return true;
  }
  return false;
}

function stopForFinding(exchange: Exchange, isFromClient: bool): void {
  beginReason(exchange);
  const rule = findingRule(decidingFinding);
  // Whole or not at all: cut, a name of other letters than ASCII's might end inside a character.
  if (writer.free() >= ruleIdLength(rule) + 2) writer.ascii(': ').bytes(ruleId(rule), ruleIdLength(rule));
  stop(exchange, isFromClient, POLICY);
}

function keepTail(direction: Direction): void {
  const text = direction.text();
  const tail = direction.at(TAIL);
  const list = direction.at(BEGINNINGS);
  const added = min(text.length, TAIL_BYTES);
  const kept = min(direction.tailLength, TAIL_BYTES - added);
  memory.copy(tail, tail + direction.tailLength - kept, kept);
  memory.copy(tail + kept, text.start() + text.length - added, added);
  if (added == 0) return;
  // A message that begins where the tail does has nothing before it.
  let count: u32 = 0;
  for (let i: u32 = 0; i < direction.beginnings; i++) {
    const length = <u32>load<u16>(list + ((<usize>i) << 1)) + added;
    if (length >= kept + added || i + 1 == MOST_BEGINNINGS) break;
    count++;
  }
  for (let i = count; i > 0; i--)
    store<u16>(list + ((<usize>i) << 1), <u16>(<u32>load<u16>(list + ((<usize>(i - 1)) << 1)) + added));
  if (kept > 0) {
    store<u16>(list, <u16>added);
    count++;
  }
  direction.beginnings = count;
  direction.tailLength = kept + added;
}

function isWordByte(c: u8): bool {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c == 0x5f;
}

/** Whether policy or RFC 6455 lets no such frame pass. Where it only warns, what cannot be read passes unread. */
function isRefused(exchange: Exchange, direction: Direction, frame: Framer, isFromClient: bool): bool {
  if (!frame.isSound(isFromClient)) {
    if (!refuses(exchange, direction, layout.UNREADABLE_WEBSOCKET_FRAME, PROTOCOL_ERROR))
      direction.state = State.Unread;
    return true;
  }
  if (frame.isControl()) return false;
  if (frame.opcode == BINARY && refuses(exchange, direction, layout.UNREADABLE_WEBSOCKET_BINARY, POLICY)) return true;
  direction.messageBytes += frame.payloadBytes;
  const most = load<u32>(table.policy, layout.POLICY_WEBSOCKET_MESSAGE_BYTES);
  return (
    most != 0 &&
    direction.messageBytes > <u64>most &&
    refuses(exchange, direction, layout.UNREADABLE_WEBSOCKET_TOO_LARGE, TOO_BIG)
  );
}

/** Reports what cannot be read or may not be sent; true where the connection ends for it. */
function refuses(exchange: Exchange, direction: Direction, reason: i32, code: u32): bool {
  const verdict = verdictOfUnreadable(reason);
  if (verdict == layout.VERDICT_ALLOW) return false;
  if (exchange.reportUnreadableOnce(reason) || verdict == layout.VERDICT_BLOCK)
    reportUnreadable(exchange, reason, verdict);
  if (verdict != layout.VERDICT_BLOCK) return false;
  beginReason(exchange);
  writer.ascii(': ');
  writeUnreadable(writer, reason);
  stop(exchange, changetype<usize>(direction) == exchange.fromClient, code);
  return true;
}

function isFrameRead(): bool {
  return (load<u8>(table.policy, layout.POLICY_WEBSOCKET_FLAGS) & layout.WEBSOCKET_READ) != 0;
}

function surfaceOf(isFromClient: bool): i32 {
  return isFromClient ? layout.SURFACE_REQUEST_BODY : layout.SURFACE_RESPONSE_BODY;
}

/** Begins what the client gets to read in its close frame. */
function beginReason(exchange: Exchange): void {
  const toClient = changetype<Direction>(exchange.fromOrigin);
  writer.start(toClient.at(REASON), REASON_BYTES).ascii('blocked by Penstock, request ').hex(requestIdOf(exchange), 16);
}

/** Ends the connection: this direction now, the other one when its next callback comes, which a close frame brings about. */
function stop(exchange: Exchange, isFromClient: bool, code: u32): void {
  const direction = changetype<Direction>(isFromClient ? exchange.fromClient : exchange.fromOrigin);
  const other = changetype<Direction>(isFromClient ? exchange.fromOrigin : exchange.fromClient);
  changetype<Direction>(exchange.fromOrigin).reasonLength = writer.length;
  direction.state = State.Closing;
  direction.closeCode = code;
  if (other.state != State.Closed) {
    other.state = State.Closing;
    other.closeCode = code;
  }
  // What is held and what has come with it would have gone on.
  close(direction, isFromClient, direction.raw().length + input.length);
  closeSoon(exchange);
}

/**
 * Goes on with closing: of a frame that the receiver has in part, `bytes` more go on as spaces, since only between frames
 * may a close frame stand.
 */
function close(direction: Direction, isFromClient: bool, bytes: u32): void {
  const frame = direction.outgoing();
  const raw = direction.raw();
  if (frame.headLength > 0 && !frame.isOpen) {
    const rest = min(frame.headBytes() - frame.headLength, raw.length);
    emitRaw(direction, rest);
    bytes -= min(bytes, rest);
  }
  raw.free();
  direction.text().free();
  for (; bytes > 0 && frame.left > 0; bytes--) {
    store<u8>(output.take(1), frame.maskedByte(0x20));
    frame.left--;
  }
  if (frame.left > 0) return;
  emitClose(direction, isFromClient);
  direction.state = State.Closed;
}

/** A close frame: to the client with the reason, to the origin with the code alone. */
function emitClose(direction: Direction, isFromClient: bool): void {
  const code = <u8>direction.closeCode;
  const codeHigh = <u8>(direction.closeCode >> 8);
  if (isFromClient) {
    // Any mask will do: it protects from what a page could make a browser write, and these bytes are ours.
    const mask = <u32>currentTimeNanoseconds();
    const at = output.take(8);
    store<u8>(at, 0x80 | <u8>CLOSE);
    store<u8>(at, 0x80 | 2, 1);
    store<u32>(at, mask, 2);
    store<u8>(at, codeHigh ^ <u8>mask, 6);
    store<u8>(at, code ^ <u8>(mask >> 8), 7);
    return;
  }
  const at = output.take(4 + direction.reasonLength);
  store<u8>(at, 0x80 | <u8>CLOSE);
  store<u8>(at, <u8>(2 + direction.reasonLength), 1);
  store<u8>(at, codeHigh, 2);
  store<u8>(at, code, 3);
  memory.copy(at + 4, direction.at(REASON), direction.reasonLength);
}

/** The first of the exchanges whose close frame has not been answered; 0 for none. */
let firstClosing: usize = 0;

function closeSoon(exchange: Exchange): void {
  if (exchange.closesAt != 0) return;
  exchange.closesAt = currentTimeNanoseconds() + CLOSING_NANOSECONDS;
  setTickPeriodMilliseconds(TICK_MILLISECONDS);
  exchange.nextClosing = firstClosing;
  firstClosing = changetype<usize>(exchange);
}

function forgetClosing(exchange: Exchange): void {
  if (exchange.closesAt == 0) return;
  const gone = changetype<usize>(exchange);
  if (firstClosing == gone) firstClosing = exchange.nextClosing;
  for (let at = firstClosing; at != 0; at = changetype<Exchange>(at).nextClosing)
    if (changetype<Exchange>(at).nextClosing == gone) changetype<Exchange>(at).nextClosing = exchange.nextClosing;
}

/** Cuts the connections whose other side has not answered a close frame in time. True where any is still waited for. */
export function cutUnanswered(): bool {
  const now = currentTimeNanoseconds();
  let at = firstClosing;
  while (at != 0) {
    const exchange = changetype<Exchange>(at);
    // Closing a stream may give its record back before the call returns.
    at = exchange.nextClosing;
    if (now < exchange.closesAt || setEffectiveContext(exchange.contextId) != Status.Ok) continue;
    closeStream(StreamType.Response);
  }
  return firstClosing != 0;
}

// Messages on the MCP listener: read as JSON-RPC, and judged by what they carry. stream.ts calls this for what is held
// whole, events.ts for the data of one event.
import { wasCut } from '../finding/find';
import { idCount, isMethod, messageCount, readMessages, setOnlyId } from '../mcp/message';
import {
  dropTool,
  readTools,
  toolCount,
  toolEnd,
  toolHadVariant,
  toolName,
  toolNameEnd,
  toolStart,
  writeAround,
} from '../mcp/tools';
import { Bytes } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { stripsTools, verdictOfUnreadable } from '../verdict/verdict';
import { MARGIN } from '../view/arena';
import { Exchange } from './exchange';
import { judgeMessages, NO_TOOL, read, refuse } from './judge';
import { maskIds } from './masked-ids';
import { comparesTools, dropPins, waitsForPins } from './pins';
import { nameTool, reportUnreadable } from './report';
import { noteTools } from './sessions';
import { beginText, endText, textLength, textStart } from './text';

/** What becomes of an answer's message. */
export const enum Outcome {
  Pass = 0,
  /** It goes on without the tools that were dropped: writeKept of tools.ts. */
  Strip = 1,
  /** A finding blocks it; verdict.ts says which. */
  Block = 2,
  /** It cannot be read, and that blocks it: `unreadable`. */
  Unreadable = 3,
}

const GET = Bytes.of('GET');

/** Why the last message could not be read. */
export let unreadable: i32 = layout.NO_UNREADABLE;
/** Where the finding stands that blocked the last message. */
export let blockedSurface: i32 = layout.SURFACE_MCP_RESPONSE;

// A copy of the message, with margins: the host's buffer is gone with the next call. Grows to the longest so far.
let block: usize = 0;
let capacity: u32 = 0;

/** Makes room for a message of `length` bytes; gives its address. */
export function messageRoom(length: u32): usize {
  if (length > capacity || block == 0) {
    if (block != 0) heap.free(block);
    capacity = (length + 0xfff) & ~0xfff;
    block = heap.alloc(<usize>capacity + 2 * MARGIN);
  }
  return block + MARGIN;
}

/** Judges a request's body of `length` bytes in the host buffer; true where the exchange was answered. */
export function judgeMcpRequest(exchange: Exchange, from: usize, length: u32): bool {
  const start = messageRoom(length);
  memory.copy(start, from, length);
  unreadable = readMessages(start, start + length, false);
  maskIds(layout.SURFACE_MCP_REQUEST);
  exchange.keepId();
  for (let i: u32 = 0; unreadable == layout.NO_UNREADABLE && i < messageCount; i++)
    exchange.asksForTools = exchange.asksForTools || isMethod(i, 'tools/list');
  if (unreadable != layout.NO_UNREADABLE && refuse(exchange, unreadable)) return true;
  return judgeMessages(exchange, start, length, unreadable == layout.NO_UNREADABLE);
}

/**
 * Judges an answer's message of `length` bytes in messageRoom, and reports what is in it. `isJson` says whether a client
 * reads it as JSON-RPC; else it is text that no client acts on.
 */
export function judgeMcpAnswer(exchange: Exchange, start: usize, length: u32, isJson: bool): Outcome {
  const outcome = judgeMessage(exchange, start, length, isJson);
  // What control has said was about this message.
  dropPins();
  return outcome;
}

function judgeMessage(exchange: Exchange, start: usize, length: u32, isJson: bool): Outcome {
  const problem = readMessages(start, start + length, true);
  unreadable = layout.NO_UNREADABLE;
  if (problem == layout.NO_UNREADABLE) {
    maskIds(layout.SURFACE_MCP_RESPONSE);
    if (!readTools()) unreadable = toolHadVariant ? layout.UNREADABLE_MCP_KEY_VARIANT : layout.UNREADABLE_MCP_TOO_MANY;
  } else {
    if (idCount == 0) setOnlyId(exchange.id(), exchange.idLength);
    if (isJson) unreadable = isNoMessage(problem) ? layout.UNREADABLE_MCP_ANSWER : problem;
  }
  if (unreadable != layout.NO_UNREADABLE) {
    if (isRefused(exchange, unreadable)) return Outcome.Unreadable;
    return judgeText(exchange, start, length, layout.SURFACE_MCP_RESPONSE);
  }
  if (problem != layout.NO_UNREADABLE || toolCount == 0) {
    const outcome = judgeText(exchange, start, length, layout.SURFACE_MCP_RESPONSE);
    if (problem == layout.NO_UNREADABLE && isJson && outcome == Outcome.Pass) noteTools(exchange, false);
    return outcome;
  }
  beginText(length);
  endText(<u32>(writeAround(start, start + length, textStart()) - textStart()));
  const around = judgeText(exchange, textStart(), textLength(), layout.SURFACE_MCP_RESPONSE);
  if (around != Outcome.Pass) return around;
  const outcome = judgeTools(exchange);
  if (isJson) noteTools(exchange, outcome == Outcome.Block || outcome == Outcome.Unreadable);
  return outcome;
}

/**
 * Whether the answer's message of `length` bytes lists tools that control was asked about; the exchange then waits for what
 * it says, and the message is judged after that (pins.ts).
 */
export function isAskedFor(exchange: Exchange, start: usize, length: u32): bool {
  if (!comparesTools()) return false;
  if (readMessages(start, start + length, true) != layout.NO_UNREADABLE || !readTools() || toolCount == 0) return false;
  return waitsForPins(exchange);
}

/** Where the tools are judged one by one: what is said of each alone decides whether it is listed. */
function judgeTools(exchange: Exchange): Outcome {
  let outcome = Outcome.Pass;
  for (let i: u32 = 0; i < toolCount; i++) {
    const bytes = <u32>(toolEnd(i) - toolStart(i));
    beginText(bytes);
    memory.copy(textStart(), toolStart(i), bytes);
    endText(bytes);
    nameTool(toolName(i), toolNameEnd(i));
    const judged = judgeText(exchange, textStart(), bytes, layout.SURFACE_MCP_TOOL, i);
    if (judged == Outcome.Pass) continue;
    dropTool(i);
    if (!stripsTools()) return judged;
    outcome = Outcome.Strip;
  }
  return outcome;
}

function judgeText(exchange: Exchange, start: usize, length: u32, surface: i32, tool: i32 = NO_TOOL): Outcome {
  const verdict = read(exchange, surface, start, length, tool);
  if (wasCut && isRefused(exchange, layout.UNREADABLE_REQUEST_EXPANSION)) {
    unreadable = layout.UNREADABLE_REQUEST_EXPANSION;
    return Outcome.Unreadable;
  }
  // A message of the protocol that says less than it should is none: what would be stripped is blocked.
  if (verdict < layout.VERDICT_STRIP) return Outcome.Pass;
  blockedSurface = surface;
  return Outcome.Block;
}

/**
 * Why an answer, or an event of one, that is over the limit cannot be read: what is asked for on this exchange, or comes on a
 * stream that answers requests of others, may be a list of tools.
 */
export function tooLargeOf(exchange: Exchange): i32 {
  const mayListTools = exchange.asksForTools || GET.equals(exchange.method(), exchange.methodLength);
  return mayListTools ? layout.UNREADABLE_MCP_TOOLS_TOO_LARGE : layout.UNREADABLE_RESPONSE_TOO_LARGE;
}

/** Reports that a message cannot be read; true where policy blocks that. The caller answers. */
export function isRefused(exchange: Exchange, reason: i32): bool {
  const verdict = verdictOfUnreadable(reason);
  if (verdict != layout.VERDICT_ALLOW) reportUnreadable(exchange, reason, verdict);
  return verdict == layout.VERDICT_BLOCK;
}

function isNoMessage(problem: i32): bool {
  return problem == layout.UNREADABLE_MCP_NOT_JSON || problem == layout.UNREADABLE_MCP_NOT_JSON_RPC;
}

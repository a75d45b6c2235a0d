// One message, read and judged: its findings reported, its verdict given.

import { findIn, wasCut } from '../finding/find';
import { clearFindings, findingCount, findingRule } from '../finding/findings';
import { setDestination } from '../finding/own';
import { forgetId, idCount, idLength, idStart } from '../mcp/message';
import { currentTimeNanoseconds } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { verdictOfFinding, verdictOfMessage, verdictOfUnreadable } from '../verdict/verdict';
import { answerFinding, answerUnreadable } from './answer';
import { nameEnd } from './authority';
import { Chain, Exchange } from './exchange';
import { recordScan, reportFinding, reportUnreadable } from './report';
import { appendText, beginText, textLength, textStart } from './text';
import { writeTrace } from './trace-log';

/**
 * Reads the text at `start` (with margins) as the whole of a surface. True where policy blocks it, and the exchange was
 * answered.
 */
export function judge(exchange: Exchange, surface: i32, start: usize, length: u32): bool {
  const verdict = read(exchange, surface, start, length);
  if (wasCut && refuse(exchange, layout.UNREADABLE_REQUEST_EXPANSION)) return true;
  if (verdict != layout.VERDICT_BLOCK) return false;
  answerFinding(exchange, surface);
  return true;
}

/** Reads the text and reports what is in it; gives the verdict, and leaves answering to the caller. */
export function read(exchange: Exchange, surface: i32, start: usize, length: u32): i32 {
  clearFindings();
  setDestinationOf(exchange);
  findTimed(start, length, surface);
  writeTrace();
  for (let i: u32 = 0; i < findingCount(); i++) {
    const verdict = verdictOfFinding(i, surface);
    if (verdict != layout.VERDICT_ALLOW) reportFinding(exchange, i, surface, verdict, 0);
  }
  return verdictOfMessage(surface);
}

/** Reads one piece of an answer that comes in pieces; each rule is reported once in the answer. */
export function readPiece(exchange: Exchange, surface: i32, start: usize, length: u32, offset: u32): void {
  clearFindings();
  setDestinationOf(exchange);
  findTimed(start, length, surface);
  writeTrace();
  for (let i: u32 = 0; i < findingCount(); i++) {
    const verdict = verdictOfFinding(i, surface);
    if (verdict != layout.VERDICT_ALLOW && exchange.reportOnce(findingRule(i)))
      reportFinding(exchange, i, surface, verdict, offset);
  }
}

let texts: u32 = 0;

/** Of every 16 texts one is timed: the clock costs a call of the host each time it is read. */
function findTimed(start: usize, length: u32, surface: i32): void {
  if ((texts++ & 15) != 0) {
    findIn(start, length, surface);
    return;
  }
  const began = currentTimeNanoseconds();
  findIn(start, length, surface);
  recordScan(surface, currentTimeNanoseconds() - began);
}

/** Says where the exchange leads: to the host of its request; on 8889 to the one in the table, whatever the client says. */
function setDestinationOf(exchange: Exchange): void {
  if (exchange.chain != Chain.Mcp) {
    const host = exchange.host();
    // Inside a tunnel the origin has proved its name to Envoy.
    setDestination(host, <u32>(nameEnd(host, host + exchange.hostLength) - host), exchange.chain == Chain.Intercept);
    return;
  }
  const isKnown = load<u32>(table.policy, layout.POLICY_MCP_HOST_WORDS + 4) != 0;
  const word = table.words + <usize>load<u32>(table.policy, layout.POLICY_MCP_HOST_WORDS) * layout.WORD_BYTES;
  if (isKnown)
    setDestination(table.strings + load<u32>(word, layout.WORD_OFFSET), load<u32>(word, layout.WORD_LENGTH), false);
  else setDestination(0, 0, false);
}

/** Reports that a message cannot be read. True where policy blocks that, and the exchange was answered. */
export function refuse(exchange: Exchange, reason: i32): bool {
  const verdict = verdictOfUnreadable(reason);
  if (verdict == layout.VERDICT_ALLOW) return false;
  reportUnreadable(exchange, reason, verdict);
  if (verdict != layout.VERDICT_BLOCK) return false;
  answerUnreadable(exchange, reason);
  return true;
}

/** Whether any rule finds something in the text; reports nothing. */
export function hasFindings(start: usize, length: u32, surface: i32): bool {
  clearFindings();
  setDestination(0, 0, false);
  findIn(start, length, surface);
  return findingCount() > 0;
}

/** Looks at the ids that an answer of ours would repeat: one that holds a finding is not repeated. */
export function maskIds(surface: i32): void {
  for (let i: u32 = 0; i < idCount; i++) {
    // Nothing that a rule finds is shorter than a bank routing number in quotes.
    if (idLength(i) < 9) continue;
    beginText(idLength(i));
    appendText(idStart(i), idLength(i));
    if (hasFindings(textStart(), textLength(), surface)) forgetId(i);
  }
}

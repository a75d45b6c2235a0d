// The answer of a handler to a call that policy redirects (redirect.ts): judged like the server's own, and sent in its place.

import { writeKept } from '../mcp/tools';
import { Bytes } from '../proxy-wasm-as/assembly';
import { answerFinding, answerJson, answerUnreadableAnswer } from './answer';
import { Exchange } from './exchange';
import { heldStart } from './held';
import { blockedSurface, judgeMcpAnswer, messageRoom, Outcome, unreadable } from './mcp';
import { handlerStart } from './redirect';

const HEAD = Bytes.of('{"jsonrpc":"2.0","id":');
const RESULT = Bytes.of(',"result":');

/** Answers the call with a result of `length` bytes at handlerStart; where that is 0, with the refusal that is held. */
export function answerRedirected(exchange: Exchange, length: u32): void {
  if (length == 0) {
    answerJson(exchange, heldStart(exchange), exchange.heldLength, false);
    return;
  }
  const bytes = HEAD.length + exchange.idLength + RESULT.length + length + 1;
  const start = messageRoom(bytes);
  let to = copy(HEAD.pointer, HEAD.length, start);
  to = copy(exchange.id(), exchange.idLength, to);
  to = copy(RESULT.pointer, RESULT.length, to);
  to = copy(handlerStart(), length, to);
  store<u8>(to, 0x7d);
  const outcome = judgeMcpAnswer(exchange, start, bytes, true);
  if (outcome == Outcome.Block) answerFinding(exchange, blockedSurface);
  else if (outcome == Outcome.Unreadable) answerUnreadableAnswer(exchange, unreadable);
  else if (outcome == Outcome.Strip)
    answerJson(exchange, start, <u32>(writeKept(start, start + bytes, start) - start), true);
  else answerJson(exchange, start, bytes, true);
}

function copy(from: usize, bytes: u32, to: usize): usize {
  memory.copy(to, from, bytes);
  return to + bytes;
}

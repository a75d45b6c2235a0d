// A call that tool policy redirects: it does not go to the server. Control is asked to have the operator's handler answer it
// (control/serve/handler-pages.ts), and the call waits meanwhile. Only a 200 with a body is an answer; after anything else
// the call is blocked as it would be without a handler.
import { findingRule, ruleId, ruleIdLength } from '../finding/findings';
import { idCount, idLength, isBatch, paramsEnd, paramsStart } from '../mcp/message';
import { Bytes, Writer } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { decidingFinding } from '../verdict/verdict';
import { answerFinding, dataOfFinding } from './answer';
import { ControlCalls } from './control-calls';
import { Exchange } from './exchange';
import { hold } from './held';
import { requestIdOf } from './report';

const RULE = Bytes.of('x-penstock-rule');
const REQUEST = Bytes.of('x-penstock-request');

/** Longer than control lets a handler take, the wait for its turn included (control/redirect/handler.ts). */
const LIMIT_MS: u32 = 15000;

/** The answer is the handler's. A rule's id is as long as its name in pipelock.yaml; one that does not fit is not redirected. */
const calls = new ControlCalls(Bytes.of('redirect'), Bytes.of('/call'), LIMIT_MS);
const requestText: usize = memory.data(16);
const requestWriter = new Writer();

/** Length of the handler's answer in bytes; 0 where there is none. */
export function handlerBytes(): u32 {
  return calls.bodyBytes;
}

/** Where it stands. */
export function handlerStart(): usize {
  return calls.body;
}

/** Has a handler answer the call that mcp/message.ts read last and that a finding blocks, or blocks it. */
export function redirect(exchange: Exchange): void {
  // The answer of one call cannot stand in a batch's, and without an id nobody waits for it.
  if (isBatch || idCount != 1 || idLength(0) == 0) {
    answerFinding(exchange, layout.SURFACE_MCP_REQUEST, ', and only a single call with an id of its own is redirected');
    return;
  }
  const rule = findingRule(decidingFinding);
  requestWriter.start(requestText, 16).hex(requestIdOf(exchange), 16);
  calls.begin(2);
  calls.headers.add(RULE.pointer, RULE.length, ruleId(rule), ruleIdLength(rule));
  calls.headers.add(REQUEST.pointer, REQUEST.length, requestText, requestWriter.length);
  const params = paramsStart(0);
  exchange.handlerCall = calls.ask(exchange.contextId, params, <u32>(paramsEnd(0) - params));
  if (exchange.handlerCall == 0) {
    answerFinding(exchange, layout.SURFACE_MCP_REQUEST, ', and its handler gave no answer');
    return;
  }
  exchange.isAnswered = true;
  // Written now: by then another table may be in use, in which the rule has another number.
  const refusal = dataOfFinding(exchange, layout.SURFACE_MCP_REQUEST, ', and its handler gave no answer');
  hold(exchange, refusal.pointer, refusal.length);
}

/** Takes control's answer to a call. Gives the context that waited for it, 0 where it is gone or none of these. */
export function takeHandlerAnswer(call: u32, length: u32): u32 {
  return calls.take(call, length);
}

/** Forgets a call whose exchange has ended. */
export function forgetHandlerCall(exchange: Exchange): void {
  calls.forget(exchange.handlerCall);
  exchange.handlerCall = 0;
}

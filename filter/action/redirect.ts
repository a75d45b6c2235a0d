// A call that tool policy redirects: it does not go to the server. Control is asked to have the operator's handler answer it
// (control/serve/handler-pages.ts), and the call waits meanwhile. Only a 200 with a body is an answer; after anything else
// the call is blocked as it would be without a handler.
import { findingRule, ruleId, ruleIdLength } from '../finding/findings';
import { idCount, idLength, isBatch, paramsEnd, paramsStart } from '../mcp/message';
import {
  BufferType,
  Bytes,
  ContextMap,
  getBuffer,
  getHeader,
  httpCall,
  MapType,
  PairWriter,
  result,
  Status,
  WHOLE,
  Writer,
} from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { decidingFinding } from '../verdict/verdict';
import { answerFinding, dataOfFinding } from './answer';
import { Exchange } from './exchange';
import { hold } from './held';
import { requestIdOf } from './report';

const CLUSTER = Bytes.of('redirect');
const METHOD = Bytes.of(':method');
const POST = Bytes.of('POST');
const PATH = Bytes.of(':path');
const CALL = Bytes.of('/call');
const AUTHORITY = Bytes.of(':authority');
const RULE = Bytes.of('x-penstock-rule');
const REQUEST = Bytes.of('x-penstock-request');
const STATUS = Bytes.of(':status');
const OK = Bytes.of('200');

/** Longer than control lets a handler take, the wait for its turn included (control/redirect/handler.ts). */
const LIMIT_MS: u32 = 15000;

/** A rule's id is as long as its name in pipelock.yaml; one that does not fit is not redirected. */
const PAIR_BYTES: u32 = 2048;
const pairs = new PairWriter();
const pairBytes: usize = memory.data(2048, 4);
const requestText: usize = memory.data(16);
const requestWriter = new Writer();

/** Calls without an answer → the context that waits for it. */
const calls = new ContextMap();

// The handler's answer. Grows to the longest so far.
let answer: usize = 0;
let answerRoom: u32 = 0;
/** Its length in bytes; 0 where there is none. */
export let handlerBytes: u32 = 0;

/** Address of the handler's answer. */
export function handlerStart(): usize {
  return answer;
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
  pairs.start(pairBytes, PAIR_BYTES, 5);
  pairs.add(METHOD.pointer, METHOD.length, POST.pointer, POST.length);
  pairs.add(PATH.pointer, PATH.length, CALL.pointer, CALL.length);
  pairs.add(AUTHORITY.pointer, AUTHORITY.length, CLUSTER.pointer, CLUSTER.length);
  pairs.add(RULE.pointer, RULE.length, ruleId(rule), ruleIdLength(rule));
  pairs.add(REQUEST.pointer, REQUEST.length, requestText, requestWriter.length);
  const isWhole = pairs.finish();
  const params = paramsStart(0);
  const isAsked =
    isWhole &&
    httpCall(
      CLUSTER.pointer,
      CLUSTER.length,
      pairs.pointer,
      pairs.length,
      params,
      <u32>(paramsEnd(0) - params),
      0,
      0,
      LIMIT_MS,
    ) == Status.Ok;
  if (!isAsked) {
    answerFinding(exchange, layout.SURFACE_MCP_REQUEST, ', and its handler gave no answer');
    return;
  }
  exchange.handlerCall = result.callId();
  calls.set(exchange.handlerCall, <usize>exchange.contextId);
  exchange.isAnswered = true;
  // Written now: by then another table may be in use, in which the rule has another number.
  const refusal = dataOfFinding(exchange, layout.SURFACE_MCP_REQUEST, ', and its handler gave no answer');
  hold(exchange, refusal.pointer, refusal.length);
}

/** Takes control's answer to a call: handlerBytes. Gives the context that waited for it, 0 where it is gone or none of these. */
export function takeHandlerAnswer(call: u32, length: u32): u32 {
  const contextId = <u32>calls.remove(call);
  handlerBytes = 0;
  if (contextId == 0 || length == 0) return contextId;
  if (getHeader(MapType.HttpCallResponseHeaders, STATUS.pointer, STATUS.length) != Status.Ok) return contextId;
  if (!OK.equals(result.pointer(), result.length())) return contextId;
  if (getBuffer(BufferType.HttpCallResponseBody, 0, WHOLE) != Status.Ok) return contextId;
  handlerBytes = result.length();
  if (handlerBytes > answerRoom) {
    if (answer != 0) heap.free(answer);
    answerRoom = (handlerBytes + 0xfff) & ~0xfff;
    answer = heap.alloc(answerRoom);
  }
  memory.copy(answer, result.pointer(), handlerBytes);
  return contextId;
}

/** Forgets a call whose exchange has ended. */
export function forgetHandlerCall(exchange: Exchange): void {
  if (exchange.handlerCall != 0) calls.remove(exchange.handlerCall);
  exchange.handlerCall = 0;
}

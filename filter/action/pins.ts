// How the tools of a list stand to their pins: control is asked (control/serve/pin-pages.ts), and the answer that holds the
// list waits meanwhile. Only a 200 with a record for each tool is an answer; after anything else no tool counts as approved.
import { addFinding, findingCount, ruleRecord } from '../finding/findings';
import { hasNextPage, toolCount, toolEnd, toolStart } from '../mcp/tools';
import { Bytes, getProperty, result, Status } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { ControlCalls } from './control-calls';
import { Exchange } from './exchange';

const UPSTREAM = Bytes.of('x-penstock-upstream');
/** The server's name: that of the cluster that the request went to, `mcp` or `mcp-` and its name in pipelock.yaml. */
const UPSTREAM_CLUSTER = Bytes.of('xds\0cluster_name');
const MCP = Bytes.of('mcp');
const NAME_PREFIX = Bytes.of('mcp-');
const OPEN = Bytes.of('{"tools":[');
const CLOSE = Bytes.of(']}');
const CLOSE_PAGE = Bytes.of('],"nextCursor":"more"}');

/** Longer than control takes at its slowest, a ConfigMap whose API server does not answer (control/pins/cluster-api.ts). */
const LIMIT_MS: u32 = 3000;

/** The answer is a record for each tool. */
const calls = new ControlCalls(Bytes.of('pins'), Bytes.of('/judge'), LIMIT_MS);

/** What is known of the tools that are judged now. */
const enum Known {
  /** Nobody was asked. */
  Nothing = 0,
  Records = 1,
  /** Control gave no answer. */
  Failure = 2,
}
let known: Known = Known.Nothing;

// What is asked. Grows to the longest so far.
let question: usize = 0;
let questionRoom: u32 = 0;

/** Whether policy says anything of pins: the verdicts of their rules go together. */
export function comparesTools(): bool {
  const first = load<u32>(table.policy, layout.POLICY_PIN_RULES);
  if (first == <u32>layout.NO_RULE) return false;
  const held = ruleRecord(first + layout.PIN_RULE_HELD) + <usize>layout.SURFACE_MCP_TOOL;
  return load<u8>(held, layout.RULE_VERDICTS_HIGH) != layout.VERDICT_ALLOW;
}

/**
 * Asks control about the tools that mcp/tools.ts found last. True where the exchange waits for the answer; false where it
 * is there, or will not come.
 */
export function waitsForPins(exchange: Exchange): bool {
  if (known != Known.Nothing) return false;
  const length = writeQuestion();
  const isNamed = getProperty(UPSTREAM_CLUSTER.pointer, UPSTREAM_CLUSTER.length) == Status.Ok && result.length() < 512;
  calls.begin(1);
  const prefix = isNamed && result.length() > NAME_PREFIX.length ? NAME_PREFIX.length : 0;
  if (isNamed)
    calls.headers.add(UPSTREAM.pointer, UPSTREAM.length, result.pointer() + prefix, result.length() - prefix);
  else calls.headers.add(UPSTREAM.pointer, UPSTREAM.length, MCP.pointer, MCP.length);
  exchange.pinsCall = calls.ask(exchange.contextId, question, length);
  if (exchange.pinsCall == 0) known = Known.Failure;
  return exchange.pinsCall != 0;
}

/** Takes control's answer to a call; gives the context that waited for it, 0 where it is gone. */
export function takePins(call: u32, length: u32): u32 {
  const contextId = calls.take(call, length);
  if (contextId != 0) known = calls.isAnswered ? Known.Records : Known.Failure;
  return contextId;
}

/** Forgets what control has said: it was about the message that has been judged. */
export function dropPins(): void {
  known = Known.Nothing;
}

/** Forgets a call whose exchange has ended. */
export function forgetPinsCall(exchange: Exchange): void {
  calls.forget(exchange.pinsCall);
  exchange.pinsCall = 0;
}

/**
 * Adds what control has said of tool `i` to the findings in its definition. A tool that has changed and in which something
 * else was found did not change by chance.
 */
export function addPinFindings(i: u32): void {
  if (known == Known.Nothing) return;
  const isPoisoned = findingCount() > 0;
  const first = load<u32>(table.policy, layout.POLICY_PIN_RULES);
  if (known == Known.Failure || calls.bodyBytes != toolCount * layout.PIN_RECORD_BYTES) {
    addFinding(first + layout.PIN_RULE_HELD, true, 0, 0, 0);
    return;
  }
  const record = calls.body + <usize>(i * layout.PIN_RECORD_BYTES);
  const standing = <i32>load<u8>(record);
  const parts = (hexDigit(load<u8>(record, 1)) << 4) | hexDigit(load<u8>(record, 2));
  if ((parts & layout.PIN_PART_NAME) != 0) addFinding(first + layout.PIN_RULE_NAME, true, 0, 0, 0);
  if (standing == layout.PIN_KNOWN || standing == layout.PIN_COSMETIC || standing == layout.PIN_NEW) return;
  if (standing == layout.PIN_ADDED) {
    addFinding(first + layout.PIN_RULE_ADDED, isPoisoned, 0, 0, 0);
    return;
  }
  if (standing != layout.PIN_DRIFTED) {
    addFinding(first + layout.PIN_RULE_HELD, true, 0, 0, 0);
    return;
  }
  if ((parts & layout.PIN_PART_DESCRIPTION) != 0) addFinding(first + layout.PIN_RULE_DESCRIPTION, isPoisoned, 0, 0, 0);
  if ((parts & layout.PIN_PART_SCHEMA) != 0) addFinding(first + layout.PIN_RULE_SCHEMA, isPoisoned, 0, 0, 0);
  if ((parts & layout.PIN_PART_TITLE) != 0) addFinding(first + layout.PIN_RULE_TITLE, isPoisoned, 0, 0, 0);
  if ((parts & layout.PIN_PART_OTHER) != 0) addFinding(first + layout.PIN_RULE_OTHER, isPoisoned, 0, 0, 0);
}

function hexDigit(c: u8): i32 {
  return c >= 0x61 ? <i32>c - 0x57 : <i32>c - 0x30;
}

/** `{"tools":[…]}` with the definitions as they are written: the same text however the message around them differs. */
function writeQuestion(): u32 {
  let bytes = OPEN.length + CLOSE_PAGE.length + toolCount;
  for (let i: u32 = 0; i < toolCount; i++) bytes += <u32>(toolEnd(i) - toolStart(i));
  if (bytes > questionRoom) {
    if (question != 0) heap.free(question);
    questionRoom = (bytes + 0xfff) & ~0xfff;
    question = heap.alloc(questionRoom);
  }
  let to = copy(OPEN.pointer, OPEN.length, question);
  for (let i: u32 = 0; i < toolCount; i++) {
    if (i > 0) store<u8>(to++, 0x2c);
    to = copy(toolStart(i), <u32>(toolEnd(i) - toolStart(i)), to);
  }
  to = hasNextPage ? copy(CLOSE_PAGE.pointer, CLOSE_PAGE.length, to) : copy(CLOSE.pointer, CLOSE.length, to);
  return <u32>(to - question);
}

function copy(from: usize, bytes: u32, to: usize): usize {
  memory.copy(to, from, bytes);
  return to + bytes;
}

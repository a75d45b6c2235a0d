// The answers that the filter gives in the origin's place: JSON in the OpenAI error shape
// (https://platform.openai.com/docs/guides/error-codes), or JSON-RPC errors on the MCP listener. Longer
// than most files: whatever we say to a client in our own name is written here.
import { findingRule, ruleId, ruleIdLength } from '../finding/findings';
import { idCount, idLength, idStart, isBatch, setOnlyId } from '../mcp/message';
import { Bytes, PairWriter, sendLocalResponse, Writer } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { decidingFinding, maxRequestBodyBytes } from '../verdict/verdict';
import { Chain, Exchange } from './exchange';
import { isOf, writeFindingHint, writeUnreadableHint } from './hint';
import { isLimit, writePlace, writeUnreadable, writeUnreadableReason } from './names';
import { requestIdOf } from './report';

const CONTENT_TYPE = Bytes.of('content-type');
const JSON_TYPE = Bytes.of('application/json');
const AUTHENTICATE = Bytes.of('www-authenticate');
const BEARER = Bytes.of('Bearer');
const DETAILS = Bytes.of('penstock_block');
/** What the access log has of an answer of a handler (control/serve/event.ts). */
const REDIRECT_DETAILS = Bytes.of('penstock_redirect');

/** JSON-RPC leaves -32000 to -32099 to implementations; policy is one of them. */
const POLICY_ERROR: u32 = 32001;
/** The same of tool policy, which a client may want to tell apart. */
const TOOL_POLICY_ERROR: u32 = 32005;
const TOOL_POLICY = Bytes.of('tool-policy.');
/** Of a call that its session was not shown, and of one that ends a sequence. */
const SESSION_ERROR: u32 = 32006;
const SESSION = Bytes.of('session.');
const TOOL_CHAIN_ERROR: u32 = 32007;
const TOOL_CHAIN = Bytes.of('chain.');
/** Parse error and invalid request of JSON-RPC 2.0 (section 5.1). */
const PARSE_ERROR: u32 = 32700;
const INVALID_REQUEST: u32 = 32600;

/** A batch of 64 ids, an error of some 700 bytes for each. */
const BODY_BYTES: u32 = 65536;
const body: usize = memory.data(65536);
const pairBytes: usize = memory.data(256, 4);
const writer = new Writer();
const message = new Writer();
const MESSAGE_BYTES: u32 = 1024;
const messageText: usize = memory.data(1024);
const pairs = new PairWriter();

/** Answers an exchange that the deciding finding blocks; `more` says more of why. */
export function answerFinding(exchange: Exchange, surface: i32, more: string = ''): void {
  writeFindingMessage(exchange, surface, more);
  const rule = findingRule(decidingFinding);
  if (exchange.chain == Chain.Mcp) {
    // Without an id nobody waits for an answer to a message: MCP then wants an HTTP error.
    const isAnswer = surface == layout.SURFACE_MCP_RESPONSE || surface == layout.SURFACE_MCP_TOOL;
    // No message of the answer has been read: it is the one to the request.
    if (surface == layout.SURFACE_RESPONSE_HEADER) setOnlyId(exchange.id(), exchange.idLength);
    const isOfHeader = surface == layout.SURFACE_RESPONSE_HEADER && exchange.idLength > 0;
    const hasIds = ((surface == layout.SURFACE_MCP_REQUEST || isAnswer) && idCount > 0) || isOfHeader;
    writer.start(body, BODY_BYTES);
    if (hasIds) writeErrors(exchange, rule);
    else writeError(exchange, rule, 0, 0);
    // The older transport's clients wait for a message on their stream; of the answer to their own they read the status.
    send(exchange, (hasIds || isAnswer) && exchange.endpoint == 0 ? 200 : 403);
    return;
  }
  startOpenAi();
  writer.bytes(ruleId(rule), ruleIdLength(rule)).ascii('"}}');
  send(exchange, 403);
}

/** Answers an exchange whose message cannot be read. */
export function answerUnreadable(exchange: Exchange, reason: i32): void {
  writeUnreadableMessage(exchange, reason);
  const status = statusOf(reason);
  if (exchange.chain == Chain.Mcp) {
    const isAnswer =
      reason == layout.UNREADABLE_RESPONSE_ENCODING ||
      reason == layout.UNREADABLE_RESPONSE_TOO_LARGE ||
      reason == layout.UNREADABLE_MCP_TOOLS_TOO_LARGE;
    const isUnparsed = reason == layout.UNREADABLE_REQUEST_ENCODING || reason == layout.UNREADABLE_REQUEST_TOO_LARGE;
    if (isAnswer || isUnparsed || isLimit(reason)) setOnlyId(exchange.id(), exchange.idLength);
    writer.start(body, BODY_BYTES);
    writeUnreadableErrors(reason, codeOf(reason));
    send(exchange, isProtocol(reason) ? 400 : isAnswer && exchange.idLength > 0 ? 200 : status);
    return;
  }
  startOpenAi();
  writeUnreadable(writer, reason);
  writer.ascii('"}}');
  send(exchange, status);
}

/** Answers an exchange that is refused whatever it holds: by a code and, as a person says it, why. */
export function answerRefused(exchange: Exchange, status: u32, code: string, reason: string): void {
  message.start(messageText, MESSAGE_BYTES).ascii('refused by Penstock: ').ascii(reason);
  message.ascii('; request ').hex(requestIdOf(exchange), 16);
  startOpenAi();
  writer.ascii(code).ascii('"}}');
  send(exchange, status);
}

/** Answers a request on 8889 that says no token of ours (RFC 6750 section 3). */
export function answerUnauthorized(exchange: Exchange): void {
  writeRefusal(
    exchange,
    'a token of its operator is needed, in X-Penstock-Token or as the Bearer of Authorization',
    'mcp-auth',
  );
  pairs.start(pairBytes, 256, 2);
  pairs.add(CONTENT_TYPE.pointer, CONTENT_TYPE.length, JSON_TYPE.pointer, JSON_TYPE.length);
  pairs.add(AUTHENTICATE.pointer, AUTHENTICATE.length, BEARER.pointer, BEARER.length);
  sendPairs(401, DETAILS, writer.pointer, writer.length);
}

/** Answers a request on 8889 to a path behind `/~` that its server has not named. */
export function answerUnknownEndpoint(exchange: Exchange): void {
  writeRefusal(exchange, 'the server has named no such endpoint; open its event stream anew', 'mcp-endpoint');
  sendJson(404);
}

/** Writes the error of a request on 8889 that is refused whatever it says, before its id is known. */
function writeRefusal(exchange: Exchange, reason: string, code: string): void {
  exchange.isAnswered = true;
  writer.start(body, BODY_BYTES).ascii('{"jsonrpc":"2.0","id":null,"error":{"code":-').decimal(POLICY_ERROR);
  writer.ascii(',"message":"refused by Penstock: ').ascii(reason).ascii('; request ').hex(requestIdOf(exchange), 16);
  writer.ascii('","data":{"code":"').ascii(code).ascii('","request":"').hex(requestIdOf(exchange), 16).ascii('"}}}');
}

/** Answers a request to /ws that names no WebSocket. */
export function answerNoUrl(): void {
  message.start(messageText, MESSAGE_BYTES).ascii('penstock: give a WebSocket as /ws?url=wss://host/path');
  startOpenAi();
  writer.ascii('websocket-url"}}');
  sendJson(400);
}

/** Answers, in the server's place, a request whose answer cannot be read. */
export function answerUnreadableAnswer(exchange: Exchange, reason: i32): void {
  writeUnreadableMessage(exchange, reason);
  writer.start(body, BODY_BYTES);
  writeUnreadableErrors(reason, POLICY_ERROR);
  send(exchange, 200);
}

/** Answers an exchange with `length` bytes of JSON that were made in the server's place; `isRedirect`: by a handler. */
export function answerJson(exchange: Exchange, start: usize, length: u32, isRedirect: bool): void {
  exchange.isAnswered = true;
  sendBytes(200, isRedirect ? REDIRECT_DETAILS : DETAILS, start, length);
}

/** Writes what stands in the place of a message that a finding blocks in an event: errors for its ids, or a notice. */
export function dataOfFinding(exchange: Exchange, surface: i32, more: string = ''): Writer {
  writeFindingMessage(exchange, surface, more);
  const rule = findingRule(decidingFinding);
  writer.start(body, BODY_BYTES);
  if (idCount > 0) writeErrors(exchange, rule);
  else writeNotice(ruleId(rule), ruleIdLength(rule));
  return writer;
}

/** The same of a message that cannot be read. */
export function dataOfUnreadable(exchange: Exchange, reason: i32): Writer {
  writeUnreadableMessage(exchange, reason);
  writer.start(body, BODY_BYTES);
  if (idCount > 0) writeUnreadableErrors(reason, POLICY_ERROR);
  else writeNotice(0, 0);
  return writer;
}

/** A log message of the protocol (notifications/message): nobody waits for an answer, and a person should know. */
function writeNotice(rule: usize, ruleBytes: u32): void {
  writer
    .ascii(
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","logger":"penstock","data":{"message":"',
    )
    .bytes(message.pointer, message.length);
  if (ruleBytes > 0) writer.ascii('","rule":"').bytes(rule, ruleBytes);
  writer.ascii('"}}}');
}

function writeUnreadableMessage(exchange: Exchange, reason: i32): void {
  message.start(messageText, MESSAGE_BYTES).ascii('blocked by Penstock: ');
  writeUnreadableReason(message, reason, maxRequestBodyBytes());
  message.ascii('; request ').hex(requestIdOf(exchange), 16);
  writeUnreadableHint(message, reason);
}

function statusOf(reason: i32): u32 {
  if (reason == layout.UNREADABLE_REQUEST_TOO_LARGE) return 413;
  if (reason == layout.UNREADABLE_URL_TOO_LONG) return 414;
  if (reason == layout.UNREADABLE_AUTHORITY_MISMATCH) return 421;
  // Clients send again what is answered with 429, which here would lead nowhere.
  if (reason == layout.UNREADABLE_CLIENT_LEVEL) return 403;
  return isLimit(reason) ? 429 : 403;
}

/** Whether a reason is one of the protocol, which answers it with a code of its own. */
function isProtocol(reason: i32): bool {
  return (
    reason == layout.UNREADABLE_MCP_NOT_JSON_RPC ||
    (reason >= layout.UNREADABLE_MCP_NOT_JSON && reason < layout.UNREADABLE_WEBSOCKET_FRAME)
  );
}

function codeOf(reason: i32): u32 {
  if (reason == layout.UNREADABLE_MCP_NOT_JSON_RPC || reason == layout.UNREADABLE_MCP_TOO_MANY) return INVALID_REQUEST;
  if (reason == layout.UNREADABLE_MCP_DUPLICATE_KEY || reason == layout.UNREADABLE_MCP_KEY_VARIANT)
    return INVALID_REQUEST;
  return isProtocol(reason) ? PARSE_ERROR : POLICY_ERROR;
}

/** An error for each id; for none where there is none. */
function writeUnreadableErrors(reason: i32, code: u32): void {
  if (isBatch && idCount > 0) writer.ascii('[');
  for (let i: u32 = 0; i < max<u32>(idCount, 1); i++) {
    if (i > 0) writer.ascii(',');
    writer.ascii('{"jsonrpc":"2.0","id":');
    if (i < idCount && idLength(i) > 0) writer.bytes(idStart(i), idLength(i));
    else writer.ascii('null');
    writer.ascii(',"error":{"code":-').decimal(code).ascii(',"message":"').bytes(message.pointer, message.length);
    writer.ascii('","data":{"reason":"');
    writeUnreadable(writer, reason);
    writer.ascii('"}}}');
  }
  if (isBatch && idCount > 0) writer.ascii(']');
}

/** Writes why an exchange is blocked, as its answers say it, and gives the writer. */
export function writeFindingMessage(exchange: Exchange, surface: i32, more: string = ''): Writer {
  const rule = findingRule(decidingFinding);
  message
    .start(messageText, MESSAGE_BYTES)
    .ascii('blocked by Penstock: ')
    .bytes(ruleId(rule), ruleIdLength(rule))
    .ascii(' in ');
  writePlace(message, surface);
  message.ascii(more).ascii('; request ').hex(requestIdOf(exchange), 16);
  writeFindingHint(message, rule, surface);
  return message;
}

function startOpenAi(): void {
  writer.start(body, BODY_BYTES).ascii('{"error":{"message":"').bytes(message.pointer, message.length);
  writer.ascii('","type":"penstock_block","param":null,"code":"');
}

function writeErrors(exchange: Exchange, rule: u32): void {
  if (isBatch) writer.ascii('[');
  for (let i: u32 = 0; i < idCount; i++) {
    if (i > 0) writer.ascii(',');
    writeError(exchange, rule, idStart(i), idLength(i));
  }
  if (isBatch) writer.ascii(']');
}

function writeError(exchange: Exchange, rule: u32, id: usize, idBytes: u32): void {
  writer.ascii('{"jsonrpc":"2.0","id":');
  if (idBytes > 0) writer.bytes(id, idBytes);
  else writer.ascii('null');
  writer
    .ascii(',"error":{"code":-')
    .decimal(codeOfRule(rule))
    .ascii(',"message":"')
    .bytes(message.pointer, message.length);
  writer.ascii('","data":{"rule":"').bytes(ruleId(rule), ruleIdLength(rule));
  writer.ascii('","request":"').hex(requestIdOf(exchange), 16).ascii('"}}}');
}

function codeOfRule(rule: u32): u32 {
  if (isOf(rule, TOOL_POLICY)) return TOOL_POLICY_ERROR;
  if (isOf(rule, SESSION)) return SESSION_ERROR;
  return isOf(rule, TOOL_CHAIN) ? TOOL_CHAIN_ERROR : POLICY_ERROR;
}

function send(exchange: Exchange, status: u32): void {
  exchange.isAnswered = true;
  sendJson(status);
}

function sendJson(status: u32): void {
  sendBytes(status, DETAILS, writer.pointer, writer.length);
}

function sendBytes(status: u32, details: Bytes, start: usize, length: u32): void {
  pairs.start(pairBytes, 256, 1);
  pairs.add(CONTENT_TYPE.pointer, CONTENT_TYPE.length, JSON_TYPE.pointer, JSON_TYPE.length);
  sendPairs(status, details, start, length);
}

/** With the headers in `pairs`. */
function sendPairs(status: u32, details: Bytes, start: usize, length: u32): void {
  pairs.finish();
  sendLocalResponse(status, details.pointer, details.length, start, length, pairs.pointer, pairs.length);
}

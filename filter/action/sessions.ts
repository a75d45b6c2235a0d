// Which session an MCP exchange belongs to, and what is kept of it in shared data, so that all workers see one state. An id
// that a server has given out names a session. Any other that a client sends, and none, is the client's address: a client
// does not choose what it is remembered by. Keys of shared data cannot be taken away, so there is a fixed number of them.
import { wasCut } from '../finding/find';
import { addFinding, findingCount, keepFirst } from '../finding/findings';
import { networkOf } from '../mcp/address';
import { messageCount } from '../mcp/message';
import * as session from '../mcp/session';
import { categoriesOf, findToolChains } from '../mcp/tool-chain';
import { calledName, calledNameEnd, findCalled, readName } from '../mcp/tool-name';
import { isDropped, listCount, toolCount, toolName, toolNameEnd } from '../mcp/tools';
import {
  Bytes,
  currentTimeNanoseconds,
  getProperty,
  getSharedData,
  result,
  Status,
  setSharedData,
} from '../proxy-wasm-as/assembly';
import { sipHash } from '../scan/sip-hash';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { verdictOfMessage, verdictOfUnreadable } from '../verdict/verdict';
import { Exchange } from './exchange';

const CLIENT = Bytes.of('filter_state\0penstock.client');
/** The server's name: that of the cluster that the request goes to. */
const UPSTREAM = Bytes.of('xds\0cluster_name');

/** `penstock.sessions` and the number of a bucket, u16. */
const BUCKET = Bytes.of('penstock.sessions\0\0');
const BUCKET_NUMBER: usize = BUCKET.pointer + 17;
/** With two or three of 10,000 sessions in each, those of one that happens to have ten still fit. At most 32 MiB in all. */
const BUCKETS: u64 = 4096;

/** No value has this version (proxy-wasm-cpp-host counts up from 1): set with it, a value stays that another worker set first. */
const ABSENT: u32 = 0xffffffff;
/** Another worker may come in between; so often in a row only where something is broken. */
const MOST_TRIES = 100;

const SECRET = Bytes.of('penstock.sessions.secret');
/** What ids, addresses and names are hashed under: nobody outside can choose two that meet. */
const secret: usize = memory.data(16, 8);

/** What of a session, and of its upstream, is hashed to the key of its record. */
const place: usize = memory.data(24, 8);

/** Gets ready for the table that was loaded. Called when the plugin is configured. */
export function openSessions(): void {
  if (!isNeeded() && !keepsClients()) return;
  // The first worker's clock and the place of its memory; all others take what it has set.
  store<u64>(secret, currentTimeNanoseconds());
  store<u64>(secret, sipHash(secret, secret, 16), 8);
  setSharedData(SECRET.pointer, SECRET.length, secret, 16, ABSENT);
  if (getSharedData(SECRET.pointer, SECRET.length) == Status.Ok && result.length() == 16)
    memory.copy(secret, result.pointer(), 16);
}

/** Whether pieces (pieces.ts), budgets (budget.ts) or profiles (profile.ts) of clients are kept. */
function keepsClients(): bool {
  return (
    load<u32>(table.policy, layout.POLICY_ACROSS_SECONDS) != 0 ||
    load<u32>(table.policy, layout.POLICY_BUDGET_BITS) != 0 ||
    load<u32>(table.policy, layout.POLICY_PROFILE_SECONDS) != 0
  );
}

function isNeeded(): bool {
  return table.bindsSessions || table.toolChainCount > 0;
}

/** What bytes that a client has chosen are known by. */
export function hashOf(from: usize, length: usize): u64 {
  return sipHash(secret, from, length);
}

/** What the session with an id of `length` bytes is known by in an exchange; 0 where sessions mean nothing. */
export function sessionOf(id: usize, length: u32): u64 {
  return isNeeded() ? sipHash(secret, id, length) | 1 : 0;
}

/** The server has given out an id in its answer, known by `given`: the session is one of its own from now on. */
export function keepSession(exchange: Exchange, given: u64): void {
  exchange.session = given;
  for (let i = 0; i < MOST_TRIES; i++) {
    const key = keyOf(given, true);
    const cas = open(key);
    if (session.takeRecord(key)) return;
    session.newRecord(key);
    if (close(cas)) return;
  }
}

/**
 * Adds a finding for each call of a tool that the session was not shown, and for each that ends a sequence; remembers the
 * calls where nothing blocks the message. Everything else in it has been found.
 */
export function findInSession(exchange: Exchange): void {
  if (!isNeeded()) return;
  let first: u32 = 0;
  while (first < messageCount && !findCalled(first)) first++;
  if (first == messageCount) return;
  const before = findingCount();
  const now = table.toolChainCount > 0 ? <u32>(currentTimeNanoseconds() / 1_000_000_000) : 0;
  for (let i = 0; i < MOST_TRIES; i++) {
    keepFirst(before);
    const cas = openRecord(exchange);
    const isChanged = judgeCalls(first, now);
    if (!isChanged || isBlocked() || close(cas)) return;
  }
}

/** Whether the message goes no further. */
function isBlocked(): bool {
  if (wasCut && verdictOfUnreadable(layout.UNREADABLE_REQUEST_EXPANSION) == layout.VERDICT_BLOCK) return true;
  return verdictOfMessage(layout.SURFACE_MCP_REQUEST) == layout.VERDICT_BLOCK;
}

/** Judges the calls of the message from `first` on; true where the record has to be kept anew. */
function judgeCalls(first: u32, now: u32): bool {
  // A record that is used keeps its place.
  let isChanged = !session.wasLast && session.isListed();
  if (table.toolChainCount > 0)
    session.forgetCalls(
      now,
      load<u32>(table.policy, layout.POLICY_WINDOW_SECONDS),
      load<u32>(table.policy, layout.POLICY_CATEGORIES),
    );
  for (let i = first; i < messageCount; i++) {
    if (!findCalled(i)) continue;
    if (table.bindsSessions) findUnknown(i);
    if (table.toolChainCount == 0 || calledName == calledNameEnd) continue;
    readName(calledName, calledNameEnd);
    const mask = categoriesOf();
    // Calls that are of no category are no part of any sequence, and put nothing between two that are.
    if (mask == 0) continue;
    session.addCall(mask, now, load<u32>(table.policy, layout.POLICY_WINDOW_CALLS));
    findToolChains(i);
    isChanged = true;
  }
  return isChanged;
}

/** Adds a finding where the call of message `i` is of a tool that no list of the session has named. */
function findUnknown(i: u32): void {
  const rules = load<u32>(table.policy, layout.POLICY_SESSION_RULES);
  if (!session.isListed()) {
    addFinding(rules + layout.SESSION_RULE_NO_BASELINE, false, 0, i, 0);
    return;
  }
  const hash = session.toolHash(secret, calledName, calledNameEnd);
  if (hash != 0 && session.hasTool(hash)) return;
  // Others with this address may have been shown other tools.
  const isSure = isOwn && !session.hasTooManyTools();
  addFinding(rules + layout.SESSION_RULE_UNKNOWN_TOOL, isSure, 0, i, 0);
}

/**
 * Notes the tools that mcp/tools.ts found in an answer: the client is shown those that were not dropped, or, where the list
 * `isListBlocked`, none.
 */
export function noteTools(exchange: Exchange, isListBlocked: bool): void {
  if (!table.bindsSessions || listCount == 0) return;
  for (let i = 0; i < MOST_TRIES; i++) {
    const cas = openRecord(exchange);
    let isChanged = !isListBlocked && session.noteListed();
    for (let tool: u32 = 0; tool < toolCount; tool++) {
      const hash = session.toolHash(secret, toolName(tool), toolNameEnd(tool));
      if (hash == 0) continue;
      if (isDropped(tool)) isChanged = session.removeTool(hash) || isChanged;
      else if (!isListBlocked) isChanged = session.addTool(hash) || isChanged;
    }
    if ((!isChanged && (session.wasLast || !session.isListed())) || close(cas)) return;
  }
}

/** Whether the record at hand is that of a session of the server's, and not that of an address. */
let isOwn: bool = false;

/** Takes the exchange's record out of its bucket, or makes one; gives the version of the bucket. */
function openRecord(exchange: Exchange): u32 {
  let key: u64 = 0;
  isOwn = true;
  if (exchange.session != 0) {
    key = keyOf(exchange.session, true);
    const cas = open(key);
    if (session.takeRecord(key)) return cas;
  }
  isOwn = false;
  key = keyOf(clientOf(), false);
  const cas = open(key);
  if (!session.takeRecord(key)) session.newRecord(key);
  return cas;
}

/** What the client's address is known by. */
export function clientOf(): u64 {
  if (getProperty(CLIENT.pointer, CLIENT.length) != Status.Ok) return 0;
  const network = networkOf(result.pointer(), result.pointer() + result.length());
  return network != 0 ? network : sipHash(secret, result.pointer(), result.length());
}

/** What the server that the request goes to is known by; 0 where it has no name. */
export function serverOf(): u64 {
  if (getProperty(UPSTREAM.pointer, UPSTREAM.length) != Status.Ok) return 0;
  return sipHash(secret, result.pointer(), result.length());
}

/** The key of the record of a session or of an address, at the upstream of the exchange. */
function keyOf(who: u64, isSession: bool): u64 {
  store<u64>(place, who);
  store<u64>(place, serverOf(), 8);
  store<u64>(place, <u64>isSession, 16);
  return sipHash(secret, place, 24);
}

/** Opens the bucket of a key; gives its version. */
function open(key: u64): u32 {
  store<u16>(BUCKET_NUMBER, <u16>(key % BUCKETS));
  const isThere = getSharedData(BUCKET.pointer, BUCKET.length) == Status.Ok;
  session.openBucket(result.pointer(), isThere ? result.length() : 0);
  return isThere ? result.cas() : ABSENT;
}

/** Puts the record at hand back and keeps its bucket; false where another worker has changed it since `cas`. */
function close(cas: u32): bool {
  session.putRecord();
  return (
    setSharedData(BUCKET.pointer, BUCKET.length, session.bucketStart(), session.bucketLength(), cas) !=
    Status.CasMismatch
  );
}

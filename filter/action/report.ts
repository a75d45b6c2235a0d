// Longer than most files: what is told of a finding, counted, and charged for it is told, counted and charged at once.
// What a reader of the log and the metrics gets to see: one line and one count for each finding, never the bytes.
import {
  findingChain,
  findingCount,
  findingEnd,
  findingOffset,
  findingRule,
  ruleId,
  ruleIdLength,
} from '../finding/findings';
import { calledName, calledNameEnd, findCalled } from '../mcp/tool-name';
import {
  Bytes,
  currentTimeNanoseconds,
  defineMetric,
  getProperty,
  incrementMetric,
  LogLevel,
  log,
  MetricType,
  recordMetric,
  result,
  Status,
  Writer,
} from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { holds, JOINED } from '../view/encoding';
import { Exchange } from './exchange';
import { isLimit, writeChain, writeLevel, writeSurface, writeUnreadable, writeVerdict } from './names';
import { NO_SURFACE, noteFound } from './note';
import { charge, level, levelBefore } from './profile';

const CLIENT = Bytes.of('filter_state\0penstock.client');

/** A line has a host of 260 bytes, an id of a rule and some forty more in names; escapes make a byte six. */
const LINE_BYTES: u32 = 4096;
const line: usize = memory.data(4096);
const writer = new Writer();

/** The id of the exchange in lines and answers: when it was asked for, and which exchange of the worker it was. */
export function requestIdOf(exchange: Exchange): u64 {
  if (exchange.requestId == 0) exchange.requestId = currentTimeNanoseconds() ^ ((<u64>exchange.contextId) << 40);
  return exchange.requestId;
}

// The name of the tool whose findings are reported; 0 where it is not shown.
let tool: usize = 0;
let toolBytes: u32 = 0;
/** A longer name may be anything. */
const MAX_TOOL_BYTES: usize = 64;

/** Names the tool in what is reported from now on: only a plain name, since any other may be a text of the server's. */
export function nameTool(start: usize, end: usize): void {
  tool = 0;
  if (start == end || end - start > MAX_TOOL_BYTES) return;
  for (let p = start; p < end; p++) if (!isNameByte(load<u8>(p))) return;
  tool = start;
  toolBytes = <u32>(end - start);
}

/** Names the tool that message `message` calls, where nothing was found in the text: its name may be what was found. */
function nameCalled(message: u32): void {
  tool = 0;
  for (let i: u32 = 0; i < findingCount(); i++) if (findingEnd(i) > 0) return;
  if (findCalled(message)) nameTool(calledName, calledNameEnd);
}

/** What MCP recommends for the names of tools, and the slash. */
function isNameByte(c: u8): bool {
  const letter = c | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (c >= 0x2d && c <= 0x39) || c == 0x5f;
}

/** Reports finding `i` of the message that was read last. */
export function reportFinding(exchange: Exchange, i: u32, surface: i32, verdict: i32, baseOffset: u32): void {
  const rule = findingRule(i);
  countFinding(rule, surface, verdict);
  const offset = findingOffset(i);
  // A host name that holds what was found is not repeated, in this line or a later one.
  if (surface == layout.SURFACE_URL && (offset < exchange.hostLength || holds(findingChain(i), JOINED)))
    exchange.hidesHost = true;
  writer.start(line, LINE_BYTES).ascii('{"event":"finding","verdict":"');
  writeVerdict(writer, verdict);
  writer.ascii('","rule":"').bytes(ruleId(rule), ruleIdLength(rule)).ascii('","surface":"');
  writeSurface(writer, surface);
  writer.ascii('"');
  if (surface == layout.SURFACE_MCP_REQUEST && findingEnd(i) == 0) nameCalled(offset);
  else if (surface != layout.SURFACE_MCP_TOOL) tool = 0;
  if (tool != 0) writer.ascii(',"tool":"').bytes(tool, toolBytes).ascii('"');
  // What control says of a tool stands nowhere in it.
  if (findingEnd(i) > 0) {
    writer.ascii(',"view":"');
    writeChain(writer, findingChain(i));
    writer.ascii('","offset":').decimal(offset + (findingChain(i) == 0 ? baseOffset : 0));
  }
  writeExchange(exchange);
  noteFound(exchange, verdict, surface, findingChain(i), ruleId(rule), ruleIdLength(rule), requestIdOf(exchange));
  chargeClient(exchange, pointsOf(verdict));
}

/** Reports that a message could not be read. */
export function reportUnreadable(exchange: Exchange, reason: i32, verdict: i32): void {
  countUnreadable(reason, verdict);
  writer.start(line, LINE_BYTES).ascii(isLimit(reason) ? '{"event":"limit"' : '{"event":"unreadable"');
  writer.ascii(',"verdict":"');
  writeVerdict(writer, verdict);
  writer.ascii('","reason":"');
  writeUnreadable(writer, reason);
  writer.ascii('"');
  writeExchange(exchange);
  writer.start(line, LINE_BYTES);
  writeUnreadable(writer, reason);
  noteFound(exchange, verdict, NO_SURFACE, 0, writer.pointer, writer.length, requestIdOf(exchange));
  if (isUnusual(reason)) chargeClient(exchange, POINTS_UNUSUAL);
  else if (isOfTheMessage(reason)) chargeClient(exchange, pointsOf(verdict));
}

function isUnusual(reason: i32): bool {
  return (
    reason == layout.UNREADABLE_DOMAIN_BURST ||
    reason == layout.UNREADABLE_VOLUME_SPIKE ||
    reason == layout.UNREADABLE_ENTROPY_BUDGET
  );
}

/** Whether a reason says something of what this client sent, or was sent; the others are met by what many send together. */
function isOfTheMessage(reason: i32): bool {
  return (
    reason != layout.UNREADABLE_REQUESTS_PER_MINUTE &&
    reason != layout.UNREADABLE_DATA_PER_MINUTE &&
    reason != layout.UNREADABLE_CLIENT_LEVEL
  );
}

/** What an exchange costs its client, in points. */
const POINTS_WARNED: u32 = 1;
const POINTS_STRIPPED: u32 = 2;
const POINTS_UNUSUAL: u32 = 2;
export const POINTS_BLOCKED: u32 = 3;

function pointsOf(verdict: i32): u32 {
  if (verdict == layout.VERDICT_BLOCK) return POINTS_BLOCKED;
  return verdict == layout.VERDICT_STRIP ? POINTS_STRIPPED : POINTS_WARNED;
}

/** Charges the exchange's client for what was found in it; of several findings the dearest counts. */
export function chargeClient(exchange: Exchange, points: u32): void {
  if (exchange.client == 0 || exchange.isExempt || points <= exchange.points) return;
  if (load<u32>(table.policy, layout.POLICY_LEVEL_THRESHOLD) == 0) return;
  charge(exchange.client, (points - exchange.points) * 1000);
  exchange.points = points;
  exchange.level = level;
  if (level != levelBefore) reportLevel(exchange, levelBefore, level);
}

/** Levels that clients have come to, by where they came from: LEVEL_COUNT × LEVEL_COUNT × 4. */
const levelMetrics: usize = memory.data(64);

/** Reports that a client stands otherwise than before. */
export function reportLevel(exchange: Exchange, from: u32, to: u32): void {
  const at = levelMetrics + ((<usize>(from * layout.LEVEL_COUNT + to)) << 2);
  if (load<u32>(at) == 0) {
    writer.start(line, LINE_BYTES).ascii('penstock_level_changes_total.penstock_from=');
    writeLevel(writer, from);
    writer.ascii('.penstock_to=');
    writeLevel(writer, to);
    if (defineMetric(MetricType.Counter, writer.pointer, writer.length) == Status.Ok) store<u32>(at, result.metricId());
  }
  incrementMetric(load<u32>(at), 1);
  writer.start(line, LINE_BYTES).ascii('{"event":"level","from":"');
  writeLevel(writer, from);
  writer.ascii('","to":"');
  writeLevel(writer, to);
  writer.ascii('"');
  writeExchange(exchange);
}

/** Reports that an exchange was refused, by its code. */
export function reportRefused(exchange: Exchange, code: string): void {
  writer.start(line, LINE_BYTES).ascii('{"event":"refused","details":"').ascii(code).ascii('"');
  writeExchange(exchange);
}

/** The fields that every line ends with, and the line itself to the host. */
function writeExchange(exchange: Exchange): void {
  if (exchange.hostLength > 0 && !exchange.hidesHost)
    writer.ascii(',"host":"').json(exchange.host(), exchange.hostLength).ascii('"');
  if (exchange.methodLength > 0) writer.ascii(',"method":"').json(exchange.method(), exchange.methodLength).ascii('"');
  writer.ascii(',"request":"').hex(requestIdOf(exchange), 16).ascii('"');
  if (getProperty(CLIENT.pointer, CLIENT.length) == Status.Ok)
    writer.ascii(',"client":"').json(result.pointer(), result.length()).ascii('"');
  writer.ascii('}');
  log(LogLevel.Warn, writer.pointer, writer.length);
}

/** Verdicts that are counted: warn, strip, block. */
const COUNTED: usize = 3;
/** Metric ids by rule, surface and verdict, 0 where not defined: MAX_RULES × 8 surfaces × COUNTED × 4. */
const FINDING_METRICS_BYTES: u32 = 98304;
const findingMetrics: usize = memory.data(98304);
/** The same by reason: up to 32 × COUNTED × 4. */
const unreadableMetrics: usize = memory.data(384);

function countFinding(rule: u32, surface: i32, verdict: i32): void {
  const slot = (<usize>rule * 8 + <usize>surface) * COUNTED + <usize>(verdict - layout.VERDICT_WARN);
  const at = findingMetrics + (slot << 2);
  if (load<u32>(at) == 0) {
    writer
      .start(line, LINE_BYTES)
      .ascii('penstock_findings_total.penstock_rule=')
      .bytes(ruleId(rule), ruleIdLength(rule))
      .ascii('.penstock_surface=');
    writeSurface(writer, surface);
    define(at, verdict);
  }
  incrementMetric(load<u32>(at), 1);
}

function countUnreadable(reason: i32, verdict: i32): void {
  const at = unreadableMetrics + ((<usize>reason * COUNTED + <usize>(verdict - layout.VERDICT_WARN)) << 2);
  if (load<u32>(at) == 0) {
    writer.start(line, LINE_BYTES).ascii('penstock_unreadable_total.penstock_reason=');
    writeUnreadable(writer, reason);
    define(at, verdict);
  }
  incrementMetric(load<u32>(at), 1);
}

/** By surface. */
const scanMetrics: usize = memory.data(64);

/** Adds how long a text took to the histogram of its surface. Whole numbers are what the host takes; control makes them seconds. */
export function recordScan(surface: i32, nanoseconds: u64): void {
  const at = scanMetrics + ((<usize>surface) << 2);
  if (load<u32>(at) == 0) {
    writer.start(line, LINE_BYTES).ascii('penstock_scan_microseconds.penstock_surface=');
    writeSurface(writer, surface);
    if (defineMetric(MetricType.Histogram, writer.pointer, writer.length) != Status.Ok) return;
    store<u32>(at, result.metricId());
  }
  recordMetric(load<u32>(at), nanoseconds / 1000);
}

function define(at: usize, verdict: i32): void {
  writer.ascii('.penstock_verdict=');
  writeVerdict(writer, verdict);
  if (defineMetric(MetricType.Counter, writer.pointer, writer.length) == Status.Ok) store<u32>(at, result.metricId());
}

/** Forgets the metrics of an older table: its rules had other numbers. */
export function clearMetrics(): void {
  memory.fill(findingMetrics, 0, FINDING_METRICS_BYTES);
  memory.fill(unreadableMetrics, 0, 384);
}

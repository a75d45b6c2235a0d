// What a blocked answer says of what can be done about it, where explain_blocks of pipelock.yaml is on: for who sent it, and
// for the operator the key that decides. Never what was found.
import { ruleId, ruleIdLength } from '../finding/findings';
import { Bytes, Writer } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { explainsBlocks } from '../verdict/verdict';

const CREDENTIAL = Bytes.of('credential.');
const FINANCIAL = Bytes.of('financial.');
const DLP = Bytes.of('dlp.');
const TOOL_POLICY = Bytes.of('tool-policy.');
const SESSION = Bytes.of('session.');
const TOOL_CHAIN = Bytes.of('chain.');
const DRIFT = Bytes.of('drift.');
const PIN = Bytes.of('pin.');
const ENTROPY = Bytes.of('entropy.');

/** Whether a rule's id begins with a category, written with its dot. */
export function isOf(rule: u32, category: Bytes): bool {
  return ruleIdLength(rule) > category.length && category.equals(ruleId(rule), category.length);
}

/** Adds to a message what to do about a finding of `rule`. Letters, dots and the like alone: it stands in JSON as it is. */
export function writeFindingHint(writer: Writer, rule: u32, surface: i32): void {
  if (!explainsBlocks()) return;
  if (isOf(rule, DRIFT) || isOf(rule, PIN)) {
    writer.ascii('; to let it pass, look at it with penstock pins diff and approve it with penstock pins approve');
  } else if (isOf(rule, TOOL_POLICY) || isOf(rule, SESSION) || isOf(rule, TOOL_CHAIN)) {
    writer.ascii('; make the call in another way');
  } else if (
    surface == layout.SURFACE_RESPONSE_BODY ||
    surface == layout.SURFACE_MCP_RESPONSE ||
    surface == layout.SURFACE_RESPONSE_HEADER
  ) {
    writer.ascii('; the answer holds it, so the same request is blocked again');
  } else if (surface == layout.SURFACE_MCP_TOOL) {
    writer.ascii('; the server describes a tool so');
  } else {
    writer.ascii('; take it out and send the rest again');
  }
  writer.ascii('; in pipelock.yaml ');
  writeKey(writer, rule, surface);
  writer.ascii(' and mode decide, and suppress lets a rule pass for a destination');
  if (isOf(rule, DLP)) writer.ascii(', and dlp, which has the rule');
  writer.ascii('; the log has more under this request');
}

/** The key that decides on a rule's findings on a surface: control/policy/build.ts. */
function writeKey(writer: Writer, rule: u32, surface: i32): void {
  if (isOf(rule, TOOL_POLICY)) writer.ascii('mcp_tool_policy');
  else if (isOf(rule, SESSION)) writer.ascii('mcp_session_binding');
  else if (isOf(rule, TOOL_CHAIN)) writer.ascii('tool_chain_detection');
  else if (isOf(rule, DRIFT) || isOf(rule, PIN)) writer.ascii('mcp_tool_scanning');
  else if (isOf(rule, ENTROPY)) writer.ascii('fetch_proxy.monitoring.entropy_threshold');
  else if (surface == layout.SURFACE_URL) writer.ascii('enforce');
  else if (surface == layout.SURFACE_HEADER || surface == layout.SURFACE_REQUEST_BODY)
    writer.ascii('request_body_scanning');
  else if (surface == layout.SURFACE_MCP_REQUEST) writer.ascii('mcp_input_scanning');
  else if (surface == layout.SURFACE_MCP_TOOL && !isOf(rule, CREDENTIAL) && !isOf(rule, FINANCIAL) && !isOf(rule, DLP))
    writer.ascii('mcp_tool_scanning');
  else writer.ascii('response_scanning');
}

/** Adds to a message, which says already what to do, the key that decides on an unreadable. */
export function writeUnreadableHint(writer: Writer, reason: i32): void {
  if (!explainsBlocks()) return;
  writer.ascii('; in pipelock.yaml ');
  if (reason <= layout.UNREADABLE_REQUEST_EXPANSION) writer.ascii('request_body_scanning');
  else if (reason == layout.UNREADABLE_AUTHORITY_MISMATCH || reason == layout.UNREADABLE_TUNNEL_NOT_TLS)
    writer.ascii('enforce');
  else if (reason == layout.UNREADABLE_TUNNEL_SERVER_NAME) writer.ascii('forward_proxy.sni_verification');
  else if (
    reason == layout.UNREADABLE_RESPONSE_ENCODING ||
    reason == layout.UNREADABLE_RESPONSE_TOO_LARGE ||
    reason == layout.UNREADABLE_RESPONSE_EXPANSION
  )
    writer.ascii('response_scanning');
  else if (reason == layout.UNREADABLE_MCP_TOOLS_TOO_LARGE) writer.ascii('mcp_tool_scanning');
  else if (reason >= layout.UNREADABLE_URL_TOO_LONG) writer.ascii('fetch_proxy.monitoring');
  else if (reason >= layout.UNREADABLE_WEBSOCKET_FRAME) writer.ascii('websocket_proxy');
  else writer.ascii('mcp_input_scanning');
  writer.ascii(' and mode decide; the log has more under this request');
}

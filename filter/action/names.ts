// The words of answers, log lines and metrics.
import { Writer } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as encodings from '../view/encoding';

/** Writes the name of a surface, as control/policy/policy.ts has it. */
export function writeSurface(writer: Writer, surface: i32): void {
  if (surface == layout.SURFACE_URL) writer.ascii('url');
  else if (surface == layout.SURFACE_HEADER) writer.ascii('header');
  else if (surface == layout.SURFACE_REQUEST_BODY) writer.ascii('request-body');
  else if (surface == layout.SURFACE_RESPONSE_BODY) writer.ascii('response-body');
  else if (surface == layout.SURFACE_MCP_REQUEST) writer.ascii('mcp-request');
  else if (surface == layout.SURFACE_MCP_RESPONSE) writer.ascii('mcp-response');
  else if (surface == layout.SURFACE_RESPONSE_HEADER) writer.ascii('response-header');
  else writer.ascii('mcp-tool');
}

/** Writes a surface as a person says it. */
export function writePlace(writer: Writer, surface: i32): void {
  if (surface == layout.SURFACE_URL) writer.ascii('the URL');
  else if (surface == layout.SURFACE_HEADER) writer.ascii('a header');
  else if (surface == layout.SURFACE_REQUEST_BODY) writer.ascii('the request body');
  else if (surface == layout.SURFACE_RESPONSE_BODY) writer.ascii('the response body');
  else if (surface == layout.SURFACE_MCP_REQUEST) writer.ascii('the MCP request');
  else if (surface == layout.SURFACE_MCP_RESPONSE) writer.ascii('the MCP answer');
  else if (surface == layout.SURFACE_RESPONSE_HEADER) writer.ascii('a header of the answer');
  else writer.ascii('an MCP tool');
}

/** Whether the reason is a limit, and no message that could not be read. */
export function isLimit(reason: i32): bool {
  return reason >= layout.UNREADABLE_URL_TOO_LONG;
}

/** Writes the name of an unreadable, as control/policy/policy.ts has it. */
export function writeUnreadable(writer: Writer, reason: i32): void {
  if (reason == layout.UNREADABLE_REQUEST_TOO_LARGE) writer.ascii('request-too-large');
  else if (reason == layout.UNREADABLE_REQUEST_ENCODING) writer.ascii('request-encoding');
  else if (reason == layout.UNREADABLE_REQUEST_EXPANSION) writer.ascii('request-expansion');
  else if (reason == layout.UNREADABLE_MCP_NOT_JSON_RPC) writer.ascii('mcp-not-json-rpc');
  else if (reason == layout.UNREADABLE_RESPONSE_ENCODING) writer.ascii('response-encoding');
  else if (reason == layout.UNREADABLE_AUTHORITY_MISMATCH) writer.ascii('authority-mismatch');
  else if (reason == layout.UNREADABLE_RESPONSE_TOO_LARGE) writer.ascii('response-too-large');
  else if (reason == layout.UNREADABLE_RESPONSE_EXPANSION) writer.ascii('response-expansion');
  else if (reason == layout.UNREADABLE_MCP_NOT_JSON) writer.ascii('mcp-not-json');
  else if (reason == layout.UNREADABLE_MCP_TRAILING_DATA) writer.ascii('mcp-trailing-data');
  else if (reason == layout.UNREADABLE_MCP_DUPLICATE_KEY) writer.ascii('mcp-duplicate-key');
  else if (reason == layout.UNREADABLE_MCP_KEY_VARIANT) writer.ascii('mcp-key-variant');
  else if (reason == layout.UNREADABLE_MCP_TOO_DEEP) writer.ascii('mcp-too-deep');
  else if (reason == layout.UNREADABLE_MCP_HUGE_NUMBER) writer.ascii('mcp-huge-number');
  else if (reason == layout.UNREADABLE_MCP_NOT_UTF8) writer.ascii('mcp-not-utf8');
  else if (reason == layout.UNREADABLE_MCP_LONE_SURROGATE) writer.ascii('mcp-lone-surrogate');
  else if (reason == layout.UNREADABLE_MCP_TOO_MANY) writer.ascii('mcp-too-many');
  else if (reason == layout.UNREADABLE_MCP_ANSWER) writer.ascii('mcp-answer');
  else if (reason == layout.UNREADABLE_WEBSOCKET_FRAME) writer.ascii('websocket-frame');
  else if (reason == layout.UNREADABLE_WEBSOCKET_BINARY) writer.ascii('websocket-binary');
  else if (reason == layout.UNREADABLE_WEBSOCKET_TOO_LARGE) writer.ascii('websocket-too-large');
  else if (reason == layout.UNREADABLE_TUNNEL_NOT_TLS) writer.ascii('tunnel-not-tls');
  else if (reason == layout.UNREADABLE_TUNNEL_SERVER_NAME) writer.ascii('tunnel-server-name');
  else if (reason == layout.UNREADABLE_MCP_TOOLS_TOO_LARGE) writer.ascii('mcp-tools-too-large');
  else if (reason == layout.UNREADABLE_URL_TOO_LONG) writer.ascii('url-too-long');
  else if (reason == layout.UNREADABLE_REQUESTS_PER_MINUTE) writer.ascii('requests-per-minute');
  else if (reason == layout.UNREADABLE_DATA_PER_MINUTE) writer.ascii('data-per-minute');
  else if (reason == layout.UNREADABLE_DOMAIN_BURST) writer.ascii('domain-burst');
  else if (reason == layout.UNREADABLE_VOLUME_SPIKE) writer.ascii('volume-spike');
  else if (reason == layout.UNREADABLE_CLIENT_LEVEL) writer.ascii('client-level');
  else writer.ascii('entropy-budget');
}

/** Writes why a message could not be read, as a person says it, and what to do. */
export function writeUnreadableReason(writer: Writer, reason: i32, maxBodyBytes: u32): void {
  if (reason == layout.UNREADABLE_REQUEST_TOO_LARGE)
    writer
      .ascii('the request body is larger than ')
      .decimal(maxBodyBytes)
      .ascii(' bytes; raise request_body_scanning.max_body_bytes');
  else if (reason == layout.UNREADABLE_REQUEST_ENCODING)
    writer.ascii(
      'the request body has a content encoding that cannot be opened; send it as it is, or as gzip, br or zstd',
    );
  else if (reason == layout.UNREADABLE_REQUEST_EXPANSION)
    writer.ascii('the message opens to many times its size; send it without layers of encoding');
  else if (reason == layout.UNREADABLE_MCP_NOT_JSON_RPC)
    writer.ascii('the body is no JSON-RPC 2.0 message; send one message or one batch');
  else if (reason == layout.UNREADABLE_MCP_NOT_JSON)
    writer.ascii('the message is no JSON; send JSON as RFC 8259 has it');
  else if (reason == layout.UNREADABLE_MCP_TRAILING_DATA)
    writer.ascii('something stands behind the message; send one message or one batch');
  else if (reason == layout.UNREADABLE_MCP_DUPLICATE_KEY)
    writer.ascii('an object of the message has a key twice, and readers differ in which counts; send it once');
  else if (reason == layout.UNREADABLE_MCP_KEY_VARIANT)
    writer.ascii(
      'a key of the protocol is spelt otherwise, and some readers take it for the key; spell it as MCP does',
    );
  else if (reason == layout.UNREADABLE_MCP_TOO_DEEP)
    writer.ascii('the message is nested deeper than 64 levels; send it flatter');
  else if (reason == layout.UNREADABLE_MCP_HUGE_NUMBER)
    writer.ascii('a number of the message is larger or longer than readers can keep; send it as a string');
  else if (reason == layout.UNREADABLE_MCP_NOT_UTF8) writer.ascii('the message is not UTF-8; send it as UTF-8');
  else if (reason == layout.UNREADABLE_MCP_LONE_SURROGATE)
    writer.ascii('the message escapes half of a character; escape both halves, or send the character');
  else if (reason == layout.UNREADABLE_MCP_TOO_MANY)
    writer.ascii('the message holds more keys, tools or messages of a batch than are read; send it in parts');
  else if (reason == layout.UNREADABLE_MCP_ANSWER)
    writer.ascii('the answer is no JSON-RPC 2.0 message; let the server send one');
  else if (reason == layout.UNREADABLE_RESPONSE_ENCODING)
    writer.ascii('the answer has a content encoding that cannot be opened; let the origin send it as it is');
  else if (reason == layout.UNREADABLE_AUTHORITY_MISMATCH)
    writer.ascii('CONNECT, TLS server name and Host name different hosts; open a tunnel for each host');
  else if (reason == layout.UNREADABLE_TUNNEL_NOT_TLS)
    writer.ascii('what is in the tunnel is not TLS; send plain http as a request of its own');
  else if (reason == layout.UNREADABLE_TUNNEL_SERVER_NAME)
    writer.ascii('CONNECT and TLS server name name different hosts; open a tunnel for each host');
  else if (reason == layout.UNREADABLE_MCP_TOOLS_TOO_LARGE)
    writer.ascii(
      'the answer may list tools and is too large to read them; raise tls_interception.max_response_bytes, and request_body_scanning.max_body_bytes for events, or let the server list its tools in pages',
    );
  else if (reason == layout.UNREADABLE_URL_TOO_LONG)
    writer.ascii('the URL is longer than fetch_proxy.monitoring.max_url_length; send what it holds as a body');
  else if (reason == layout.UNREADABLE_REQUESTS_PER_MINUTE)
    writer.ascii(
      'more requests went to this domain in a minute than fetch_proxy.monitoring.max_requests_per_minute; wait a minute',
    );
  else if (reason == layout.UNREADABLE_DATA_PER_MINUTE)
    writer.ascii(
      'more bytes went to and from this domain in a minute than fetch_proxy.monitoring.max_data_per_minute; wait a minute',
    );
  else if (reason == layout.UNREADABLE_DOMAIN_BURST)
    writer.ascii(
      'this client asked for more new domains than session_profiling.domain_burst in a short time; wait some minutes',
    );
  else if (reason == layout.UNREADABLE_VOLUME_SPIKE)
    writer.ascii(
      'this client moves many times what it did before (session_profiling.volume_spike_ratio); wait a minute',
    );
  else if (reason == layout.UNREADABLE_CLIENT_LEVEL)
    writer.ascii(
      'too much of what this client sent was blocked (adaptive_enforcement), and nothing of it passes; wait some minutes',
    );
  else if (reason == layout.UNREADABLE_ENTROPY_BUDGET)
    writer.ascii(
      'more of what this client sent looks drawn than cross_request_detection.entropy_budget.bits_per_window; wait some minutes',
    );
  else if (reason == layout.UNREADABLE_RESPONSE_TOO_LARGE)
    writer.ascii('the answer is larger than tls_interception.max_response_bytes; raise it');
  else writer.ascii('the answer opens to many times its size; let the origin send it without layers of encoding');
}

/** Writes the name of a client's level. */
export function writeLevel(writer: Writer, level: u32): void {
  if (level == 0) writer.ascii('normal');
  else if (level == 1) writer.ascii('elevated');
  else if (level == 2) writer.ascii('high');
  else writer.ascii('critical');
}

/** Writes the name of a verdict. */
export function writeVerdict(writer: Writer, verdict: i32): void {
  if (verdict == layout.VERDICT_BLOCK) writer.ascii('block');
  else if (verdict == layout.VERDICT_STRIP) writer.ascii('strip');
  else if (verdict == layout.VERDICT_WARN) writer.ascii('warn');
  else writer.ascii('allow');
}

/** Writes a view's chain of encodings, outermost first: `json+base64`; `raw` where nothing was opened. */
export function writeChain(writer: Writer, chain: u32): void {
  if (chain == encodings.RAW) {
    writer.ascii('raw');
    return;
  }
  let isFirst = true;
  for (let shift = 28; shift >= 0; shift -= 4) {
    const encoding = (chain >> shift) & 15;
    if (encoding == 0) continue;
    if (!isFirst) writer.ascii('+');
    isFirst = false;
    writeEncoding(writer, encoding);
  }
}

function writeEncoding(writer: Writer, encoding: u32): void {
  if (encoding == encodings.JSON_STRING) writer.ascii('json');
  else if (encoding == encodings.PERCENT) writer.ascii('percent');
  else if (encoding == encodings.BASE64) writer.ascii('base64');
  else if (encoding == encodings.HEX) writer.ascii('hex');
  else if (encoding == encodings.BASE32) writer.ascii('base32');
  else if (encoding == encodings.ENTITY) writer.ascii('entity');
  else if (encoding == encodings.QUOTED_PRINTABLE) writer.ascii('quoted-printable');
  else if (encoding == encodings.UTF16) writer.ascii('utf16');
  else if (encoding == encodings.FORM) writer.ascii('form');
  else if (encoding == encodings.DEFLATE) writer.ascii('deflate');
  else if (encoding == encodings.JOINED) writer.ascii('joined');
  else if (encoding == encodings.SPACED) writer.ascii('spaced');
  else if (encoding == encodings.STREAM) writer.ascii('stream');
  else if (encoding == encodings.ASCII) writer.ascii('ascii');
  else writer.ascii('decimal');
}

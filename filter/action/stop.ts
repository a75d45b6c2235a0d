// The stop in mid-stream. An HTTP filter alone can only cut a stream, which clients take for a failure. So the last words,
// in the stream's own format, go out as the chunk's; a second, tiny instance of the plugin below HTTP (envoy/*.yaml,
// `penstock.end`) sees them pass as bytes of the connection, recognises the request id in them, and ends the message there
// as its protocol does: the last chunk in HTTP/1.1, END_STREAM in HTTP/2. A tick later the stream to the origin is closed.
// Where the end was not confirmed in time, the stream is cut: a stop is never waited for.
import {
  BufferType,
  Bytes,
  closeStream,
  getBuffer,
  getProperty,
  result,
  Status,
  StreamType,
  setBuffer,
  setEffectiveContext,
  WHOLE,
  Writer,
} from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as sse from '../view/sse';
import { writeFindingMessage } from './answer';
import { Exchange, Reading, Wait } from './exchange';
import { emit } from './out';
import { requestIdOf } from './report';
import { firstWaiting, waitFor, waitNoMore } from './wait';

/** A client that does not read keeps the last words waiting; the origin's stream is to be closed within a second. */
const END_MILLISECONDS: u32 = 500;

/** HTTP/2 (RFC 9113 section 4.1): length 24, type 8, flags 8, stream 32. */
const FRAME_HEAD_BYTES: u32 = 9;
const DATA_FRAME: u8 = 0;
const END_STREAM: u8 = 1;
const PROTOCOL = Bytes.of('request\0protocol');
const HTTP_1 = Bytes.of('HTTP/1');
const HTTP_1_0 = Bytes.of('HTTP/1.0');
const LAST_CHUNK = Bytes.of('0\r\n\r\n');
const ID_DIGITS: u32 = 16;

const TEXT_BYTES: u32 = 4096;
const text: usize = memory.data(4096);
const id: usize = memory.data(16);
const writer = new Writer();
const idWriter = new Writer();

/** Streams that were stopped and whose end the network side has not seen. */
let stopping: u32 = 0;

/** Appends the last words of a stream that the deciding finding stops, to what goes on of the chunk. */
export function emitLastWords(exchange: Exchange): void {
  const why = writeFindingMessage(exchange, layout.SURFACE_RESPONSE_BODY);
  writer.start(text, TEXT_BYTES);
  // What stands before may be half an event.
  if (exchange.isEventStream) writer.ascii('\n');
  writeLastWords(exchange, why);
  emit(writer.pointer, writer.length);
}

/** Waits for the network side to end the stream. Call it on the exchange's context, its last words in the buffer. */
export function awaitEnd(exchange: Exchange): void {
  exchange.response = Reading.Stopped;
  if (getProperty(PROTOCOL.pointer, PROTOCOL.length) == Status.Ok) {
    exchange.isHttp1 = HTTP_1.length <= result.length() && HTTP_1.equals(result.pointer(), HTTP_1.length);
    exchange.isChunked = !HTTP_1_0.equals(result.pointer(), result.length());
  }
  if (exchange.wait != Wait.End) stopping++;
  waitFor(exchange, Wait.End, END_MILLISECONDS);
}

/** Cuts the stream at the next tick: nothing can be said in its format. */
export function cut(exchange: Exchange): void {
  exchange.response = Reading.Stopped;
  if (exchange.wait != Wait.End) stopping++;
  waitFor(exchange, Wait.End, 0);
}

/** The exchange is over, however it ended. */
export function forgetStop(exchange: Exchange): void {
  if (exchange.wait == Wait.End) stopping--;
  waitNoMore(exchange);
}

/** Bytes on their way to a client, `length` of them, in the connection `connectionId`: where they hold the last words, ends the message. */
export function onWrite(connectionId: u32, length: u32): void {
  if (stopping == 0 || length == 0 || getBuffer(BufferType.UpstreamData, 0, length) != Status.Ok) return;
  const start = result.pointer();
  const end = start + result.length();
  let next = firstWaiting();
  while (next !== null) {
    const exchange = next;
    next = changetype<Exchange | null>(exchange.waitNext);
    if (exchange.wait != Wait.End || exchange.connectionId != 0) continue;
    idWriter.start(id, ID_DIGITS).hex(requestIdOf(exchange), ID_DIGITS);
    const at = find(start, end);
    if (at != 0) endMessage(exchange, connectionId, start, end, at);
  }
}

/** Closes what the tick found at its end: the origin's stream, and with HTTP/1 the client's connection. */
export function closeStopped(exchange: Exchange): void {
  stopping--;
  waitNoMore(exchange);
  const connectionId = exchange.connectionId;
  const isHttp1 = connectionId != 0 && exchange.isHttp1;
  if (setEffectiveContext(isHttp1 ? connectionId : exchange.contextId) != Status.Ok) return;
  closeStream(isHttp1 ? StreamType.Downstream : StreamType.Response);
}

function endMessage(exchange: Exchange, connectionId: u32, start: usize, end: usize, at: usize): void {
  if (exchange.isHttp1) {
    // A chunk ends in CR LF; without chunks (HTTP/1.0) the end of the connection is that of the message.
    if (exchange.isChunked)
      setBuffer(BufferType.UpstreamData, <u32>(end - start), 0, LAST_CHUNK.pointer, LAST_CHUNK.length);
    confirm(exchange, connectionId);
    return;
  }
  for (let frame = start; frame + FRAME_HEAD_BYTES <= end; ) {
    const bytes = ((<u32>load<u8>(frame)) << 16) | ((<u32>load<u8>(frame, 1)) << 8) | <u32>load<u8>(frame, 2);
    const frameEnd = frame + FRAME_HEAD_BYTES + bytes;
    if (frameEnd > end) return;
    if (at < frameEnd) {
      if (at < frame + FRAME_HEAD_BYTES || load<u8>(frame, 3) != DATA_FRAME) return;
      store<u8>(frame, load<u8>(frame, 4) | END_STREAM, 4);
      setBuffer(BufferType.UpstreamData, 0, WHOLE, start, <u32>(end - start));
      confirm(exchange, connectionId);
      return;
    }
    frame = frameEnd;
  }
}

/** The tick closes what is left: closed here, the connection would end before the bytes are out. */
function confirm(exchange: Exchange, connectionId: u32): void {
  exchange.connectionId = connectionId;
  exchange.waitEnd = 0;
}

/** The place of the id, or 0. */
function find(p: usize, end: usize): usize {
  const first = load<u64>(id);
  for (; p + ID_DIGITS <= end; p++) if (load<u64>(p) == first && load<u64>(p, 8) == load<u64>(id, 8)) return p;
  return 0;
}

function writeLastWords(exchange: Exchange, why: Writer): void {
  const api = exchange.dialect;
  if (api == sse.DIALECT_OPENAI_RESPONSES) writeResponses(exchange, why);
  else if (api == sse.DIALECT_ANTHROPIC) writeAnthropic(exchange, why);
  else if (api == sse.DIALECT_GEMINI)
    says(
      'data: {"candidates":[{"content":{"parts":[{"text":"',
      why,
      '"}],"role":"model"},"finishReason":"SAFETY","index":0}]}\n\n',
    );
  else if (api == sse.DIALECT_OLLAMA_CHAT)
    says(
      '{"model":"penstock","created_at":"1970-01-01T00:00:00Z","message":{"role":"assistant","content":"',
      why,
      '"},"done":true,"done_reason":"stop"}\n',
    );
  else if (api == sse.DIALECT_OLLAMA_GENERATE)
    says(
      '{"model":"penstock","created_at":"1970-01-01T00:00:00Z","response":"',
      why,
      '","done":true,"done_reason":"stop"}\n',
    );
  else if (!exchange.isEventStream) says('{"error":"', why, '"}\n');
  else {
    // Also where the API is not known: most that stream events speak OpenAI's language.
    says(
      'data: {"id":"penstock","object":"chat.completion.chunk","created":0,"model":"penstock","choices":[{"index":0,"delta":{"content":"',
      why,
      '"},"finish_reason":null}]}\n\n',
    );
    writer.ascii(
      'data: {"id":"penstock","object":"chat.completion.chunk","created":0,"model":"penstock","choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}\n\ndata: [DONE]\n\n',
    );
  }
}

function says(before: string, why: Writer, after: string): void {
  writer.ascii(before).json(why.pointer, why.length).ascii(after);
}

function writeResponses(exchange: Exchange, why: Writer): void {
  writer.ascii(
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":0,"item_id":"penstock","output_index":',
  );
  writer.decimal(exchange.eventIndex).ascii(',"content_index":').decimal(exchange.contentIndex);
  says(',"logprobs":[],"delta":"', why, '"}\n\n');
  writer.ascii(
    'event: response.incomplete\ndata: {"type":"response.incomplete","sequence_number":0,"response":{"id":"penstock","object":"response","created_at":0,"model":"penstock","status":"incomplete","error":null,"incomplete_details":{"reason":"content_filter"},"output":[{"id":"penstock","type":"message","role":"assistant","status":"incomplete","content":[{"type":"output_text","annotations":[],"text":"',
  );
  writer.json(why.pointer, why.length);
  writer.ascii('"}]}],"parallel_tool_calls":false,"tools":[],"tool_choice":"auto"}}\n\n');
}

function writeAnthropic(exchange: Exchange, why: Writer): void {
  const index = exchange.eventIndex;
  // The block under way may be a tool call: its end, then a block of text of its own.
  writer.ascii('event: content_block_stop\ndata: {"type":"content_block_stop","index":').decimal(index).ascii('}\n\n');
  writer.ascii('event: content_block_start\ndata: {"type":"content_block_start","index":').decimal(index + 1);
  writer.ascii(',"content_block":{"type":"text","text":""}}\n\n');
  writer.ascii('event: content_block_delta\ndata: {"type":"content_block_delta","index":').decimal(index + 1);
  says(',"delta":{"type":"text_delta","text":"', why, '"}}\n\n');
  writer
    .ascii('event: content_block_stop\ndata: {"type":"content_block_stop","index":')
    .decimal(index + 1)
    .ascii('}\n\n');
  writer.ascii(
    'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"refusal","stop_sequence":null},"usage":{"output_tokens":0}}\n\n',
  );
  writer.ascii('event: message_stop\ndata: {"type":"message_stop"}\n\n');
}

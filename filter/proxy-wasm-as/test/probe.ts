// A filter that tries what the host does, told by the header `x-try`, and logs what it saw. The conformance test runs it
// in Envoy and in our host and compares; it logs nothing that depends on how a body was cut into chunks. AssemblyScript.
// Long because it tries every call of the ABI that the host has.
import {
  addHeader,
  BodyStatus,
  BufferType,
  Bytes,
  ContextMap,
  closeStream,
  continueStream,
  currentTimeNanoseconds,
  defineMetric,
  getBuffer,
  getHeader,
  getHeaderPairs,
  getMetric,
  getProperty,
  getSharedData,
  HeadersStatus,
  httpCall,
  incrementMetric,
  LogLevel,
  log,
  logLevel,
  MapType,
  MetricType,
  PairReader,
  PairWriter,
  Pool,
  recordMetric,
  removeHeader,
  replaceHeader,
  result,
  Status,
  StreamType,
  sendLocalResponse,
  setBuffer,
  setEffectiveContext,
  setProperty,
  setSharedData,
  setTickPeriodMilliseconds,
  TrailersStatus,
  WHOLE,
  Writer,
} from '../assembly';

export * from '../assembly/exports';

@unmanaged
class Exchange {
  /** First byte of `x-try`, 0 when absent. */
  tries: u32 = 0;
  dropped: u32 = 0;
  calls: u32 = 0;
  bytes: u32 = 0;
}

const TRY = Bytes.of('x-try');
const MARK = Bytes.of('x-mark');
const MARK_VALUE = Bytes.of('by the filter');
const SEEN = Bytes.of('x-seen');
const PATH = Bytes.of(':path');
const REPEATED = Bytes.of('x-repeated');
const EMPTY = Bytes.of('x-empty');
const CONTENT_LENGTH = Bytes.of('content-length');
const BODY = Bytes.of('{"error":"refused"}');
const FRONT = Bytes.of('[front]');
const BACK = Bytes.of('[back]');
const DETAILS = Bytes.of('tried it');
const STATE = Bytes.of('verdict');
const STATE_PATH = Bytes.of('filter_state\0wasm.verdict');
const METHOD = Bytes.of('request\0method');
const NO_PROPERTY = Bytes.of('nothing\0here');
const ROOT_ID = Bytes.of('plugin_root_id');
const COUNTER = Bytes.of('probe_counter');
const GAUGE = Bytes.of('probe_gauge');
const HISTOGRAM = Bytes.of('probe_histogram');
const KEY = Bytes.of('probe_key');
const CLUSTER = Bytes.of('origin');
const NO_CLUSTER = Bytes.of('no_such_cluster');
const CALL_METHOD = Bytes.of(':method');
const CALL_AUTHORITY = Bytes.of(':authority');
const CALL_PATH = Bytes.of('/call');
const POST = Bytes.of('POST');

const exchanges = new ContextMap();
const pool = new Pool(offsetof<Exchange>(), 16);
const reader = new PairReader();
const pairs = new PairWriter();
const line = new Writer();
const LINE: usize = memory.data(512);
const PAIRS: usize = memory.data(512, 4);

let waiting: u32 = 0; // context that waits for a tick or an answer
let ticks: u32 = 0;

function note(what: string, value: u32): void {
  line.start(LINE, 512).ascii(what).ascii(' ').decimal(value);
  log(LogLevel.Info, line.pointer, line.length);
}

function exchangeOf(context: u32): Exchange {
  return changetype<Exchange>(exchanges.get(context));
}

export function proxy_on_vm_start(_root: u32, length: u32): u32 {
  note('vm_start', length);
  note('vm configuration', getBuffer(BufferType.VmConfiguration, 0, length));
  note('length', result.length());
  return 1;
}

export function proxy_on_configure(_root: u32, length: u32): u32 {
  note('configure', length);
  note('plugin configuration', getBuffer(BufferType.PluginConfiguration, 0, length));
  note('length', result.length());
  note('root id', getProperty(ROOT_ID.pointer, ROOT_ID.length));
  note('length', result.length());
  if (length == 4) return 0; // "deny"
  return 1;
}

export function proxy_on_context_create(context: u32, root: u32): void {
  if (root != 0) exchanges.set(context, pool.take());
}

export function proxy_on_done(context: u32): u32 {
  if (exchanges.get(context) != 0) note('done', 0);
  return 1;
}

export function proxy_on_log(context: u32): void {
  note('log, path', getHeader(MapType.RequestHeaders, PATH.pointer, PATH.length));
}

export function proxy_on_delete(context: u32): void {
  const record = exchanges.remove(context);
  if (record == 0) return;
  pool.give(record);
  note('delete, in use', pool.inUse);
}

export function proxy_on_request_headers(context: u32, _count: u32, endOfStream: u32): HeadersStatus {
  const exchange = exchangeOf(context);
  if (getHeader(MapType.RequestHeaders, TRY.pointer, TRY.length) != Status.Ok) return HeadersStatus.Continue;
  exchange.tries = load<u8>(result.pointer());
  switch (exchange.tries) {
    case 0x61: // a: answer at once
      respond();
      return HeadersStatus.Continue; // overruled by the host
    case 0x62: // b: block at the end of the body
    case 0x68: // h: hold, edit, send on
    case 0x69: // i: hold, drop the last piece
    case 0x63: // c: hold, ask an upstream, replace
    case 0x74: // t: hold until a tick
      if (!endOfStream) removeHeader(MapType.RequestHeaders, CONTENT_LENGTH.pointer, CONTENT_LENGTH.length);
      return endOfStream ? HeadersStatus.Continue : HeadersStatus.StopIteration;
    case 0x65: // e: everything about headers
      tryHeaders();
      return HeadersStatus.Continue;
    case 0x70: // p: properties, metrics, shared data
      tryState();
      return HeadersStatus.Continue;
    case 0x78: // x: trap
      unreachable();
    default:
      return HeadersStatus.Continue;
  }
}

function tryHeaders(): void {
  note('repeated', getHeader(MapType.RequestHeaders, REPEATED.pointer, REPEATED.length));
  note('first byte', load<u8>(result.pointer()));
  note('empty', getHeader(MapType.RequestHeaders, EMPTY.pointer, EMPTY.length));
  note('length', result.length());
  note('absent', getHeader(MapType.RequestHeaders, SEEN.pointer, SEEN.length));
  note('response map', getHeader(MapType.ResponseHeaders, SEEN.pointer, SEEN.length));
  note('response pairs', getHeaderPairs(MapType.ResponseHeaders));
  note('length', result.length());
  note('add to trailers', addHeader(MapType.RequestTrailers, SEEN.pointer, SEEN.length, BODY.pointer, BODY.length));
  note('unknown map', getHeader(<MapType>99, SEEN.pointer, SEEN.length));
  note('add', addHeader(MapType.RequestHeaders, MARK.pointer, MARK.length, FRONT.pointer, FRONT.length));
  note('add', addHeader(MapType.RequestHeaders, MARK.pointer, MARK.length, BACK.pointer, BACK.length));
  note(
    'replace',
    replaceHeader(MapType.RequestHeaders, REPEATED.pointer, REPEATED.length, MARK_VALUE.pointer, MARK_VALUE.length),
  );
  note('remove', removeHeader(MapType.RequestHeaders, EMPTY.pointer, EMPTY.length));
  note('remove absent', removeHeader(MapType.RequestHeaders, SEEN.pointer, SEEN.length));
  note('pairs', getHeaderPairs(MapType.RequestHeaders));
  let marks = 0;
  note('well formed', reader.start(result.pointer(), result.length()) ? 1 : 0);
  while (reader.next()) if (MARK.equals(reader.name, reader.nameLength)) marks++;
  note('marks', marks);
  note('body in headers', getBuffer(BufferType.RequestBody, 0, WHOLE));
  note('length', result.length());
  note('set body in headers', setBuffer(BufferType.RequestBody, 0, 0, BODY.pointer, BODY.length));
}

function tryState(): void {
  note('absent', getProperty(NO_PROPERTY.pointer, NO_PROPERTY.length));
  note('method', getProperty(METHOD.pointer, METHOD.length));
  note('length', result.length());
  note('set', setProperty(STATE.pointer, STATE.length, BODY.pointer, BODY.length));
  note('by state path', getProperty(STATE_PATH.pointer, STATE_PATH.length));
  note('length', result.length());
  note('by name', getProperty(STATE.pointer, STATE.length));
  note('length', result.length());
  note('set empty', setProperty(STATE.pointer, STATE.length, BODY.pointer, 0));
  note('empty', getProperty(STATE_PATH.pointer, STATE_PATH.length));
  note('length', result.length());

  note('counter', defineMetric(MetricType.Counter, COUNTER.pointer, COUNTER.length));
  const counter = result.metricId();
  note('increment', incrementMetric(counter, 3));
  note('decrement', incrementMetric(counter, -1));
  note('get', getMetric(counter));
  note('value', <u32>result.metricValue());
  note('gauge', defineMetric(MetricType.Gauge, GAUGE.pointer, GAUGE.length));
  const gauge = result.metricId();
  note('record', recordMetric(gauge, 10));
  note('increment', incrementMetric(gauge, -4));
  note('get', getMetric(gauge));
  note('value', <u32>result.metricValue());
  note('histogram', defineMetric(MetricType.Histogram, HISTOGRAM.pointer, HISTOGRAM.length));
  const histogram = result.metricId();
  note('record', recordMetric(histogram, 10));
  note('increment', incrementMetric(histogram, 1));
  note('get', getMetric(histogram));
  note('unknown', incrementMetric(4000, 1));
  note('kind', defineMetric(<MetricType>9, COUNTER.pointer, COUNTER.length));

  note('shared', getSharedData(KEY.pointer, KEY.length));
  note('set', setSharedData(KEY.pointer, KEY.length, BODY.pointer, BODY.length, 0));
  note('shared', getSharedData(KEY.pointer, KEY.length));
  note('length', result.length());
  const cas = result.cas();
  note('set', setSharedData(KEY.pointer, KEY.length, BODY.pointer, 5, cas));
  note('set again', setSharedData(KEY.pointer, KEY.length, BODY.pointer, 6, cas));
  note('shared', getSharedData(KEY.pointer, KEY.length));
  note('length', result.length());
  note('set empty', setSharedData(KEY.pointer, KEY.length, BODY.pointer, 0, 0));
  note('shared', getSharedData(KEY.pointer, KEY.length));
  note('length', result.length());

  note('level', logLevel());
  note('clock', currentTimeNanoseconds() > 1_600_000_000_000_000_000 ? 1 : 0);
  note('wrong context', setEffectiveContext(999999));
  note('unknown cluster', call(NO_CLUSTER));
}

export function proxy_on_request_body(context: u32, length: u32, endOfStream: u32): BodyStatus {
  const exchange = exchangeOf(context);
  switch (exchange.tries) {
    case 0x62: // b
      if (!endOfStream) return BodyStatus.StopIterationAndBuffer;
      note('whole body', length);
      respond();
      return BodyStatus.StopIterationNoBuffer;
    case 0x68: // h
      if (!endOfStream) return BodyStatus.StopIterationAndBuffer;
      editRequest(length);
      return BodyStatus.Continue;
    case 0x69: // i
      if (!endOfStream) return BodyStatus.StopIterationAndBuffer;
      note('whole body', length);
      note('clear', setBuffer(BufferType.RequestBody, 0, WHOLE, 0, 0));
      return BodyStatus.Continue;
    case 0x63: // c
      if (!endOfStream) return BodyStatus.StopIterationAndBuffer;
      waiting = context;
      note('call', call(CLUSTER));
      return BodyStatus.StopIterationAndBuffer;
    case 0x74: // t
      if (!endOfStream) return BodyStatus.StopIterationAndBuffer;
      waiting = context;
      note('tick', setTickPeriodMilliseconds(5));
      return BodyStatus.StopIterationAndBuffer;
    case 0x64: // d: drop the request's body but its end
      setBuffer(BufferType.RequestBody, 0, WHOLE, 0, 0);
      if (endOfStream) setBuffer(BufferType.RequestBody, 0, 0, BODY.pointer, BODY.length);
      return BodyStatus.Continue;
    default:
      return BodyStatus.Continue;
  }
}

export function proxy_on_request_trailers(context: u32, _count: u32): TrailersStatus {
  const exchange = exchangeOf(context);
  note('trailers, headers', getHeader(MapType.RequestHeaders, PATH.pointer, PATH.length));
  note('trailer', getHeader(MapType.RequestTrailers, MARK.pointer, MARK.length));
  note('length', result.length());
  note('body', getBuffer(BufferType.RequestBody, 0, WHOLE));
  note('length', result.length());
  if (exchange.tries == 0x62) {
    respond();
    return TrailersStatus.StopIteration;
  }
  if (exchange.tries == 0x68) editRequest(result.length());
  return TrailersStatus.Continue;
}

function editRequest(length: u32): void {
  note('whole body', length);
  note('headers', getHeader(MapType.RequestHeaders, PATH.pointer, PATH.length));
  note('mark', addHeader(MapType.RequestHeaders, MARK.pointer, MARK.length, MARK_VALUE.pointer, MARK_VALUE.length));
  edit(BufferType.RequestBody, length);
}

function edit(type: BufferType, length: u32): void {
  note('front', setBuffer(type, 0, 0, FRONT.pointer, FRONT.length));
  note('prefix', setBuffer(type, 0, 2, BACK.pointer, 1));
  note('middle', setBuffer(type, 1, 1, BACK.pointer, BACK.length));
  note('back', setBuffer(type, WHOLE, 0, BACK.pointer, BACK.length));
  note('range', getBuffer(type, 1, 3));
  note('length', result.length());
  note('all', getBuffer(type, 0, WHOLE));
  note('grown by', result.length() - length);
  note('nothing', getBuffer(type, 0, 0));
  note('length', result.length());
}

function respond(): void {
  pairs.start(PAIRS, 512, 8);
  pairs.add(MARK.pointer, MARK.length, MARK_VALUE.pointer, MARK_VALUE.length);
  pairs.finish();
  note(
    'respond',
    sendLocalResponse(403, DETAILS.pointer, DETAILS.length, BODY.pointer, BODY.length, pairs.pointer, pairs.length),
  );
}

export function proxy_on_response_headers(context: u32, _count: u32, endOfStream: u32): HeadersStatus {
  const exchange = exchangeOf(context);
  if (exchange.tries == 0) return HeadersStatus.Continue;
  note('response headers, end', endOfStream);
  note('request headers', getHeader(MapType.RequestHeaders, PATH.pointer, PATH.length));
  note('request method', getProperty(METHOD.pointer, METHOD.length));
  addHeader(MapType.ResponseHeaders, SEEN.pointer, SEEN.length, MARK_VALUE.pointer, MARK_VALUE.length);
  switch (exchange.tries) {
    case 0x72: // r: replace the response at its end
    case 0x6d: // m: modify the held response
    case 0x6e: // n: hold, then drop
      removeHeader(MapType.ResponseHeaders, CONTENT_LENGTH.pointer, CONTENT_LENGTH.length);
      return endOfStream ? HeadersStatus.Continue : HeadersStatus.StopIteration;
    case 0x6c: // l: late answer, in the middle of the body
    case 0x64: // d
      removeHeader(MapType.ResponseHeaders, CONTENT_LENGTH.pointer, CONTENT_LENGTH.length);
      return HeadersStatus.Continue;
    case 0x6f: // o: answer in the place of the origin, in its headers
      respond();
      return HeadersStatus.StopIteration;
    default:
      return HeadersStatus.Continue;
  }
}

export function proxy_on_response_body(context: u32, length: u32, endOfStream: u32): BodyStatus {
  const exchange = exchangeOf(context);
  switch (exchange.tries) {
    case 0x72: // r
      if (!endOfStream) return BodyStatus.StopIterationAndBuffer;
      note('whole response', length);
      respond();
      return BodyStatus.StopIterationNoBuffer;
    case 0x6d: // m
      if (!endOfStream) return BodyStatus.StopIterationAndBuffer;
      edit(BufferType.ResponseBody, length);
      return BodyStatus.Continue;
    case 0x6e: // n
      return endOfStream ? BodyStatus.Continue : BodyStatus.StopIterationNoBuffer;
    case 0x64: // d
      exchange.dropped += length;
      setBuffer(BufferType.ResponseBody, 0, WHOLE, 0, 0);
      if (endOfStream) {
        note('dropped', exchange.dropped);
        setBuffer(BufferType.ResponseBody, 0, 0, BODY.pointer, BODY.length);
      }
      return BodyStatus.Continue;
    case 0x6c: // l
      if (endOfStream) respond();
      return BodyStatus.Continue;
    default:
      return BodyStatus.Continue;
  }
}

export function proxy_on_response_trailers(context: u32, _count: u32): TrailersStatus {
  if (exchangeOf(context).tries != 0) {
    note('response trailers', getHeader(MapType.ResponseTrailers, MARK.pointer, MARK.length));
    note('body', setBuffer(BufferType.ResponseBody, 0, 0, BODY.pointer, BODY.length));
  }
  return TrailersStatus.Continue;
}

function call(cluster: Bytes): Status {
  pairs.start(PAIRS, 512, 3);
  pairs.add(CALL_METHOD.pointer, CALL_METHOD.length, POST.pointer, POST.length);
  pairs.add(PATH.pointer, PATH.length, CALL_PATH.pointer, CALL_PATH.length);
  pairs.add(CALL_AUTHORITY.pointer, CALL_AUTHORITY.length, CLUSTER.pointer, CLUSTER.length);
  pairs.finish();
  return httpCall(cluster.pointer, cluster.length, pairs.pointer, pairs.length, BODY.pointer, BODY.length, 0, 0, 1000);
}

export function proxy_on_http_call_response(
  _root: u32,
  _token: u32,
  _headers: u32,
  bodyLength: u32,
  _trailers: u32,
): void {
  note('answer', bodyLength);
  note('status', getHeader(MapType.HttpCallResponseHeaders, SEEN.pointer, SEEN.length));
  note('body', getBuffer(BufferType.HttpCallResponseBody, 0, WHOLE));
  note('length', result.length());
  note('effective', setEffectiveContext(waiting));
  note('body still', getBuffer(BufferType.HttpCallResponseBody, 0, WHOLE));
  note('length', result.length());
  note('replace', setBuffer(BufferType.RequestBody, 0, WHOLE, result.pointer(), result.length()));
  note('continue', continueStream(StreamType.Request));
}

export function proxy_on_tick(_root: u32): void {
  ticks++;
  setTickPeriodMilliseconds(0);
  note('effective', setEffectiveContext(waiting));
  note('body', getBuffer(BufferType.RequestBody, 0, WHOLE));
  note('length', result.length());
  note('continue', continueStream(StreamType.Request));
}

// A filter with state: holds each request's body until its end, refuses one that contains "forbidden" with an answer of
// its own, and counts what it did. Nothing on the way of a request allocates.
import {
  BodyStatus,
  BufferType,
  Bytes,
  ContextMap,
  defineMetric,
  getBuffer,
  getHeader,
  HeadersStatus,
  incrementMetric,
  LogLevel,
  log,
  MapType,
  MetricType,
  PairWriter,
  Pool,
  result,
  Status,
  sendLocalResponse,
  TrailersStatus,
  WHOLE,
  Writer,
} from 'proxy-wasm-as/assembly';

export * from 'proxy-wasm-as/assembly/exports';

@unmanaged
class Exchange {
  requestBytes: u32 = 0;
  isRefused: bool = false;
}

const FORBIDDEN = Bytes.of('forbidden');
const CONTENT_TYPE = Bytes.of('content-type');
const JSON_TYPE = Bytes.of('application/json');
const DETAILS = Bytes.of('gate_refused');
const REFUSED_TOTAL = Bytes.of('gate_refused_total');
const PATH = Bytes.of(':path');

const exchanges = new ContextMap();
const pool = new Pool(offsetof<Exchange>(), 64);
const pairs = new PairWriter();
const text = new Writer();
const PAIRS_BYTES: u32 = 256;
const PAIRS: usize = memory.data(256, 4);
const TEXT_BYTES: u32 = 1024;
const TEXT: usize = memory.data(1024);

let refusedTotal: u32 = 0;

export function proxy_on_configure(_context: u32, _length: u32): u32 {
  if (defineMetric(MetricType.Counter, REFUSED_TOTAL.pointer, REFUSED_TOTAL.length) != Status.Ok) return 0;
  refusedTotal = result.metricId();
  return 1;
}

export function proxy_on_context_create(context: u32, root: u32): void {
  if (root != 0) exchanges.set(context, pool.take());
}

export function proxy_on_delete(context: u32): void {
  const record = exchanges.remove(context);
  if (record != 0) pool.give(record);
}

export function proxy_on_request_headers(_context: u32, _count: u32, endOfStream: u32): HeadersStatus {
  return endOfStream ? HeadersStatus.Continue : HeadersStatus.StopIteration;
}

export function proxy_on_request_body(context: u32, length: u32, endOfStream: u32): BodyStatus {
  changetype<Exchange>(exchanges.get(context)).requestBytes = length;
  if (!endOfStream) return BodyStatus.StopIterationAndBuffer;
  return judge(context) ? BodyStatus.Continue : BodyStatus.StopIterationNoBuffer;
}

export function proxy_on_request_trailers(context: u32, _count: u32): TrailersStatus {
  return judge(context) ? TrailersStatus.Continue : TrailersStatus.StopIteration;
}

function judge(context: u32): bool {
  if (getBuffer(BufferType.RequestBody, 0, WHOLE) != Status.Ok) return true;
  if (!contains(result.pointer(), result.length(), FORBIDDEN)) return true;
  refuse(changetype<Exchange>(exchanges.get(context)));
  return false;
}

function refuse(exchange: Exchange): void {
  exchange.isRefused = true;
  incrementMetric(refusedTotal, 1);
  getHeader(MapType.RequestHeaders, PATH.pointer, PATH.length);
  text.start(TEXT, TEXT_BYTES).ascii('{"refused":"').json(result.pointer(), result.length());
  text.ascii('","bytes":').decimal(exchange.requestBytes).ascii('}');
  log(LogLevel.Warn, text.pointer, text.length);
  pairs.start(PAIRS, PAIRS_BYTES, 4);
  pairs.add(CONTENT_TYPE.pointer, CONTENT_TYPE.length, JSON_TYPE.pointer, JSON_TYPE.length);
  pairs.finish();
  sendLocalResponse(403, DETAILS.pointer, DETAILS.length, text.pointer, text.length, pairs.pointer, pairs.length);
}

function contains(pointer: usize, length: u32, word: Bytes): bool {
  const end = pointer + length;
  for (; pointer + word.length <= end; pointer++) {
    if (memory.compare(pointer, word.pointer, word.length) == 0) return true;
  }
  return false;
}

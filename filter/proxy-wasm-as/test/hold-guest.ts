// What a filter of this kind costs before it does anything of its own: its configuration says how far it goes. `empty`
// is called and lets everything pass; `hold` keeps the request's body until its end; `copy` has it copied as well;
// `ask` also has the headers of both directions copied and asks for one property.
import {
  BodyStatus,
  BufferType,
  Bytes,
  getBuffer,
  getHeaderPairs,
  getProperty,
  HeadersStatus,
  MapType,
  result,
  TrailersStatus,
} from 'proxy-wasm-as/assembly';

export * from 'proxy-wasm-as/assembly/exports';

const HOLD = Bytes.of('hold');
const COPY = Bytes.of('copy');
const ASK = Bytes.of('ask');
const TUNNEL = Bytes.of('filter_state\0penstock.tunnel');

let holds: bool = false;
let copies: bool = false;
let asks: bool = false;

export function proxy_on_configure(_context: u32, length: u32): u32 {
  getBuffer(BufferType.PluginConfiguration, 0, length);
  asks = ASK.equals(result.pointer(), result.length());
  copies = asks || COPY.equals(result.pointer(), result.length());
  holds = copies || HOLD.equals(result.pointer(), result.length());
  return 1;
}

export function proxy_on_request_headers(_context: u32, _count: u32, endOfStream: u32): HeadersStatus {
  if (asks) {
    getProperty(TUNNEL.pointer, TUNNEL.length);
    getHeaderPairs(MapType.RequestHeaders);
  }
  return endOfStream == 0 && holds ? HeadersStatus.StopIteration : HeadersStatus.Continue;
}

export function proxy_on_request_body(_context: u32, length: u32, endOfStream: u32): BodyStatus {
  if (!holds) return BodyStatus.Continue;
  if (!endOfStream) return BodyStatus.StopIterationAndBuffer;
  if (copies) getBuffer(BufferType.RequestBody, 0, length);
  return BodyStatus.Continue;
}

export function proxy_on_request_trailers(_context: u32, _count: u32): TrailersStatus {
  return TrailersStatus.Continue;
}

export function proxy_on_response_headers(_context: u32, _count: u32, _endOfStream: u32): HeadersStatus {
  if (asks) getHeaderPairs(MapType.ResponseHeaders);
  return HeadersStatus.Continue;
}

export function proxy_on_response_body(_context: u32, length: u32, _endOfStream: u32): BodyStatus {
  if (copies) getBuffer(BufferType.ResponseBody, 0, length);
  return BodyStatus.Continue;
}

export function proxy_on_response_trailers(_context: u32, _count: u32): TrailersStatus {
  return TrailersStatus.Continue;
}

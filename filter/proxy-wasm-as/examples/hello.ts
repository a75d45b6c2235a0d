import { Bytes, HeadersStatus, MapType, replaceHeader } from 'proxy-wasm-as/assembly';

export * from 'proxy-wasm-as/assembly/exports';

const NAME = Bytes.of('x-greeting');
const VALUE = Bytes.of('hello');

export function proxy_on_response_headers(context: u32, count: u32, endOfStream: u32): HeadersStatus {
  replaceHeader(MapType.ResponseHeaders, NAME.pointer, NAME.length, VALUE.pointer, VALUE.length);
  return HeadersStatus.Continue;
}

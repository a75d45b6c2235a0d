// The callbacks that Envoy calls: arguments decoded, stream.ts called.

import { isCutRoot, isCutStream, onCutConfigured, onCutDeleted, onCutOpened, onCutTick } from './action/cut';
import { Exchange, exchangeOf, openExchange } from './action/exchange';
import { dropPins, takePins } from './action/pins';
import { handlerBytes, takeHandlerAnswer } from './action/redirect';
import { clearMetrics } from './action/report';
import { openSessions } from './action/sessions';
import { onWrite } from './action/stop';
import { defineSuppressed } from './action/suppressed';
import { startTrace } from './action/trace-log';
import {
  BodyStatus,
  BufferType,
  Bytes,
  ContextMap,
  getBuffer,
  HeadersStatus,
  LogLevel,
  log,
  result,
  Status,
  setEffectiveContext,
  TrailersStatus,
  Writer,
} from './proxy-wasm-as/assembly';
import {
  onDone,
  onHandlerAnswer,
  onPinsAnswer,
  onProbeResponseBody,
  onRequestBody,
  onRequestHeaders,
  onRequestTrailers,
  onResponseBody,
  onResponseHeaders,
  onResponseTrailers,
  onTick,
  onUrlFormHeaders,
} from './stream';
import { loadTable, refusal } from './table/read';
import { setLevel } from './verdict/verdict';

export { proxy_abi_version_0_2_1, proxy_on_memory_allocate } from './proxy-wasm-as/assembly';

/** The configuration of the second instance (stream.ts, onProbeResponseBody), and of the third (onUrlFormHeaders). */
const PROBE = Bytes.of('probe');
/** The configuration of the instance below HTTP (action/stop.ts). */
const END = Bytes.of('end');

/** What a callback of a network filter returns to let the bytes go on (proxy-wasm 0.2.1). */
const NETWORK_CONTINUE: u32 = 0;
const URL_FORM = Bytes.of('url-form');

/** The configurations of the instance that ends what is under way (action/cut.ts). */
const CUT_ON = Bytes.of('cut-on');
const CUT_OFF = Bytes.of('cut-off');

let mainRoot: u32 = 0;
let probeRoot: u32 = 0;
let endRoot: u32 = 0;
let urlFormRoot: u32 = 0;
/** Contexts of the third instance that are open. */
const urlForms = new ContextMap();
const writer = new Writer();
const line: usize = memory.data(256);

export function proxy_on_vm_start(rootContext: u32, configurationBytes: u32): u32 {
  return 1;
}

/** A new configuration: the probe's word, or a table. A table that is not sound is refused, and Envoy keeps the last. */
export function proxy_on_configure(rootContext: u32, configurationBytes: u32): u32 {
  if (getBuffer(BufferType.PluginConfiguration, 0, configurationBytes) != Status.Ok) return 0;
  if (PROBE.equals(result.pointer(), result.length())) {
    probeRoot = rootContext;
    return 1;
  }
  if (CUT_ON.equals(result.pointer(), result.length()) || CUT_OFF.equals(result.pointer(), result.length())) {
    onCutConfigured(rootContext, CUT_ON.equals(result.pointer(), result.length()));
    return 1;
  }
  if (END.equals(result.pointer(), result.length())) {
    endRoot = rootContext;
    return 1;
  }
  if (URL_FORM.equals(result.pointer(), result.length())) {
    urlFormRoot = rootContext;
    return 1;
  }
  mainRoot = rootContext;
  const isSound = loadTable(result.pointer(), result.length());
  startTrace();
  clearMetrics();
  defineSuppressed();
  if (isSound) openSessions();
  if (isSound) return 1;
  writer.start(line, 256).ascii('table refused: ').ascii(refusal!);
  log(LogLevel.Error, writer.pointer, writer.length);
  return 0;
}

export function proxy_on_context_create(context: u32, parentContext: u32): void {
  if (parentContext == 0 || parentContext == probeRoot || parentContext == endRoot) return;
  if (isCutRoot(parentContext)) onCutOpened(context);
  else if (parentContext == urlFormRoot) urlForms.set(context, 1);
  else openExchange(context);
}

/** The context's exchange, or null where it has none. What is judged from now on is judged as its client stands. */
function enter(context: u32): Exchange | null {
  const exchange = exchangeOf(context);
  if (exchange !== null) setLevel(exchange.level);
  return exchange;
}

export function proxy_on_request_headers(context: u32, count: u32, endOfStream: u32): u32 {
  const exchange = enter(context);
  if (exchange === null) return urlForms.get(context) != 0 ? onUrlFormHeaders() : HeadersStatus.Continue;
  return onRequestHeaders(exchange, endOfStream != 0);
}

export function proxy_on_request_body(context: u32, length: u32, endOfStream: u32): u32 {
  const exchange = enter(context);
  if (exchange === null) return BodyStatus.Continue;
  const status = onRequestBody(exchange, length, endOfStream != 0);
  exchange.countRequestBytes(length, status == BodyStatus.StopIterationAndBuffer);
  return status;
}

export function proxy_on_request_trailers(context: u32, count: u32): u32 {
  const exchange = enter(context);
  if (exchange === null) return TrailersStatus.Continue;
  return onRequestTrailers(exchange);
}

export function proxy_on_response_headers(context: u32, count: u32, endOfStream: u32): u32 {
  const exchange = enter(context);
  if (exchange === null) return HeadersStatus.Continue;
  return onResponseHeaders(exchange, endOfStream != 0);
}

export function proxy_on_response_body(context: u32, length: u32, endOfStream: u32): u32 {
  const exchange = enter(context);
  if (exchange === null)
    return isCutStream(context) || urlForms.get(context) != 0
      ? BodyStatus.Continue
      : onProbeResponseBody(context, length, endOfStream != 0);
  const status = onResponseBody(exchange, length, endOfStream != 0);
  exchange.countResponseBytes(length, status == BodyStatus.StopIterationAndBuffer);
  return status;
}

export function proxy_on_response_trailers(context: u32, count: u32): u32 {
  const exchange = enter(context);
  if (exchange === null) return TrailersStatus.Continue;
  return onResponseTrailers(exchange);
}

/** Control has said how the tools stand that an answer lists, or has had a redirected call answered. */
export function proxy_on_http_call_response(
  rootContext: u32,
  call: u32,
  headers: u32,
  bodyBytes: u32,
  trailers: u32,
): void {
  const caller = takeHandlerAnswer(call, bodyBytes);
  const redirected = enter(caller);
  if (redirected !== null) {
    setEffectiveContext(caller);
    onHandlerAnswer(redirected, handlerBytes());
    return;
  }
  const context = takePins(call, bodyBytes);
  const exchange = enter(context);
  if (exchange !== null) {
    setEffectiveContext(context);
    onPinsAnswer(exchange);
  }
  dropPins();
}

export function proxy_on_delete(context: u32): void {
  onDone(context);
  urlForms.remove(context);
  onCutDeleted(context);
}

export function proxy_on_tick(rootContext: u32): void {
  if (isCutRoot(rootContext)) onCutTick();
  else onTick(rootContext);
}

/** Bytes on their way to a client, for the instance below HTTP. */
export function proxy_on_upstream_data(context: u32, length: u32, endOfStream: u32): u32 {
  onWrite(context, length);
  return NETWORK_CONTINUE;
}

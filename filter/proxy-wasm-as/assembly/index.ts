export { abort } from './abort';
export { BodyStatus, HeadersStatus, TrailersStatus } from './action';
export { BufferType, getBuffer, getBufferLength, setBuffer, WHOLE } from './buffer';
export { Bytes } from './bytes';
export { currentTimeNanoseconds } from './clock';
export { ContextMap, Pool } from './contexts';
export { proxy_abi_version_0_2_1, proxy_on_memory_allocate } from './exports';
export {
  addHeader,
  getHeader,
  getHeaderPairs,
  getHeadersLength,
  MapType,
  removeHeader,
  replaceHeader,
  setHeaderPairs,
} from './headers';
export { hostBufferCapacity, READABLE_AFTER, READABLE_BEFORE } from './host-buffer';
export { httpCall } from './http-call';
export { LogLevel, log, logLevel } from './log';
export { defineMetric, getMetric, incrementMetric, MetricType, recordMetric } from './metric';
export { PairReader, PairWriter } from './pairs';
export { getProperty, setProperty } from './property';
export { result } from './result';
export { getSharedData, setSharedData } from './shared-data';
export { Status } from './status';
export {
  closeStream,
  continueStream,
  done,
  PeerType,
  StreamType,
  sendLocalResponse,
  setEffectiveContext,
} from './stream';
export { setTickPeriodMilliseconds } from './tick';
export { Writer } from './writer';

import { proxy_get_buffer_bytes, proxy_get_buffer_status, proxy_set_buffer_bytes } from './env';
import { clearResult, RETURN_LENGTH, RETURN_NUMBER, RETURN_POINTER } from './result';
import { Status } from './status';

/** Which bytes a buffer call means. Each exists only in the callbacks that name it. */
export const enum BufferType {
  RequestBody = 0,
  ResponseBody = 1,
  /** Network filters: bytes from the client. */
  DownstreamData = 2,
  /** Network filters: bytes to the client. */
  UpstreamData = 3,
  HttpCallResponseBody = 4,
  GrpcCallMessage = 5,
  /** Readable in `proxy_on_vm_start`. */
  VmConfiguration = 6,
  /** Readable in `proxy_on_configure`. */
  PluginConfiguration = 7,
  ForeignFunctionArgument = 8,
}

/** `length` for "to the end", the largest that Envoy adds to a start without wrapping. */
export const WHOLE: u32 = 0x7fffffff;

/**
 * Copies `length` bytes from `start` into the host buffer: `result.pointer()`, `result.length()`. Fewer come when the
 * buffer is shorter. `NotFound` when the buffer does not exist in this callback; ask for the new tail only, since each
 * call copies.
 */
export function getBuffer(type: BufferType, start: u32, length: u32): Status {
  clearResult();
  return <Status>proxy_get_buffer_bytes(type, start, length, RETURN_POINTER, RETURN_LENGTH);
}

/** How many bytes the buffer holds: `result.byteCount()`. Copies nothing. */
export function getBufferLength(type: BufferType): Status {
  clearResult();
  return <Status>proxy_get_buffer_status(type, RETURN_NUMBER, RETURN_LENGTH);
}

/**
 * Replaces `length` bytes from `start` by `dataLength` bytes of guest memory. Envoy knows three forms, all else is
 * `BadArgument`: (0, 0) puts in front, (0, n) replaces the first n (n at or past the end: all), (start at or past the
 * end, any) appends. When the size changes, remove `content-length` while the headers are held.
 */
export function setBuffer(type: BufferType, start: u32, length: u32, data: usize, dataLength: u32): Status {
  return <Status>proxy_set_buffer_bytes(type, start, length, data, dataLength);
}

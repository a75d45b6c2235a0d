import { reserveHostBuffer } from './host-buffer';

// The words that host calls write to. One place for all of them, since a result is read before the next call.
const WORDS: usize = memory.data(16, 8);

export const RETURN_POINTER: usize = WORDS;
export const RETURN_LENGTH: usize = WORDS + 4;
export const RETURN_NUMBER: usize = WORDS + 8;

/** Forgets the last result, so that a failed call reads as 0 bytes. */
export function clearResult(): void {
  store<u32>(RETURN_POINTER, 0);
  store<u32>(RETURN_LENGTH, 0);
  store<u64>(RETURN_NUMBER, 0);
}

/**
 * The result of the last wrapper that answered `Status.Ok`. Bytes lie in the host buffer and hold until the next call
 * that returns bytes; numbers hold until the next call that returns any result.
 */
export namespace result {
  /** Address of the first byte, readable from 128 bytes before it to 256 bytes after the last, also at length 0. */
  export function pointer(): usize {
    const address = <usize>load<u32>(RETURN_POINTER);
    return address != 0 ? address : reserveHostBuffer(0);
  }

  /** Number of bytes; 0 when the last call failed. */
  export function length(): u32 {
    return load<u32>(RETURN_LENGTH);
  }

  /** Version of the value that `getSharedData` gave, for the `setSharedData` that follows. */
  export function cas(): u32 {
    return load<u32>(RETURN_NUMBER);
  }

  /** Id that `defineMetric` gave. */
  export function metricId(): u32 {
    return load<u32>(RETURN_NUMBER);
  }

  /** Value that `getMetric` gave. */
  export function metricValue(): u64 {
    return load<u64>(RETURN_NUMBER);
  }

  /** Id of the call that `httpCall` started; `proxy_on_http_call_response` names it. */
  export function callId(): u32 {
    return load<u32>(RETURN_NUMBER);
  }

  /** Number that `getBufferLength` or `getHeadersLength` gave, in bytes. */
  export function byteCount(): u32 {
    return load<u32>(RETURN_NUMBER);
  }
}

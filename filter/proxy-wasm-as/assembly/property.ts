import { proxy_get_property, proxy_set_property } from './env';
import { clearResult, RETURN_LENGTH, RETURN_POINTER } from './result';
import { Status } from './status';

/**
 * The value at `path`, its segments joined by NUL (`Bytes.of("connection\0tls_version")`): `result.pointer()`,
 * `result.length()`. Text comes as it is, a number as 8 bytes little-endian, a boolean as one byte. `NotFound` when
 * there is no such value; `Ok` with length 0 when it is empty. `request` properties end with the request phase.
 */
export function getProperty(path: usize, pathLength: u32): Status {
  clearResult();
  return <Status>proxy_get_property(path, pathLength, RETURN_POINTER, RETURN_LENGTH);
}

/** Sets the property `path` (one segment `x`) of the stream. In Envoy others read it at `filter_state`, `wasm.x`. */
export function setProperty(path: usize, pathLength: u32, value: usize, valueLength: u32): Status {
  return <Status>proxy_set_property(path, pathLength, value, valueLength);
}

import {
  proxy_add_header_map_value,
  proxy_get_header_map_pairs,
  proxy_get_header_map_size,
  proxy_get_header_map_value,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
  proxy_set_header_map_pairs,
} from './env';
import { clearResult, RETURN_LENGTH, RETURN_NUMBER, RETURN_POINTER } from './result';
import { Status } from './status';

/** Which map a header call means. Envoy empties the request's maps when the response begins. */
export const enum MapType {
  RequestHeaders = 0,
  RequestTrailers = 1,
  ResponseHeaders = 2,
  ResponseTrailers = 3,
  GrpcCallInitialMetadata = 4,
  GrpcCallTrailingMetadata = 5,
  HttpCallResponseHeaders = 6,
  HttpCallResponseTrailers = 7,
}

/**
 * The first value under `name` (lower case): `result.pointer()`, `result.length()`. `NotFound` when there is none. A
 * header that comes more than once shows only its first value: use `getHeaderPairs` to read them all.
 */
export function getHeader(map: MapType, name: usize, nameLength: u32): Status {
  clearResult();
  return <Status>proxy_get_header_map_value(map, name, nameLength, RETURN_POINTER, RETURN_LENGTH);
}

/** Sets the one value under `name`, in place of all that were there. */
export function replaceHeader(map: MapType, name: usize, nameLength: u32, value: usize, valueLength: u32): Status {
  return <Status>proxy_replace_header_map_value(map, name, nameLength, value, valueLength);
}

/** Adds a value under `name`, beside those that are there. */
export function addHeader(map: MapType, name: usize, nameLength: u32, value: usize, valueLength: u32): Status {
  return <Status>proxy_add_header_map_value(map, name, nameLength, value, valueLength);
}

/** Removes every value under `name`; `Ok` also when there was none. */
export function removeHeader(map: MapType, name: usize, nameLength: u32): Status {
  return <Status>proxy_remove_header_map_value(map, name, nameLength);
}

/** All headers in their order, serialized: `result.pointer()`, `result.length()`; read them with `PairReader`. */
export function getHeaderPairs(map: MapType): Status {
  clearResult();
  return <Status>proxy_get_header_map_pairs(map, RETURN_POINTER, RETURN_LENGTH);
}

/** Replaces all headers by serialized pairs, written with `PairWriter`. */
export function setHeaderPairs(map: MapType, pairs: usize, pairsLength: u32): Status {
  return <Status>proxy_set_header_map_pairs(map, pairs, pairsLength);
}

/** Bytes of all names and values together: `result.byteCount()`. Copies nothing. */
export function getHeadersLength(map: MapType): Status {
  clearResult();
  return <Status>proxy_get_header_map_size(map, RETURN_NUMBER);
}

/** What `proxy_on_request_headers` and `proxy_on_response_headers` return. */
export const enum HeadersStatus {
  Continue = 0,
  /**
   * Holds the headers. Envoy calls the body callbacks meanwhile only with `allow_on_headers_stop_iteration: true` in the
   * plugin's configuration; without it nothing comes until `continueStream`.
   */
  StopIteration = 1,
  /** Holds headers and body without further callbacks until `continueStream`; the body limit gives an error. */
  StopAllIterationAndBuffer = 3,
  /** As above; past the body limit the peer is slowed down instead. */
  StopAllIterationAndWatermark = 4,
}

/** What `proxy_on_request_body` and `proxy_on_response_body` return. */
export const enum BodyStatus {
  /** Sends held headers, everything buffered and this chunk. */
  Continue = 0,
  /** Keeps the chunk; the next callback sees the whole buffer. Past the body limit the host answers 413 or 500. */
  StopIterationAndBuffer = 1,
  /** Keeps the chunk and slows the peer down past the limit; goes on with `continueStream`. */
  StopIterationAndWatermark = 2,
  /** Drops what is in the chunk: neither sent nor kept. */
  StopIterationNoBuffer = 3,
}

/** What `proxy_on_request_trailers` and `proxy_on_response_trailers` return. */
export const enum TrailersStatus {
  Continue = 0,
  StopIteration = 1,
}

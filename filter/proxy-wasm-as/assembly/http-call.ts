import { proxy_http_call } from './env';
import { clearResult, RETURN_NUMBER } from './result';
import { Status } from './status';

/**
 * Sends a request to the host's cluster `upstream` and returns at once: `result.callId()`. The pairs need `:method`,
 * `:path` and `:authority`; `trailerPairs` may be 0 with length 0. `BadArgument` for an unknown cluster.
 *
 * The answer comes to `proxy_on_http_call_response` on the root context: read it with `MapType.HttpCallResponseHeaders`
 * and `BufferType.HttpCallResponseBody`. A timeout is an answer with `:status` 504, a broken connection one with 503.
 */
export function httpCall(
  upstream: usize,
  upstreamLength: u32,
  headerPairs: usize,
  headerPairsLength: u32,
  body: usize,
  bodyLength: u32,
  trailerPairs: usize,
  trailerPairsLength: u32,
  timeoutMilliseconds: u32,
): Status {
  clearResult();
  return <Status>(
    proxy_http_call(
      upstream,
      upstreamLength,
      headerPairs,
      headerPairsLength,
      body,
      bodyLength,
      trailerPairs,
      trailerPairsLength,
      timeoutMilliseconds,
      RETURN_NUMBER,
    )
  );
}

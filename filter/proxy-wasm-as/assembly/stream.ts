import {
  proxy_close_stream,
  proxy_continue_stream,
  proxy_done,
  proxy_send_local_response,
  proxy_set_effective_context,
} from './env';
import { Status } from './status';

/** Which side of a stream goes on or is closed. */
export const enum StreamType {
  Request = 0,
  Response = 1,
  /** Network filters: the client's connection. */
  Downstream = 2,
  /** Network filters: the connection to the upstream. */
  Upstream = 3,
}

/** Who closed a connection, in the `…_connection_close` callbacks. */
export const enum PeerType {
  Unknown = 0,
  Local = 1,
  Remote = 2,
}

/** `grpcStatus` of a local response that is not gRPC. */
const NO_GRPC_STATUS: i32 = -1;

/**
 * Answers the request in the host's place. The host acts when the callback returns and lets no further body through:
 * before the response's headers have been sent the client gets this answer; after that the stream is reset. `details`
 * shows up in the access log (`%RESPONSE_CODE_DETAILS%`). `headerPairs` may be 0 with length 0.
 */
export function sendLocalResponse(
  statusCode: u32,
  details: usize,
  detailsLength: u32,
  body: usize,
  bodyLength: u32,
  headerPairs: usize,
  headerPairsLength: u32,
): Status {
  return <Status>(
    proxy_send_local_response(
      statusCode,
      details,
      detailsLength,
      body,
      bodyLength,
      headerPairs,
      headerPairsLength,
      NO_GRPC_STATUS,
    )
  );
}

/** Lets a stream go on that a callback had stopped. */
export function continueStream(type: StreamType): Status {
  return <Status>proxy_continue_stream(type);
}

/** Resets an HTTP stream, or closes a network filter's connection. */
export function closeStream(type: StreamType): Status {
  return <Status>proxy_close_stream(type);
}

/**
 * Makes the calls that follow act on `contextId`, until the callback returns. For callbacks that run on another context:
 * ticks and answers to calls. `BadArgument` when the context is gone.
 */
export function setEffectiveContext(contextId: u32): Status {
  return <Status>proxy_set_effective_context(contextId);
}

/** Ends a context whose `proxy_on_done` had returned 0. */
export function done(): Status {
  return <Status>proxy_done();
}

/** What a host call answers (proxy-wasm 0.2.1, `proxy_status_t`). */
export const Status = {
  Ok: 0,
  NotFound: 1,
  BadArgument: 2,
  InvalidMemoryAccess: 6,
  Empty: 7,
  CasMismatch: 8,
  InternalFailure: 10,
  Unimplemented: 12,
} as const;

/** One of the numbers of `Status`. */
export type StatusCode = (typeof Status)[keyof typeof Status];

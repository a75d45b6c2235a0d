/** What a host call answers (proxy-wasm 0.2.1, `proxy_status_t`; 5, 9 and 11 are codes of the C++ host). */
export const enum Status {
  Ok = 0,
  /** The name, property, metric, key or context does not exist. */
  NotFound = 1,
  /** An argument is out of range, or the call is not possible in this phase of the stream. */
  BadArgument = 2,
  SerializationFailure = 3,
  ParseFailure = 4,
  BadExpression = 5,
  /** An address lies outside the guest's memory, or the guest refused to allocate. */
  InvalidMemoryAccess = 6,
  /** The queue has no element. */
  Empty = 7,
  /** Somebody else wrote since the value was read: read again. */
  CasMismatch = 8,
  ResultMismatch = 9,
  InternalFailure = 10,
  BrokenConnection = 11,
  Unimplemented = 12,
}

// The host calls of proxy-wasm ABI 0.2.1, under the names of the specification
// (https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1) and without any interpretation: use the typed
// wrappers beside this file unless there is none. A declaration that is not called leaves no import in the module. The
// compiler takes the import module's name, `env`, from the name of this file.
// Arguments named `return…` are addresses where the host writes a 4-byte word (8 bytes where the name says so).

// Log and clock
export declare function proxy_log(level: u32, message: usize, messageLength: u32): u32;
export declare function proxy_get_log_level(returnLevel: usize): u32;
export declare function proxy_get_current_time_nanoseconds(returnTime64: usize): u32;

// Contexts and ticks
export declare function proxy_set_effective_context(contextId: u32): u32;
export declare function proxy_done(): u32;
export declare function proxy_set_tick_period_milliseconds(periodMilliseconds: u32): u32;

// Buffers
export declare function proxy_get_buffer_bytes(
  type: u32,
  start: u32,
  length: u32,
  returnPointer: usize,
  returnLength: usize,
): u32;
export declare function proxy_get_buffer_status(type: u32, returnLength: usize, returnFlags: usize): u32;
export declare function proxy_set_buffer_bytes(type: u32, start: u32, length: u32, data: usize, dataLength: u32): u32;

// Header maps
export declare function proxy_get_header_map_size(type: u32, returnLength: usize): u32;
export declare function proxy_get_header_map_pairs(type: u32, returnPointer: usize, returnLength: usize): u32;
export declare function proxy_set_header_map_pairs(type: u32, pairs: usize, pairsLength: u32): u32;
export declare function proxy_get_header_map_value(
  type: u32,
  name: usize,
  nameLength: u32,
  returnPointer: usize,
  returnLength: usize,
): u32;
export declare function proxy_add_header_map_value(
  type: u32,
  name: usize,
  nameLength: u32,
  value: usize,
  valueLength: u32,
): u32;
export declare function proxy_replace_header_map_value(
  type: u32,
  name: usize,
  nameLength: u32,
  value: usize,
  valueLength: u32,
): u32;
export declare function proxy_remove_header_map_value(type: u32, name: usize, nameLength: u32): u32;

// Properties
export declare function proxy_get_property(
  path: usize,
  pathLength: u32,
  returnPointer: usize,
  returnLength: usize,
): u32;
export declare function proxy_set_property(path: usize, pathLength: u32, value: usize, valueLength: u32): u32;

// Streams
export declare function proxy_continue_stream(type: u32): u32;
export declare function proxy_close_stream(type: u32): u32;
export declare function proxy_send_local_response(
  statusCode: u32,
  details: usize,
  detailsLength: u32,
  body: usize,
  bodyLength: u32,
  headerPairs: usize,
  headerPairsLength: u32,
  grpcStatus: i32,
): u32;

// Calls to an upstream
export declare function proxy_http_call(
  upstream: usize,
  upstreamLength: u32,
  headerPairs: usize,
  headerPairsLength: u32,
  body: usize,
  bodyLength: u32,
  trailerPairs: usize,
  trailerPairsLength: u32,
  timeoutMilliseconds: u32,
  returnCallId: usize,
): u32;
export declare function proxy_grpc_call(
  upstream: usize,
  upstreamLength: u32,
  service: usize,
  serviceLength: u32,
  method: usize,
  methodLength: u32,
  metadataPairs: usize,
  metadataPairsLength: u32,
  message: usize,
  messageLength: u32,
  timeoutMilliseconds: u32,
  returnCallId: usize,
): u32;
export declare function proxy_grpc_stream(
  upstream: usize,
  upstreamLength: u32,
  service: usize,
  serviceLength: u32,
  method: usize,
  methodLength: u32,
  metadataPairs: usize,
  metadataPairsLength: u32,
  returnStreamId: usize,
): u32;
export declare function proxy_grpc_send(streamId: u32, message: usize, messageLength: u32, endOfStream: u32): u32;
export declare function proxy_grpc_cancel(callOrStreamId: u32): u32;
export declare function proxy_grpc_close(callOrStreamId: u32): u32;
export declare function proxy_get_status(returnCode: usize, returnPointer: usize, returnLength: usize): u32;

// State shared between VMs of one vm_id
export declare function proxy_get_shared_data(
  key: usize,
  keyLength: u32,
  returnPointer: usize,
  returnLength: usize,
  returnCas: usize,
): u32;
export declare function proxy_set_shared_data(
  key: usize,
  keyLength: u32,
  value: usize,
  valueLength: u32,
  cas: u32,
): u32;
export declare function proxy_register_shared_queue(name: usize, nameLength: u32, returnQueueId: usize): u32;
export declare function proxy_resolve_shared_queue(
  vmId: usize,
  vmIdLength: u32,
  name: usize,
  nameLength: u32,
  returnQueueId: usize,
): u32;
export declare function proxy_enqueue_shared_queue(queueId: u32, data: usize, dataLength: u32): u32;
export declare function proxy_dequeue_shared_queue(queueId: u32, returnPointer: usize, returnLength: usize): u32;

// Metrics
export declare function proxy_define_metric(type: u32, name: usize, nameLength: u32, returnMetricId: usize): u32;
export declare function proxy_increment_metric(metricId: u32, offset: i64): u32;
export declare function proxy_record_metric(metricId: u32, value: u64): u32;
export declare function proxy_get_metric(metricId: u32, returnValue64: usize): u32;

// Functions of the host outside the ABI
export declare function proxy_call_foreign_function(
  name: usize,
  nameLength: u32,
  argument: usize,
  argumentLength: u32,
  returnPointer: usize,
  returnLength: usize,
): u32;

// The imports of proxy-wasm ABI 0.2.1, as Envoy answers them (`proxy-wasm-cpp-host`, src/exports.cc). One table, and
// therefore longer than most files.
import { type HeaderPairs, parsePairs, serializePairs } from './header-map.ts';
import type { Host } from './host.ts';
import { logLevels } from './log.ts';
import { InvalidMemoryAccess } from './memory.ts';
import { Status, type StatusCode } from './status.ts';

type HostCall = (...argumentList: number[]) => StatusCode;

/** The functions for the import module `env`. */
export function hostCalls(host: Host): Record<string, (...argumentList: number[]) => number> {
  const table = {
    ...coreCalls(host),
    ...bufferCalls(host),
    ...headerCalls(host),
    ...streamCalls(host),
    ...sharedCalls(host),
  };
  return Object.fromEntries(Object.entries(table).map(([name, call]) => [name, guarded(host, name, call)]));
}

// Wasm's i32 arrives signed, i64 as bigint; every number of the ABI but the metric offset is unsigned.
function guarded(host: Host, name: string, call: HostCall): HostCall {
  return (...argumentList) => {
    host.checkAllowed(name);
    try {
      return call(...argumentList.map((value) => (typeof value === 'number' ? value >>> 0 : value)));
    } catch (error) {
      if (error instanceof InvalidMemoryAccess) return Status.InvalidMemoryAccess;
      throw error;
    }
  };
}

function coreCalls(host: Host): Record<string, HostCall> {
  return {
    proxy_log: (level = 0, message = 0, length = 0) => {
      const text = new TextDecoder().decode(host.memory.read(message, length));
      return host.writeLog(level, text) ? Status.Ok : Status.BadArgument;
    },
    proxy_get_log_level: (returnLevel = 0) => {
      host.memory.writeU32(returnLevel, logLevels.indexOf(host.logLevel));
      return Status.Ok;
    },
    proxy_get_current_time_nanoseconds: (returnTime = 0) => {
      host.memory.writeU64(returnTime, host.nowNanoseconds());
      return Status.Ok;
    },
    proxy_set_tick_period_milliseconds: (period = 0) => {
      host.effectiveContext('proxy_set_tick_period_milliseconds').root.tickPeriodMilliseconds = period;
      return Status.Ok;
    },
    proxy_set_effective_context: (id = 0) => (host.setEffectiveContext(id) ? Status.Ok : Status.BadArgument),
    proxy_done: () => host.effectiveContext('proxy_done').acceptDone(),
    proxy_get_status: (returnCode = 0, returnPointer = 0, returnLength = 0) => {
      host.memory.writeU32(returnCode, 0);
      host.memory.give(new Uint8Array(), returnPointer, returnLength);
      return Status.Ok;
    },
    proxy_call_foreign_function: () => Status.NotFound,
    proxy_grpc_call: () => Status.Unimplemented,
    proxy_grpc_stream: () => Status.Unimplemented,
    proxy_grpc_send: () => Status.Unimplemented,
    proxy_grpc_cancel: () => Status.Unimplemented,
    proxy_grpc_close: () => Status.Unimplemented,
  };
}

function bufferCalls(host: Host): Record<string, HostCall> {
  const bufferOf = (type: number) => host.buffer(host.effectiveContext('buffer'), type);
  return {
    proxy_get_buffer_bytes: (type = 0, start = 0, length = 0, returnPointer = 0, returnLength = 0) => {
      const buffer = bufferOf(type);
      if (!buffer) return Status.NotFound;
      const bytes = start + length > 0xffffffff ? undefined : buffer.slice(start, length);
      if (!bytes) return Status.BadArgument;
      if (bytes.length > 0) host.memory.give(bytes, returnPointer, returnLength); // else the words stay as they were
      return Status.Ok;
    },
    proxy_get_buffer_status: (type = 0, returnLength = 0, returnFlags = 0) => {
      const buffer = bufferOf(type);
      if (!buffer) return Status.NotFound;
      host.memory.writeU32(returnLength, buffer.length);
      host.memory.writeU32(returnFlags, 0);
      return Status.Ok;
    },
    proxy_set_buffer_bytes: (type = 0, start = 0, length = 0, data = 0, dataLength = 0) => {
      const bytes = host.memory.read(data, dataLength);
      return bufferOf(type)?.edit(start, length, bytes) ?? Status.NotFound;
    },
  };
}

function headerCalls(host: Host): Record<string, HostCall> {
  const mapOf = (type: number, writable: boolean) =>
    type > 7 ? undefined : host.map(host.effectiveContext('header map'), type, writable);
  const text = (pointer: number, length: number) => host.memory.readByteString(pointer, length);
  return {
    proxy_get_header_map_size: (type = 0, returnLength = 0) => {
      const map = mapOf(type, false);
      if (!map) return Status.BadArgument;
      host.memory.writeU32(returnLength, map.byteSize);
      return Status.Ok;
    },
    proxy_get_header_map_pairs: (type = 0, returnPointer = 0, returnLength = 0) => {
      host.memory.give(serializePairs(mapOf(type, false)?.toPairs() ?? []), returnPointer, returnLength);
      return Status.Ok;
    },
    proxy_set_header_map_pairs: (type = 0, pairs = 0, length = 0) => {
      const map = mapOf(type, true);
      if (!map) return Status.BadArgument;
      map.replaceAll(readPairs(host, pairs, length));
      return Status.Ok;
    },
    proxy_get_header_map_value: (type = 0, name = 0, nameLength = 0, returnPointer = 0, returnLength = 0) => {
      const map = mapOf(type, false);
      if (!map) return Status.BadArgument;
      const value = map.get(text(name, nameLength));
      if (value === undefined) return Status.NotFound;
      host.memory.give(Buffer.from(value, 'latin1'), returnPointer, returnLength);
      return Status.Ok;
    },
    proxy_add_header_map_value: (type = 0, name = 0, nameLength = 0, value = 0, valueLength = 0) => {
      const map = mapOf(type, true);
      if (!map) return Status.BadArgument;
      map.add(text(name, nameLength), text(value, valueLength));
      return Status.Ok;
    },
    proxy_replace_header_map_value: (type = 0, name = 0, nameLength = 0, value = 0, valueLength = 0) => {
      const map = mapOf(type, true);
      if (!map) return Status.BadArgument;
      map.replace(text(name, nameLength), text(value, valueLength));
      return Status.Ok;
    },
    proxy_remove_header_map_value: (type = 0, name = 0, nameLength = 0) => {
      const map = mapOf(type, true);
      if (!map) return Status.BadArgument;
      map.remove(text(name, nameLength));
      return Status.Ok;
    },
  };
}

function streamCalls(host: Host): Record<string, HostCall> {
  return {
    proxy_get_property: (path = 0, pathLength = 0, returnPointer = 0, returnLength = 0) => {
      const context = host.effectiveContext('proxy_get_property');
      const name = new TextDecoder().decode(host.memory.read(path, pathLength));
      const own = { plugin_name: context.root.name, plugin_root_id: context.root.rootId, plugin_vm_id: host.vmId }[
        name
      ];
      const value = own === undefined ? context.property(name) : new TextEncoder().encode(own);
      if (!value) return Status.NotFound;
      host.memory.give(value, returnPointer, returnLength);
      return Status.Ok;
    },
    proxy_set_property: (path = 0, pathLength = 0, value = 0, valueLength = 0) => {
      const name = new TextDecoder().decode(host.memory.read(path, pathLength));
      return host.effectiveContext('proxy_set_property').setProperty(name, host.memory.read(value, valueLength));
    },
    proxy_continue_stream: (type = 0) => host.effectiveContext('proxy_continue_stream').continueStream(type),
    proxy_close_stream: (type = 0) => host.effectiveContext('proxy_close_stream').closeStream(type),
    proxy_send_local_response: (
      status = 0,
      details = 0,
      detailsLength = 0,
      body = 0,
      bodyLength = 0,
      pairs = 0,
      pairsLength = 0,
    ) =>
      host.effectiveContext('proxy_send_local_response').sendLocalResponse({
        status,
        // Envoy keeps the access log's fields apart by white space.
        details: host.memory.readByteString(details, detailsLength).replace(/\s/g, '_'),
        headers: readPairs(host, pairs, pairsLength),
        body: host.memory.read(body, bodyLength),
      }),
    proxy_http_call: (...argumentList) => startHttpCall(host, argumentList),
  };
}

function startHttpCall(host: Host, argumentList: number[]): StatusCode {
  const [name = 0, nameLength = 0, pairs = 0, pairsLength = 0, body = 0, bodyLength = 0] = argumentList;
  const [trailerPairs = 0, trailerPairsLength = 0, timeoutMilliseconds = 0, returnToken = 0] = argumentList.slice(6);
  const upstream = host.memory.readByteString(name, nameLength);
  const headers = readPairs(host, pairs, pairsLength);
  const isComplete = [':method', ':path', ':authority'].every((wanted) => headers.some(([given]) => given === wanted));
  if (!isComplete || host.upstreams?.has(upstream) === false) return Status.BadArgument;
  const token = host.calls.start(host.effectiveContext('proxy_http_call').root, {
    upstream,
    headers,
    body: host.memory.read(body, bodyLength),
    trailers: readPairs(host, trailerPairs, trailerPairsLength),
    timeoutMilliseconds,
  });
  host.memory.writeU32(returnToken, token);
  return Status.Ok;
}

function sharedCalls(host: Host): Record<string, HostCall> {
  const text = (pointer: number, length: number) => host.memory.readByteString(pointer, length);
  const giveId = (returnId: number, id: number | undefined, otherwise: StatusCode) => {
    if (id === undefined) return otherwise;
    host.memory.writeU32(returnId, id);
    return Status.Ok;
  };
  return {
    proxy_get_shared_data: (key = 0, keyLength = 0, returnPointer = 0, returnLength = 0, returnCas = 0) => {
      const entry = host.sharedData.get(text(key, keyLength));
      if (!entry) return Status.NotFound;
      host.memory.give(entry.value, returnPointer, returnLength);
      host.memory.writeU32(returnCas, entry.cas);
      return Status.Ok;
    },
    proxy_set_shared_data: (key = 0, keyLength = 0, value = 0, valueLength = 0, cas = 0) =>
      host.sharedData.set(text(key, keyLength), host.memory.read(value, valueLength), cas),
    proxy_register_shared_queue: (name = 0, nameLength = 0, returnId = 0) =>
      giveId(returnId, host.sharedQueues.register(host.vmId, text(name, nameLength)), Status.InternalFailure),
    proxy_resolve_shared_queue: (vmId = 0, vmIdLength = 0, name = 0, nameLength = 0, returnId = 0) =>
      giveId(returnId, host.sharedQueues.resolve(text(vmId, vmIdLength), text(name, nameLength)), Status.NotFound),
    proxy_enqueue_shared_queue: (id = 0, data = 0, length = 0) =>
      host.sharedQueues.enqueue(id, host.memory.read(data, length)) ? Status.Ok : Status.NotFound,
    proxy_dequeue_shared_queue: (id = 0, returnPointer = 0, returnLength = 0) => {
      const element = host.sharedQueues.dequeue(id);
      if (element === 'missing') return Status.NotFound;
      if (element === 'empty') return Status.Empty;
      host.memory.give(element, returnPointer, returnLength);
      return Status.Ok;
    },
    proxy_define_metric: (kind = 0, name = 0, nameLength = 0, returnId = 0) =>
      giveId(returnId, host.metrics.define(kind, text(name, nameLength)), Status.BadArgument),
    proxy_increment_metric: (id = 0, offset: number | bigint = 0) => host.metrics.increment(id, BigInt(offset)),
    proxy_record_metric: (id = 0, value: number | bigint = 0) =>
      host.metrics.record(id, BigInt.asUintN(64, BigInt(value))),
    proxy_get_metric: (id = 0, returnValue = 0) => {
      const metric = host.metrics.byId(id);
      if (!metric) return Status.NotFound;
      if (metric.kind === 'histogram') return Status.BadArgument;
      host.memory.writeU64(returnValue, BigInt.asUintN(64, metric.value));
      return Status.Ok;
    },
  };
}

function readPairs(host: Host, pointer: number, length: number): HeaderPairs {
  return parsePairs(host.memory.read(pointer, length));
}

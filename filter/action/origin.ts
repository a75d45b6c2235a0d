// What the origin itself has sent, as the instance of the plugin nearest to it sees it (envoy/reading.yaml): before
// decompressors open it. They end an answer with trailers, which Envoy does not show while the answer is held.
import { Bytes, ContextMap, getProperty, result, Status, setProperty } from '../proxy-wasm-as/assembly';

/** Set at the origin's last byte: how many it has sent, u32. */
const ENDED = Bytes.of('penstock.origin_ended');
const READ_ENDED = Bytes.of('filter_state\0wasm.penstock.origin_ended');
const note: usize = memory.data(4, 4);

/** Bytes that have come of answers that go on, by the context of that instance. */
const begun = new ContextMap();

/** The bytes that hasOriginEnded() has learned of. */
export let originBytes: u32 = 0;

/** The origin has sent `length` bytes more. */
export function noteOrigin(contextId: u32, length: u32, isLast: bool): void {
  const bytes = <u32>begun.get(contextId) + length;
  if (!isLast) {
    if (bytes != 0) begun.set(contextId, bytes);
    return;
  }
  store<u32>(note, bytes);
  setProperty(ENDED.pointer, ENDED.length, note, 4);
}

/** Whether the exchange's origin has sent its last byte, whatever the decompressors still say. */
export function hasOriginEnded(): bool {
  if (getProperty(READ_ENDED.pointer, READ_ENDED.length) != Status.Ok || result.length() != 4) return false;
  originBytes = load<u32>(result.pointer());
  return true;
}

export function forgetOrigin(contextId: u32): void {
  begun.remove(contextId);
}

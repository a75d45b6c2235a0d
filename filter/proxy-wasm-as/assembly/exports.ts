// The two exports that every filter needs: `export * from 'proxy-wasm-as/assembly/exports'` in the filter's entry file.
import { reserveHostBuffer } from './host-buffer';

/** Tells the host which ABI this module speaks. */
export function proxy_abi_version_0_2_1(): void {}

/** The host asks for room for bytes that it returns; they are valid until it asks again. */
export function proxy_on_memory_allocate(length: u32): usize {
  return reserveHostBuffer(length);
}

import { Host } from '../host/index.ts';
import { compileFilter } from './compile.ts';

type Call = (...argumentList: (number | bigint)[]) => number;

/** test/primitives.ts, loaded: its exports, its memory, and what it logged. */
export interface PrimitivesGuest {
  readonly host: Host;
  /** Calls an export; a result that is a number is unsigned. */
  call(name: string, ...argumentList: (number | bigint)[]): number;
  /** Puts bytes where the exports read them. */
  put(bytes: Uint8Array): number;
  read(pointer: number, length: number): Uint8Array;
}

/** Compiles and loads it. */
export async function loadPrimitives(): Promise<PrimitivesGuest> {
  const host = new Host(await compileFilter('test/primitives.ts', 'relative'));
  const memory = host.exports['memory'] as WebAssembly.Memory;
  const call: PrimitivesGuest['call'] = (name, ...argumentList) => (host.exports[name] as Call)(...argumentList) >>> 0;
  return {
    host,
    call,
    put(bytes) {
      new Uint8Array(memory.buffer).set(bytes, call('scratch'));
      return bytes.length;
    },
    read: (pointer, length) => new Uint8Array(memory.buffer).slice(pointer, pointer + length),
  };
}

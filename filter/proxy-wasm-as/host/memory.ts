/** An address or length from the guest that lies outside its memory. */
export class InvalidMemoryAccess extends Error {
  constructor(pointer: number, length: number) {
    super(`${length} bytes at ${pointer} are outside the guest's memory`);
    this.name = 'InvalidMemoryAccess';
  }
}

/** Reads and writes the guest's linear memory; every access is checked. */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  readonly #allocate: (length: number) => number;

  /** `allocate` asks the guest for memory and gives its address, or 0 when the guest refuses. */
  constructor(memory: WebAssembly.Memory, allocate: (length: number) => number) {
    this.#memory = memory;
    this.#allocate = allocate;
  }

  /** Size of the linear memory in bytes. */
  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  /** A copy of `length` bytes at `pointer`. */
  read(pointer: number, length: number): Uint8Array {
    return this.#view(pointer, length).slice();
  }

  /** `length` bytes at `pointer` as a byte string: one character (0 to 255) per byte. */
  readByteString(pointer: number, length: number): string {
    return Buffer.from(this.read(pointer, length)).toString('latin1');
  }

  /** Writes a 4-byte word. */
  writeU32(pointer: number, value: number): void {
    const view = this.#view(pointer, 4);
    new DataView(view.buffer, view.byteOffset, 4).setUint32(0, value, true);
  }

  /** Writes an 8-byte word. */
  writeU64(pointer: number, value: bigint): void {
    const view = this.#view(pointer, 8);
    new DataView(view.buffer, view.byteOffset, 8).setBigUint64(0, value, true);
  }

  /**
   * Hands bytes over: asks the guest for memory, copies, and writes address and length to the two words. No bytes need
   * no memory: the address is 0, as in Envoy.
   */
  give(bytes: Uint8Array, returnPointer: number, returnLength: number): void {
    let pointer = 0;
    if (bytes.length > 0) {
      pointer = this.#allocate(bytes.length);
      if (pointer === 0) throw new InvalidMemoryAccess(0, bytes.length);
      this.#view(pointer, bytes.length).set(bytes);
    }
    this.writeU32(returnPointer, pointer);
    this.writeU32(returnLength, bytes.length);
  }

  #view(pointer: number, length: number): Uint8Array {
    const start = pointer >>> 0;
    const count = length >>> 0;
    if (start + count > this.#memory.buffer.byteLength) throw new InvalidMemoryAccess(start, count);
    return new Uint8Array(this.#memory.buffer, start, count);
  }
}

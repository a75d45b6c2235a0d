import { Status, type StatusCode } from './status.ts';

/** Bytes of a body that the guest reads and edits under Envoy's rules (`Buffer::copyFrom` in its Wasm context). */
export class BodyBuffer {
  #bytes: Uint8Array;
  #length: number;
  readonly #writable: boolean;

  constructor(bytes: Uint8Array = new Uint8Array(), writable = true) {
    this.#bytes = bytes;
    this.#length = bytes.length;
    this.#writable = writable;
  }

  /** A buffer that reads as empty and refuses edits: what the guest gets where there is no body. */
  static absent(): BodyBuffer {
    return new BodyBuffer(new Uint8Array(), false);
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of all bytes. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** A copy of at most `length` bytes from `start`; undefined when `start` lies past the end. */
  slice(start: number, length: number): Uint8Array | undefined {
    if (start > this.#length) return undefined;
    return this.#bytes.slice(start, Math.min(start + length, this.#length));
  }

  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }

  /** Takes everything out of `other`. */
  moveFrom(other: BodyBuffer): void {
    this.append(other.toBytes());
    other.#length = 0;
  }

  /** (0, 0) puts in front, (0, n) replaces the first n, (at or past the end, any) appends; all else is BadArgument. */
  edit(start: number, length: number, bytes: Uint8Array): StatusCode {
    if (!this.#writable) return Status.BadArgument;
    if (start === 0) {
      const rest = this.#bytes.slice(Math.min(length, this.#length), this.#length);
      this.#bytes = bytes.slice();
      this.#length = bytes.length;
      this.append(rest);
      return Status.Ok;
    }
    if (start < this.#length) return Status.BadArgument;
    this.append(bytes);
    return Status.Ok;
  }
}

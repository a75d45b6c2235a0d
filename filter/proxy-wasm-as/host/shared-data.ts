import { Status, type StatusCode } from './status.ts';

/** The key-value store that all VMs of one `vm_id` share. Give one to several hosts to play several workers. */
export class SharedData {
  readonly #entries = new Map<string, { value: Uint8Array; cas: number }>();
  #nextCas = 1;

  /** Keys that have a value. */
  get size(): number {
    return this.#entries.size;
  }

  /** Bytes of all keys and values. */
  get bytes(): number {
    let bytes = 0;
    for (const [key, { value }] of this.#entries) bytes += key.length + value.length;
    return bytes;
  }

  /** A copy of the value and its version, or undefined. Keys are byte strings. */
  get(key: string): { value: Uint8Array; cas: number } | undefined {
    const entry = this.#entries.get(key);
    return entry && { value: entry.value.slice(), cas: entry.cas };
  }

  /** Sets the value; with a `cas` other than 0 only when that is still the version of the entry. */
  set(key: string, value: Uint8Array, cas = 0): StatusCode {
    const entry = this.#entries.get(key);
    if (cas !== 0 && entry && entry.cas !== cas) return Status.CasMismatch;
    this.#entries.set(key, { value: value.slice(), cas: this.#nextCas++ });
    return Status.Ok;
  }
}

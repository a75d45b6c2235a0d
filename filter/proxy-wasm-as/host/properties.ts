/** A property's value: text, raw bytes, or a number or boolean in the form in which Envoy serializes it. */
export type PropertyValue = string | Uint8Array | number | bigint | boolean;

/** What tests give: values by path, the segments joined by NUL (`'connection\0tls_version'`). */
export type PropertyRecord = Readonly<Record<string, PropertyValue>>;

/** Envoy's prefix of the filter state behind `proxy_set_property`. */
const statePrefix = 'filter_state\0wasm.';

/**
 * The properties of one HTTP exchange. Give the same object to the streams of two plugins and both see what either one
 * set, as two filters of one chain do.
 */
export class Properties {
  readonly #values = new Map<string, Uint8Array>();

  constructor(record: PropertyRecord = {}) {
    for (const [path, value] of Object.entries(record)) this.#values.set(path, serializeProperty(value));
  }

  /** The value at `path`; a path of one segment also names what the guest has set. */
  get(path: string): Uint8Array | undefined {
    const trimmed = path.endsWith('\0') ? path.slice(0, -1) : path;
    return this.#values.get(trimmed) ?? this.#values.get(statePrefix + trimmed);
  }

  /** The value at `path` as UTF-8 text. */
  text(path: string): string | undefined {
    const value = this.get(path);
    return value && new TextDecoder().decode(value);
  }

  /** Sets what Envoy would know by itself. */
  set(path: string, value: PropertyValue): void {
    this.#values.set(path, serializeProperty(value));
  }

  delete(path: string): void {
    this.#values.delete(path);
  }

  /** `proxy_set_property`: readable at `filter_state`, `wasm.<path>` from then on. */
  setState(path: string, value: Uint8Array): void {
    this.#values.set(statePrefix + path, value.slice());
  }
}

/** Text and bytes as they are, a number as 8 bytes little-endian, a boolean as one byte. */
export function serializeProperty(value: PropertyValue): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
  if (value instanceof Uint8Array) return value.slice();
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return new Uint8Array(bytes);
}

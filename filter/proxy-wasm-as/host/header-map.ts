/** Headers in their order. Names and values are byte strings: one character (0 to 255) per byte, as in Node's http. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** Envoy refuses more than this in one serialized map (`PairsUtil::toPairs`); the map then counts as empty. */
const maxSerializedBytes = 1024 * 1024;
const maxPairs = 1024;

/** One header or trailer map of a stream. Names compare without case and are kept in lower case, as Envoy does. */
export class HeaderMap {
  #pairs: [string, string][];

  constructor(pairs: HeaderPairs = []) {
    this.#pairs = pairs.map(([name, value]) => [byteString(name).toLowerCase(), byteString(value)]);
  }

  /** Number of headers, repeated ones counted each. */
  get size(): number {
    return this.#pairs.length;
  }

  /** Bytes of all names and values. */
  get byteSize(): number {
    return this.#pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  }

  /** The first value under `name`. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#pairs.find(([candidate]) => candidate === wanted)?.[1];
  }

  add(name: string, value: string): void {
    this.#pairs.push([name.toLowerCase(), value]);
  }

  /** Leaves one value under `name`, at the place of the first. */
  replace(name: string, value: string): void {
    const wanted = name.toLowerCase();
    const at = this.#pairs.findIndex(([candidate]) => candidate === wanted);
    if (at < 0) {
      this.add(wanted, value);
      return;
    }
    this.#pairs = this.#pairs.filter(([candidate], index) => candidate !== wanted || index === at);
    this.#pairs[at] = [wanted, value];
  }

  remove(name: string): void {
    const wanted = name.toLowerCase();
    this.#pairs = this.#pairs.filter(([candidate]) => candidate !== wanted);
  }

  replaceAll(pairs: HeaderPairs): void {
    this.#pairs = new HeaderMap(pairs).#pairs;
  }

  /** A copy of all headers. */
  toPairs(): [string, string][] {
    return this.#pairs.map(([name, value]) => [name, value]);
  }
}

/** The form in which maps cross to the guest: count, lengths, then names and values, each closed by NUL. */
export function serializePairs(pairs: HeaderPairs): Uint8Array {
  if (pairs.length === 0) return new Uint8Array();
  const head = Buffer.alloc(4 + pairs.length * 8);
  head.writeUInt32LE(pairs.length, 0);
  const data: string[] = [];
  pairs.forEach(([name, value], index) => {
    head.writeUInt32LE(name.length, 4 + index * 8);
    head.writeUInt32LE(value.length, 8 + index * 8);
    data.push(name, '\0', value, '\0');
  });
  return Buffer.concat([head, Buffer.from(data.join(''), 'latin1')]);
}

/** Reads serialized pairs from the guest; what is malformed or too large reads as no pairs, as in Envoy. */
export function parsePairs(bytes: Uint8Array): HeaderPairs {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < 4 || buffer.length > maxSerializedBytes) return [];
  const count = buffer.readUInt32LE(0);
  if (count > maxPairs || 4 + count * 8 > buffer.length) return [];
  const pairs: [string, string][] = [];
  let at = 4 + count * 8;
  for (let index = 0; index < count; index++) {
    const nameLength = buffer.readUInt32LE(4 + index * 8);
    const valueLength = buffer.readUInt32LE(8 + index * 8);
    const valueAt = at + nameLength + 1;
    const end = valueAt + valueLength + 1;
    if (end > buffer.length || buffer[valueAt - 1] !== 0 || buffer[end - 1] !== 0) return [];
    pairs.push([buffer.toString('latin1', at, valueAt - 1), buffer.toString('latin1', valueAt, end - 1)]);
    at = end;
  }
  return pairs;
}

function byteString(text: string): string {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 255) throw new RangeError(`header "${text}": character ${index} is not a byte`);
  }
  return text;
}

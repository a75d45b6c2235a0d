// Texts to fuzz with: one of the pool, changed a few times, and now and then written in an encoding or two. They shrink by
// losing parts.
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { wrappings } from '../rules/wrap.ts';
import type { Pool } from './target.ts';

/** What decoders stumble over: escapes whole and cut short, ends of encodings, ends of lines, broken UTF-8. */
const pieces = [
  ...['\\', '\\u', '\\u00', '\\ud83d', '\\ud83d\\ude00', '\\udc00', '\\n', '\\x41', '%', '%2', '%25', '%u0041', '%00'],
  ...[
    '=',
    '==',
    '+/',
    '-_',
    '"',
    '{"a":',
    '[',
    ']}',
    ',',
    ':',
    '\n',
    '\r',
    '\r\n\r\n',
    '\n\n',
    '\0',
    '\ufeff',
    '\u200b',
  ],
  ...[
    '&#x41;',
    '&amp;',
    '=3D',
    '=\r\n',
    'data:',
    'data: ',
    ';base64,',
    'H4sI',
    'eJw',
    'Bearer ',
    'password=',
    'token: ',
  ],
  ...[
    ['4242 4242', '4242 4242'].join(' '),
    '-----BEGIN ',
    '-----END ',
    'https://a:b@c/',
    '"id":',
    '"jsonrpc":"2.0"',
    ' ',
    '\t',
    '.',
  ],
].map((text) => Buffer.from(text));
const broken = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf0, 0x9f], [0x1f, 0x8b, 8], [0xfe, 0xff], [0x00]].map((bytes) =>
  Buffer.from(bytes),
);
const dictionary: readonly Buffer[] = [...pieces, ...broken];

const text = (bytes: Buffer) => bytes.toString('latin1');
const encoders: readonly ((bytes: Buffer) => Buffer)[] = [
  ...wrappings.map(
    ({ wrap }) =>
      (bytes: Buffer) =>
        Buffer.from(wrap(text(bytes), bytes.length % 5), 'latin1'),
  ),
  (bytes) => Buffer.from(bytes.toString('hex')),
  (bytes) => Buffer.from(gzipSync(bytes).toString('base64')),
  (bytes) => Buffer.from(deflateSync(bytes).toString('base64url')),
  (bytes) => Buffer.from(deflateRawSync(bytes).toString('base64')),
  (bytes) => Buffer.from(bytes.toString('base64').replace(/.{76}/g, '$&\r\n')),
  (bytes) => Buffer.from(text(bytes), 'utf16le'),
  (bytes) => Buffer.from(text(bytes), 'utf16le').swap16(),
  (bytes) => Buffer.from([...bytes].map((byte) => `&#${byte};`).join('')),
  (bytes) => Buffer.from([...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')),
  (bytes) => Buffer.from([...bytes].map((byte) => `=${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('')),
  (bytes) => Buffer.from([...text(bytes)].join(' '), 'latin1'),
  (bytes) => gzipSync(bytes),
];

/** Texts of at most `maxBytes`. */
export class TextArbitrary extends fc.Arbitrary<Uint8Array> {
  readonly #pool: Pool;
  readonly #maxBytes: number;

  constructor(pool: Pool, maxBytes: number) {
    super();
    this.#pool = pool;
    this.#maxBytes = maxBytes;
  }

  override generate(random: fc.Random): fc.Value<Uint8Array> {
    const next = (below: number) => random.nextInt(0, Math.max(0, below - 1));
    let bytes: Buffer = Buffer.from(this.#seed(next));
    for (let changes = next(7); changes > 0; changes--) bytes = this.#changed(bytes, next);
    // One layer mostly, for it is the others that are rare elsewhere.
    for (let layers = next(8) - 4; layers > 0 && bytes.length * 4 < this.#maxBytes; layers--)
      bytes = encoders[next(encoders.length)]!(bytes);
    if (next(2) === 0) bytes = this.#changed(bytes, next);
    return new fc.Value(Uint8Array.from(bytes.subarray(0, this.#maxBytes)), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Uint8Array {
    return value instanceof Uint8Array;
  }

  /** Without a part of it: half, quarters, at last single bytes. `size` is how long the part was that could go last. */
  override shrink(value: Uint8Array, size: unknown): fc.Stream<fc.Value<Uint8Array>> {
    return fc.stream(withoutParts(value, typeof size === 'number' ? size : value.length));
  }

  #seed(next: (below: number) => number): Uint8Array {
    return this.#pool[next(this.#pool.length)] ?? new Uint8Array();
  }

  #changed(bytes: Buffer, next: (below: number) => number): Buffer {
    const at = next(bytes.length + 1);
    const end = at + next(Math.min(bytes.length - at, 64) + 1);
    const put = (middle: Uint8Array, rest = at) =>
      Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(rest)]).subarray(0, this.#maxBytes);
    switch (next(9)) {
      case 0:
        return put(Buffer.alloc(0), end);
      case 1:
        return put(dictionary[next(dictionary.length)]!);
      case 2:
        return put(dictionary[next(dictionary.length)]!, end);
      case 3:
        return put(Buffer.from([next(256)]), Math.min(at + 1, bytes.length));
      case 4:
        return put(this.#seed(next));
      case 5: {
        // A part many times over: runs, repeats, and more findings than there is room for.
        const part = bytes.subarray(at, end);
        return put(Buffer.concat(Array.from({ length: 1 << next(12) }, () => part).slice(0, 4096)));
      }
      case 6:
        return put(Buffer.alloc(next(130), 0x20));
      case 7:
        return put(encoders[next(encoders.length)]!(Buffer.from(bytes.subarray(at, end))), end);
      default:
        return Buffer.from(bytes.subarray(0, at));
    }
  }
}

function* withoutParts(bytes: Uint8Array, most: number): Generator<fc.Value<Uint8Array>> {
  for (let size = Math.min(most, bytes.length); size > 0; size >>= 1)
    for (let at = 0; at < bytes.length; at += size)
      yield new fc.Value(Uint8Array.from(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)])), size);
}

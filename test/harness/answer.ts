import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Fields } from './field.ts';
import type { Arrived } from './origin.ts';

/** What a scripted origin may do with an exchange whose request has arrived. */
export interface Answering {
  /** Sends the status line and the header fields as written. */
  begin(status: number, fields: Fields): void;
  /** Sends a piece of the body; resolves when the connection took it. */
  send(piece: string | Uint8Array): Promise<void>;
  /** Ends the answer, with trailers if there are any. */
  end(trailers?: Fields): void;
  /** Breaks the connection. */
  reset(): void;
  /** True once the other side has gone. */
  readonly gone: boolean;
}

/** A script that plays one answer to a request that has arrived whole. */
export type Answer = (answering: Answering, request: Arrived) => Promise<void> | void;

/** A whole answer with its length said beforehand; a 204 has none (RFC 9110, section 8.6). */
export function fixed(status: number, fields: Fields, body: string | Uint8Array): Answer {
  const bytes = Buffer.from(body);
  const length: Fields = status === 204 ? [] : [['Content-Length', String(bytes.length)]];
  return async (answering) => {
    answering.begin(status, [...fields, ...length]);
    if (bytes.length > 0) await answering.send(bytes);
    answering.end();
  };
}

export function json(value: unknown, status = 200): Answer {
  return fixed(status, [['Content-Type', 'application/json']], JSON.stringify(value));
}

export type Encoding = 'gzip' | 'br' | 'zstd' | 'identity';

/** The bytes under a content coding. */
export function encode(encoding: Encoding, bytes: string | Uint8Array): Buffer {
  const plain = Buffer.from(bytes);
  if (encoding === 'gzip') return gzipSync(plain);
  if (encoding === 'br') return brotliCompressSync(plain);
  if (encoding === 'zstd') return zstdCompressSync(plain);
  return plain;
}

/** An answer under a content coding, whatever the request accepts. */
export function encoded(encoding: Encoding, fields: Fields, body: string | Uint8Array): Answer {
  return fixed(200, [...fields, ['Content-Encoding', encoding]], encode(encoding, body));
}

/** An answer in pieces without a length: chunked in HTTP/1.1, DATA frames in HTTP/2. */
export function pieces(fields: Fields, list: Iterable<string | Uint8Array>, trailers: Fields = []): Answer {
  return async (answering) => {
    answering.begin(
      200,
      trailers.length === 0 ? fields : [...fields, ['Trailer', trailers.map(([name]) => name).join(', ')]],
    );
    for (const piece of list) await answering.send(piece);
    answering.end(trailers);
  };
}

/** `length` bytes whose every position tells, so that a lost, doubled or swapped piece shows. */
export function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 0x2545f491;
  for (let index = 0; index < length; index++) {
    // xorshift32: cheap, and without a short period.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  return bytes;
}

/** One event of an event stream (HTML Living Standard, section 9.2). */
export function event(data: string): string {
  return `data: ${data}\n\n`;
}

/** An event stream; before each event but the first it waits for `ready(index)`, so a test can hold the next one back. */
export function eventStream(events: string[], ready: (index: number) => Promise<void> = async () => {}): Answer {
  return async (answering) => {
    answering.begin(200, [
      ['Content-Type', 'text/event-stream'],
      ['Cache-Control', 'no-cache'],
    ]);
    for (const [index, data] of events.entries()) {
      await ready(index);
      if (answering.gone) return;
      await answering.send(event(data));
    }
    answering.end();
  };
}

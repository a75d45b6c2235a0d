import type { HeaderPairs } from './header-map.ts';

/** What has left the filter in one direction. */
export class Sent {
  /** Undefined until the headers have left. */
  headers: HeaderPairs | undefined;
  /** Each piece as it left; pieces of 0 bytes are left out. */
  readonly chunks: Uint8Array[] = [];
  trailers: HeaderPairs | undefined;
  /** Whether the end has left. */
  ended = false;

  /** All bytes of the body so far. */
  get body(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.chunks));
  }

  /** The body as UTF-8 text. */
  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }

  /** The first value of a header that has left. */
  header(name: string): string | undefined {
    return this.headers?.find(([candidate]) => candidate === name)?.[1];
  }
}

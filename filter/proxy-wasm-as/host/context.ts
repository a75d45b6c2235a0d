import { BodyBuffer } from './body-buffer.ts';
import type { HeaderMap, HeaderPairs } from './header-map.ts';
import type { Plugin } from './plugin.ts';
import { Status, type StatusCode } from './status.ts';

/** An answer that the filter gave in the upstream's place. */
export interface LocalResponse {
  readonly status: number;
  readonly details: string;
  readonly headers: HeaderPairs;
  readonly body: Uint8Array;
}

/** What host calls act on: a plugin's root context or a stream. Here stands what a call gives that has no meaning. */
export abstract class Context {
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }

  /** The root context that this one belongs to. */
  abstract get root(): Plugin;

  /** The buffer behind a buffer type; undefined means NotFound. */
  buffer(_type: number): BodyBuffer | undefined {
    return BodyBuffer.absent();
  }

  /** The header map behind a map type; `writable` when the guest wants to change it. */
  map(_type: number, _writable: boolean): HeaderMap | undefined {
    return undefined;
  }

  property(_path: string): Uint8Array | undefined {
    return undefined;
  }

  setProperty(_path: string, _value: Uint8Array): StatusCode {
    return Status.NotFound;
  }

  sendLocalResponse(_response: LocalResponse): StatusCode {
    return Status.Ok;
  }

  continueStream(_type: number): StatusCode {
    return Status.BadArgument;
  }

  closeStream(_type: number): StatusCode {
    return Status.BadArgument;
  }

  /** `proxy_done`: only a context that waits for it accepts it. */
  acceptDone(): StatusCode {
    return Status.NotFound;
  }
}

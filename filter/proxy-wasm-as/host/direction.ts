import { BodyBuffer } from './body-buffer.ts';
import { HeaderMap } from './header-map.ts';
import { Sent } from './sent.ts';

/** The guest's callbacks of one direction. Each gives the returned status, or undefined when it is not exported. */
export interface DirectionCallbacks {
  headers(count: number, endOfStream: boolean): number | undefined;
  body(length: number, endOfStream: boolean): number | undefined;
  trailers(count: number): number | undefined;
  /** The buffer has gone over the limit while the filter held it. */
  overLimit(): void;
}

export interface DirectionOptions {
  /** Envoy's `allow_on_headers_stop_iteration`: without it, StopIteration on headers stops the body callbacks too. */
  readonly allowOnHeadersStopIteration: boolean;
  /** Most bytes held by StopIterationAndBuffer. */
  readonly bufferLimitBytes: number;
}

const CONTINUE = 0;
const STOP_ITERATION = 1;
const STOP_AND_BUFFER = 1;
const STOP_AND_WATERMARK = 2;
const STOP_ALL_AND_BUFFER = 3;

/**
 * One direction of a stream through one filter: what Envoy's filter manager does with a filter's return values, and what
 * its Wasm context shows to the guest meanwhile (`filter_manager.cc`, `wasm/context.cc`).
 */
export class Direction {
  readonly sent = new Sent();
  /** What the guest reaches by the map types; undefined where Envoy shows nothing. */
  visibleHeaders: HeaderMap | undefined;
  visibleTrailers: HeaderMap | undefined;
  /** Whether headers have come in. */
  started = false;

  readonly #callbacks: DirectionCallbacks;
  readonly #options: DirectionOptions;
  #headers = new HeaderMap();
  #trailers: HeaderMap | undefined;
  #iteration: 'continue' | 'stop' | 'stop-all' = 'continue';
  #limited = true; // false: over the limit the peer is slowed down, no error
  #headersContinued = false;
  #endSeen = false;
  #aborted = false;
  #held: BodyBuffer | undefined;
  #chunk: BodyBuffer | undefined;
  #buffering = false; // the guest sees what is held, not the chunk
  #inLastBodyCallback = false;

  constructor(callbacks: DirectionCallbacks, options: DirectionOptions) {
    this.#callbacks = callbacks;
    this.#options = options;
  }

  /** Whether the whole message has come in. */
  get ended(): boolean {
    return this.#endSeen;
  }

  /** The body that the guest reads and edits. */
  get visibleBody(): BodyBuffer {
    return (this.#buffering ? this.#held : this.#chunk) ?? BodyBuffer.absent();
  }

  /** The headers as they are, for the log callback. */
  get headers(): HeaderMap {
    return this.#headers;
  }

  get trailers(): HeaderMap | undefined {
    return this.#trailers;
  }

  receiveHeaders(headers: HeaderMap, endOfStream: boolean): number | undefined {
    this.#expect(!this.started, 'headers came twice');
    this.started = true;
    this.#headers = headers;
    this.#endSeen = endOfStream;
    if (this.#aborted) return undefined;
    this.visibleHeaders = headers;
    const status = this.#callbacks.headers(headers.size, endOfStream);
    if (this.#aborted) return status;
    if ((status ?? CONTINUE) === CONTINUE) {
      this.visibleHeaders = undefined;
      this.#sendHeaders(endOfStream);
    } else if (status === STOP_ITERATION && this.#options.allowOnHeadersStopIteration) {
      this.#iteration = 'stop';
    } else {
      this.#iteration = 'stop-all';
      this.#limited = status === STOP_ALL_AND_BUFFER;
    }
    return status;
  }

  receiveBody(bytes: Uint8Array, endOfStream: boolean): number | undefined {
    this.#expect(this.started && !this.#endSeen, this.started ? 'body after the end' : 'body before headers');
    this.#endSeen = endOfStream;
    if (this.#aborted) return undefined;
    const chunk = new BodyBuffer(bytes.slice());
    if (this.#iteration === 'stop-all') {
      this.#hold(chunk);
      return undefined;
    }
    return this.#filterBody(chunk, endOfStream);
  }

  receiveTrailers(trailers: HeaderMap): number | undefined {
    this.#expect(this.started && !this.#endSeen, this.started ? 'trailers after the end' : 'trailers before headers');
    this.#endSeen = true;
    this.#trailers = trailers;
    if (this.#aborted || this.#iteration === 'stop-all') return undefined;
    return this.#filterTrailers(trailers);
  }

  /** `proxy_continue_stream`: sends what was held. After a stop of everything the guest sees the body first. */
  resume(): void {
    if (this.#iteration === 'continue' || this.#aborted) return;
    const filterSeesBody = this.#iteration === 'stop-all';
    this.#iteration = 'continue';
    const trailers = this.#trailers;
    if (!this.#headersContinued) this.#sendHeaders(this.#endSeen && !this.#held && !trailers);
    const body = this.#held;
    this.#held = undefined;
    if (body) {
      const isLast = this.#endSeen && !trailers;
      if (filterSeesBody) this.#filterBody(body, isLast);
      else this.#sendBody(body, isLast);
    }
    if (!trailers) return;
    if (filterSeesBody) this.#filterTrailers(trailers);
    else this.#sendTrailers(trailers);
  }

  /** Nothing more comes in, goes out, or is shown to the guest's callbacks. */
  abort(): void {
    this.#aborted = true;
    this.#iteration = 'stop-all';
  }

  /** Sends a whole message past the guest. */
  sendDirectly(headers: HeaderMap, body: Uint8Array): void {
    this.abort();
    this.#sendHeaders(body.length === 0, headers);
    if (body.length > 0) this.#sendBody(new BodyBuffer(body), true);
  }

  /** Trailers that the guest may fill in during the last body callback, when the message has none. */
  addTrailers(): HeaderMap | undefined {
    if (!this.#inLastBodyCallback) return undefined;
    this.#trailers ??= new HeaderMap();
    return this.#trailers;
  }

  #filterBody(chunk: BodyBuffer, endOfStream: boolean): number | undefined {
    if (this.#buffering) {
      this.#hold(chunk);
      if (this.#aborted) return undefined;
    }
    this.#chunk = chunk;
    this.#inLastBodyCallback = endOfStream;
    const status = this.#callbacks.body(this.visibleBody.length, endOfStream);
    this.#inLastBodyCallback = false;
    this.#buffering = status === STOP_AND_BUFFER;
    if (this.#aborted) return status;
    if ((status ?? CONTINUE) === CONTINUE) {
      this.#chunk = undefined;
      this.#continueBody(chunk, endOfStream);
      return status;
    }
    // The guest's later edits go nowhere unless it buffers.
    this.#chunk = new BodyBuffer();
    this.#iteration = 'stop';
    if (status === STOP_AND_BUFFER || status === STOP_AND_WATERMARK) {
      this.#limited = status === STOP_AND_BUFFER;
      this.#hold(chunk);
    } else if (endOfStream) {
      this.#held ??= new BodyBuffer(); // so that a later continue has an end to send
    }
    return status;
  }

  #continueBody(chunk: BodyBuffer, endOfStream: boolean): void {
    if (this.#iteration === 'stop') {
      this.#limited = false; // it leaves at once
      this.#hold(chunk);
      this.resume();
      return;
    }
    const added = endOfStream ? this.#trailers : undefined;
    this.#sendBody(chunk, endOfStream && !added);
    if (added) this.#sendTrailers(added);
  }

  #filterTrailers(trailers: HeaderMap): number | undefined {
    this.visibleTrailers = trailers;
    const status = this.#callbacks.trailers(trailers.size);
    if (this.#aborted) return status;
    if ((status ?? CONTINUE) !== CONTINUE) {
      if (this.#iteration === 'continue') this.#iteration = 'stop';
      return status;
    }
    this.visibleTrailers = undefined;
    if (this.#iteration === 'continue') this.#sendTrailers(trailers);
    else this.resume();
    return status;
  }

  #hold(chunk: BodyBuffer): void {
    this.#held ??= new BodyBuffer();
    this.#held.moveFrom(chunk);
    if (this.#limited && this.#held.length > this.#options.bufferLimitBytes) this.#callbacks.overLimit();
  }

  #sendHeaders(isEnd: boolean, headers: HeaderMap = this.#headers): void {
    this.#headersContinued = true;
    this.sent.headers = headers.toPairs();
    this.sent.ended = isEnd;
  }

  #sendBody(body: BodyBuffer, isEnd: boolean): void {
    if (body.length > 0) this.sent.chunks.push(body.toBytes());
    this.sent.ended = isEnd;
  }

  #sendTrailers(trailers: HeaderMap): void {
    this.sent.trailers = trailers.toPairs();
    this.sent.ended = true;
  }

  #expect(condition: boolean, problem: string): void {
    if (!condition) throw new Error(`stream: ${problem}; drive headers, body, trailers in their order`);
  }
}

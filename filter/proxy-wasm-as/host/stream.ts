// Longer than most files: a third of it is the test's side of a stream, the rest the guest's, over the same two directions.
import type { BodyBuffer } from './body-buffer.ts';
import { Context, type LocalResponse } from './context.ts';
import { Direction, type DirectionOptions } from './direction.ts';
import { HeaderMap, type HeaderPairs } from './header-map.ts';
import type { Plugin } from './plugin.ts';
import { Properties, type PropertyRecord, serializeProperty } from './properties.ts';
import type { Sent } from './sent.ts';
import { Status, type StatusCode } from './status.ts';

export interface StreamOptions {
  /** What `proxy_get_property` finds; the object of another stream to share with it. */
  readonly properties?: PropertyRecord | Properties;
  /** Envoy's body limits for held bodies: past it the request gets 413, the response 500. Default: none. */
  readonly requestBufferLimitBytes?: number;
  readonly responseBufferLimitBytes?: number;
}

const emptyBody = new Uint8Array();

/**
 * One HTTP exchange through the filter. The test plays client and origin by calling the methods in their order; each
 * gives the status that the callback returned, or undefined where the host did not call it.
 */
export class Stream extends Context {
  readonly root: Plugin;
  readonly properties: Properties;
  /** What the filter answered by itself. */
  localResponse: LocalResponse | undefined;
  /** Whether the stream was cut: `proxy_close_stream`, or a local response after headers had left. */
  reset = false;

  readonly #request: Direction;
  readonly #response: Direction;
  #phase: 'open' | 'waiting' | 'log' | 'deleted' = 'open';

  /** @internal Use `plugin.stream()`. */
  constructor(id: number, root: Plugin, options: StreamOptions) {
    super(id);
    this.root = root;
    this.properties =
      options.properties instanceof Properties ? options.properties : new Properties(options.properties);
    this.#request = this.#direction('request', options.requestBufferLimitBytes);
    this.#response = this.#direction('response', options.responseBufferLimitBytes);
  }

  /** What has left towards the origin. */
  get sentUpstream(): Sent {
    return this.#request.sent;
  }

  /** What has left towards the client. */
  get sentDownstream(): Sent {
    return this.#response.sent;
  }

  requestHeaders(headers: HeaderPairs, endOfStream = false): number | undefined {
    return this.#request.receiveHeaders(new HeaderMap(headers), endOfStream);
  }

  /** A chunk from the client; text is sent as UTF-8. */
  requestBody(chunk: Uint8Array | string, endOfStream = false): number | undefined {
    return this.#request.receiveBody(toBytes(chunk), endOfStream);
  }

  requestTrailers(trailers: HeaderPairs): number | undefined {
    return this.#request.receiveTrailers(new HeaderMap(trailers));
  }

  responseHeaders(headers: HeaderPairs, endOfStream = false): number | undefined {
    if (this.#response.started) return undefined; // a local response came first
    return this.#receiveResponseHeaders(new HeaderMap(headers), endOfStream);
  }

  /** A chunk from the origin; text is sent as UTF-8. */
  responseBody(chunk: Uint8Array | string, endOfStream = false): number | undefined {
    if (this.localResponse) return undefined;
    return this.#response.receiveBody(toBytes(chunk), endOfStream);
  }

  responseTrailers(trailers: HeaderPairs): number | undefined {
    if (this.localResponse) return undefined;
    return this.#response.receiveTrailers(new HeaderMap(trailers));
  }

  /** Ends the exchange, also in its middle (a client that went away): on_log, on_done, on_delete. */
  done(): void {
    if (this.#phase !== 'open') return;
    this.#request.abort();
    this.#response.abort();
    const host = this.root.host;
    this.#phase = 'log';
    host.call('proxy_on_log', this);
    this.#phase = 'waiting';
    if (host.call('proxy_on_done', this) !== 0) this.#delete();
  }

  override buffer(type: number): BodyBuffer | undefined {
    if (type === 0) return this.#request.visibleBody;
    if (type === 1) return this.#response.visibleBody;
    return undefined;
  }

  override map(type: number, writable: boolean): HeaderMap | undefined {
    const logged = this.#phase === 'log' && !writable;
    switch (type) {
      case 0:
        return logged ? this.#request.headers : this.#request.visibleHeaders;
      case 1:
        return this.#request.visibleTrailers ?? (writable ? this.#request.addTrailers() : undefined);
      case 2:
        return logged ? this.#response.headers : this.#response.visibleHeaders;
      case 3:
        if (logged) return this.#response.trailers;
        return this.#response.visibleTrailers ?? (writable ? this.#response.addTrailers() : undefined);
      default:
        return undefined;
    }
  }

  override property(path: string): Uint8Array | undefined {
    return this.properties.get(path) ?? this.#requestProperty(path);
  }

  override setProperty(path: string, value: Uint8Array): StatusCode {
    this.properties.setState(path, value);
    return Status.Ok;
  }

  override acceptDone(): StatusCode {
    if (this.#phase !== 'waiting') return Status.NotFound;
    this.root.host.afterCall(() => this.#delete());
    return Status.Ok;
  }

  override sendLocalResponse(response: LocalResponse): StatusCode {
    this.#request.abort();
    if (this.#response.started) this.#response.abort();
    this.root.host.afterCall(() => this.#answer(response));
    return Status.Ok;
  }

  override continueStream(type: number): StatusCode {
    if (type !== 0 && type !== 1) return Status.BadArgument;
    this.#request.visibleHeaders = undefined;
    this.#request.visibleTrailers = undefined;
    this.root.host.afterCall(() => (type === 0 ? this.#request : this.#response).resume());
    return Status.Ok;
  }

  override closeStream(type: number): StatusCode {
    if (type !== 0 && type !== 1) return Status.BadArgument;
    this.#cut();
    return Status.Ok;
  }

  #direction(name: 'request' | 'response', bufferLimitBytes = Number.POSITIVE_INFINITY): Direction {
    const host = this.root.host;
    const options: DirectionOptions = {
      allowOnHeadersStopIteration: this.root.allowOnHeadersStopIteration,
      bufferLimitBytes,
    };
    return new Direction(
      {
        headers: (count, end) => host.call(`proxy_on_${name}_headers`, this, count, Number(end)),
        body: (length, end) => host.call(`proxy_on_${name}_body`, this, length, Number(end)),
        trailers: (count) => host.call(`proxy_on_${name}_trailers`, this, count),
        overLimit: () => this.#overLimit(name),
      },
      options,
    );
  }

  #receiveResponseHeaders(headers: HeaderMap, endOfStream: boolean): number | undefined {
    this.properties.set('response\0code', Number(headers.get(':status') ?? 0));
    return this.#response.receiveHeaders(headers, endOfStream);
  }

  /** Before the response's headers have come the answer runs through the response callbacks; later it goes out directly. */
  #answer(response: LocalResponse): void {
    if (this.reset || this.localResponse) return;
    if (this.sentDownstream.headers) {
      this.#cut();
      return;
    }
    this.localResponse = response;
    this.properties.set('response\0code_details', response.details);
    const headers = localHeaders(response);
    if (this.#response.started) {
      this.#response.sendDirectly(headers, response.body);
      return;
    }
    const isHead = this.#request.headers.get(':method') === 'HEAD';
    const body = isHead ? emptyBody : response.body;
    this.#receiveResponseHeaders(headers, body.length === 0);
    if (body.length > 0) this.#response.receiveBody(body, true);
  }

  #overLimit(name: 'request' | 'response'): void {
    const [status, details, text] =
      name === 'request'
        ? [413, 'request_payload_too_large', 'Payload Too Large']
        : [500, 'response_payload_too_large', 'Internal Server Error'];
    this.#request.abort();
    if (this.#response.started) this.#response.abort();
    this.#answer({ status, details, headers: [], body: toBytes(text) });
  }

  /** Envoy derives these from the headers while the guest can see them, and says NotFound afterwards. */
  #requestProperty(path: string): Uint8Array | undefined {
    const header = requestProperties.get(path);
    const value = header === undefined ? undefined : this.map(0, false)?.get(header);
    if (value === undefined) return undefined;
    return serializeProperty(path === 'request\0url_path' ? value.replace(/[?#].*$/s, '') : value);
  }

  #cut(): void {
    this.reset = true;
    this.#request.abort();
    this.#response.abort();
  }

  #delete(): void {
    if (this.#phase === 'deleted') return;
    this.#phase = 'deleted';
    this.root.host.call('proxy_on_delete', this);
    this.root.host.forget(this);
  }
}

const requestProperties = new Map([
  ['request\0path', ':path'],
  ['request\0url_path', ':path'],
  ['request\0method', ':method'],
  ['request\0host', ':authority'],
  ['request\0scheme', ':scheme'],
  ['request\0useragent', 'user-agent'],
]);

// `Utility::prepareLocalReply`: the filter's headers are added, and a body without content-type is plain text.
function localHeaders(response: LocalResponse): HeaderMap {
  const headers = new HeaderMap([[':status', String(response.status)], ...response.headers]);
  if (response.body.length === 0) {
    headers.remove('content-length');
    headers.remove('content-type');
    return headers;
  }
  headers.replace('content-length', String(response.body.length));
  if (headers.get('content-type') === undefined) headers.add('content-type', 'text/plain');
  return headers;
}

function toBytes(chunk: Uint8Array | string): Uint8Array {
  return typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
}

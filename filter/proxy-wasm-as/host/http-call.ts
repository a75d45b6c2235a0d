import { BodyBuffer } from './body-buffer.ts';
import { HeaderMap, type HeaderPairs } from './header-map.ts';
import type { Plugin } from './plugin.ts';

/** A request that the guest has sent to an upstream and that waits for the test's answer. */
export interface HttpCall {
  /** What `host.answerHttpCall` takes. */
  readonly token: number;
  /** The cluster. */
  readonly upstream: string;
  readonly headers: HeaderPairs;
  readonly body: Uint8Array;
  readonly trailers: HeaderPairs;
  readonly timeoutMilliseconds: number;
}

interface OpenCall extends HttpCall {
  readonly root: Plugin;
}

/** The calls of one VM, and the answer that the guest is being shown. */
export class HttpCalls {
  readonly #open = new Map<number, OpenCall>();
  #nextToken = 1;
  #answer: { headers: HeaderMap; body: BodyBuffer; trailers: HeaderMap } | undefined;

  /** Calls without an answer, oldest first. */
  open(): HttpCall[] {
    return [...this.#open.values()];
  }

  start(root: Plugin, call: Omit<HttpCall, 'token'>): number {
    const token = this.#nextToken++;
    this.#open.set(token, { ...call, token, root });
    return token;
  }

  /** Runs `proxy_on_http_call_response` on the plugin that called. */
  answer(token: number, headers: HeaderPairs, body: Uint8Array, trailers: HeaderPairs): void {
    const call = this.#open.get(token);
    if (!call) throw new Error(`answerHttpCall: ${token}: no open call has this token; see host.httpCalls()`);
    this.#open.delete(token);
    this.#answer = {
      headers: new HeaderMap(headers),
      body: new BodyBuffer(body, false),
      trailers: new HeaderMap(trailers),
    };
    try {
      call.root.host.call(
        'proxy_on_http_call_response',
        call.root,
        token,
        headers.length,
        body.length,
        trailers.length,
      );
    } finally {
      this.#answer = undefined;
    }
  }

  get answerBody(): BodyBuffer | undefined {
    return this.#answer?.body;
  }

  get answerHeaders(): HeaderMap | undefined {
    return this.#answer?.headers;
  }

  get answerTrailers(): HeaderMap | undefined {
    return this.#answer?.trailers;
  }
}

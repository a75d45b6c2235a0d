/**
 * One ADS stream of Envoy: which names it holds, which are still to be answered, and the answers (delta xDS, described
 * in envoy/service/discovery/v3/discovery.proto and https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol).
 */
import { isUtf8 } from 'node:buffer';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { LeafCache } from './cache.ts';
import type { CertificateLog } from './log.ts';
import { type DeltaRequest, type DeltaResponse, secretTypeUrl, writeSecret } from './wire.ts';

/**
 * Most names in one response. Minting them takes a few milliseconds, after which others get their turn; it is also what
 * one rejection by Envoy can take down.
 */
const maxNamesPerResponse = 32;

/** Unanswered names past which nothing more is read from Envoy, until half of them are answered. */
const maxPendingNames = 4096;

/** How many responses are remembered until Envoy accepts or rejects them; it does so at once and in order. */
const maxUnacknowledged = 64;

export interface SecretStream {
  /** Names that Envoy holds from this stream. */
  holds(asked: string): boolean;
  /** Names that are still to be answered. */
  pending(): number;
  /** Tells Envoy to forget a name. */
  drop(asked: string): void;
  /** Sends a name again, with whatever leaf the cache then has. */
  push(asked: string): void;
  /** Ends the stream; Envoy will connect again. */
  end(): void;
}

export interface SecretStreamOptions {
  call: ServerDuplexStream<DeltaRequest, DeltaResponse>;
  cache: LeafCache;
  log: CertificateLog;
  /** Envoy wants this name no longer; the stream has forgotten it. */
  onRelease: (asked: string) => void;
  /** Envoy rejected a response. */
  onRejected: () => void;
  onClose: () => void;
}

/** Serves one stream until it ends. */
export function serveSecretStream(options: SecretStreamOptions): SecretStream {
  const { call, cache, log, onRelease, onRejected, onClose } = options;
  const held = new Set<string>();
  const toAnswer = new Set<string>();
  const toRemove = new Set<string>();
  const unacknowledged = new Map<string, string[]>();
  let nonce = 0;
  let flushing = false;
  let writable = true;
  let closed = false;

  function receive(request: DeltaRequest): void {
    // ADS carries other types too; Envoy is configured to ask for none, and an unanswered one waits without harm.
    if (request.typeUrl !== secretTypeUrl) return;
    if (request.responseNonce !== '') acknowledge(request.responseNonce, request.rejection);
    for (const asked of request.unsubscribe) {
      toAnswer.delete(asked);
      toRemove.delete(asked);
      held.delete(asked);
      onRelease(asked);
    }
    for (const asked of request.subscribe) subscribe(asked, request.initialVersions.get(asked));
    if (toAnswer.size > maxPendingNames) call.pause();
    flush();
  }

  function subscribe(asked: string, versionInEnvoy: string | undefined): void {
    // Envoy cannot parse a message whose strings are not UTF-8 and would drop the stream, so such a name stays
    // unanswered; the handshake fails when its time is up.
    if (!isUtf8(Buffer.from(asked, 'latin1'))) {
      log.once('warn', 'sni-not-utf8', 'certificates: a client sent a server name that is not UTF-8; left unanswered');
      return;
    }
    toRemove.delete(asked);
    if (versionInEnvoy !== undefined && cache.adopt(asked, versionInEnvoy)) held.add(asked);
    else toAnswer.add(asked);
  }

  function acknowledge(responseNonce: string, rejection: string | undefined): void {
    const names = unacknowledged.get(responseNonce) ?? [];
    unacknowledged.delete(responseNonce);
    if (rejection === undefined) return;
    onRejected();
    log.once('error', `rejected ${rejection}`, `certificates: Envoy rejected a certificate: ${rejection}`);
    // Handshakes that wait for them fail at once, and the next one starts anew.
    for (const asked of names) {
      drop(asked);
      cache.delete(asked);
    }
  }

  function drop(asked: string): void {
    held.delete(asked);
    if (!toAnswer.has(asked)) toRemove.add(asked);
    scheduleFlush();
  }

  function scheduleFlush(): void {
    if (flushing || closed) return;
    flushing = true;
    setImmediate(() => {
      flushing = false;
      flush();
    });
  }

  function flush(): void {
    if (closed || !writable || (toAnswer.size === 0 && toRemove.size === 0)) return;
    const response: DeltaResponse = { resources: [], removed: [...toRemove], nonce: String(++nonce) };
    toRemove.clear();
    for (const asked of toAnswer) {
      if (response.resources.length + response.removed.length >= maxNamesPerResponse) break;
      toAnswer.delete(asked);
      answer(asked, response);
    }
    unacknowledged.set(
      response.nonce,
      response.resources.map((resource) => resource.name),
    );
    if (unacknowledged.size > maxUnacknowledged) unacknowledged.delete(unacknowledged.keys().next().value!);
    writable = call.write(response);
    if (toAnswer.size <= maxPendingNames / 2 && call.isPaused()) call.resume();
    // What is left waits for its turn, and so do names that this very response has pushed out of the cache.
    if (toAnswer.size > 0 || toRemove.size > 0) scheduleFlush();
  }

  function answer(asked: string, response: DeltaResponse): void {
    let reason: string;
    try {
      const live = cache.obtain(asked);
      if (!('refused' in live)) {
        const { minter } = cache;
        held.add(asked);
        response.resources.push({
          name: asked,
          version: live.version,
          secret: writeSecret(asked, minter.chainPem(live.leaf), minter.keyPem),
        });
        return;
      }
      reason = live.refused;
    } catch (error) {
      reason = (error as Error).message;
      log.once('error', `mint ${reason}`, `certificates: no certificate can be made: ${reason}`);
    }
    held.delete(asked);
    response.removed.push(asked);
    const readable = JSON.stringify(Buffer.from(asked, 'latin1').toString());
    log.once('info', `refused ${asked}`, `certificates: ${readable}: refused: ${reason}`);
  }

  function close(): void {
    if (closed) return;
    closed = true;
    onClose();
  }

  call.on('data', receive);
  call.on('drain', () => {
    writable = true;
    flush();
  });
  call.on('end', () => {
    call.end();
    close();
  });
  for (const event of ['cancelled', 'close', 'error']) call.on(event, close);

  return {
    holds: (asked) => held.has(asked),
    pending: () => toAnswer.size,
    drop,
    push: (asked) => {
      toAnswer.add(asked);
      scheduleFlush();
    },
    end: () => {
      call.end();
      close();
    },
  };
}

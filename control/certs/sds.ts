/** The certificate service: Envoy's secret discovery over one ADS stream (gRPC, delta) on a Unix socket. */
import { createServer, type Server as SocketServer } from 'node:net';
import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { LeafCache, LeafCacheStats } from './cache.ts';
import { createCertificateLog, type LineLog } from './log.ts';
import { listenOnSocket } from './socket.ts';
import { type SecretStream, serveSecretStream } from './stream.ts';
import { type DeltaRequest, type DeltaResponse, readDeltaRequest, writeDeltaResponse } from './wire.ts';

/** Most streams at once. One Envoy has one; a restart of Envoy briefly makes it two. */
const maxStreams = 16;

/**
 * Longest request, in bytes. After a reconnect Envoy names everything it holds twice (subscription and version), in one
 * message: at most 600 bytes a name, so this does for 50,000 names of the greatest length.
 */
const maxRequestBytes = 32 * 1024 * 1024;

/** How often the cache is searched for leaves to renew: often enough for short lives, and after a laptop's sleep. */
const maxSweepMs = 15_000;
const minSweepMs = 100;

/** How long close() waits for Envoy to take the end of its stream. */
const closeMs = 1_000;

const adsPath = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

export interface CertificateServiceOptions {
  /** Created with mode 0600; a socket that nobody listens on is replaced. */
  socketPath: string;
  cache: LeafCache;
  log: LineLog;
}

export interface CertificateServiceStats extends LeafCacheStats {
  streams: number;
  /** Names that wait for their answer. */
  pending: number;
  /** Leaves sent again because their renewal was due. */
  renewed: number;
  /** Responses that Envoy rejected. */
  rejected: number;
}

export interface CertificateService {
  stats(): CertificateServiceStats;
  /** Ends the streams and removes the socket. Envoy keeps what it holds and connects again when it can. */
  close(): Promise<void>;
}

/**
 * Serves leaves to Envoy: every name it asks for is answered, by a secret or by its removal. Takes over the cache's
 * `onEvict`. Throws SocketError if the socket cannot be had.
 */
export async function serveCertificates(options: CertificateServiceOptions): Promise<CertificateService> {
  const { socketPath, cache } = options;
  const log = createCertificateLog(options.log);
  const streams = new Set<SecretStream>();
  let renewed = 0;
  let rejected = 0;

  cache.onEvict = (asked) => {
    for (const stream of streams) if (stream.holds(asked)) stream.drop(asked);
  };

  function isHeld(asked: string): boolean {
    for (const stream of streams) if (stream.holds(asked)) return true;
    return false;
  }

  function accept(call: ServerDuplexStream<DeltaRequest, DeltaResponse>): void {
    if (streams.size >= maxStreams) {
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: `more than ${maxStreams} streams` });
      return;
    }
    const stream = serveSecretStream({
      call,
      cache,
      log,
      onRelease: (asked) => {
        if (!isHeld(asked)) cache.delete(asked);
      },
      onRejected: () => {
        rejected++;
      },
      onClose: () => streams.delete(stream),
    });
    streams.add(stream);
  }

  function renew(): void {
    for (const asked of cache.due()) {
      const holders = [...streams].filter((stream) => stream.holds(asked));
      // A leaf that no stream holds has outlived its Envoy.
      if (holders.length === 0) cache.delete(asked);
      else renewed++;
      for (const stream of holders) stream.push(asked);
    }
  }

  const server = new Server({ 'grpc.enable_channelz': 0, 'grpc.max_receive_message_length': maxRequestBytes });
  server.addService(
    {
      DeltaAggregatedResources: {
        path: adsPath,
        requestStream: true,
        responseStream: true,
        requestDeserialize: readDeltaRequest,
        responseSerialize: writeDeltaResponse,
        requestSerialize: unused,
        responseDeserialize: unused,
      },
    },
    { DeltaAggregatedResources: accept },
  );
  // The socket is ours, not gRPC's, because only so are its mode and a left-over file in our hands.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener: SocketServer = createServer((connection) => injector.injectConnection(connection));
  await listenOnSocket(listener, socketPath);

  const sweepMs = Math.min(maxSweepMs, Math.max(minSweepMs, (cache.minter.ttlSeconds * 1000) / 30));
  const sweep = setInterval(renew, sweepMs);

  return {
    stats: () => {
      let pending = 0;
      for (const stream of streams) pending += stream.pending();
      return { ...cache.stats(), streams: streams.size, pending, renewed, rejected };
    },
    async close() {
      clearInterval(sweep);
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      for (const stream of [...streams]) stream.end();
      injector.drain(closeMs);
      const force = setTimeout(() => server.forceShutdown(), closeMs);
      await closed;
      clearTimeout(force);
      server.forceShutdown();
    },
  };
}

function unused(): never {
  throw new Error('this side only serves');
}

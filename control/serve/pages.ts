/** The gateway's two own pages, over a Unix socket that routes of Envoy's lead to: /metrics, and /health as /ready. */
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ListenOptions } from 'node:net';
import type { CertificateServiceStats } from '../certs/sds.ts';
import type { Emitter } from '../emit/emit.ts';
import { askAdmin } from './admin.ts';
import type { HandlerCounts } from './handler-pages.ts';
import { metricsPage, ownMetrics } from './metrics.ts';
import type { Plan } from './plan.ts';
import type { Receipts } from './receipts.ts';
import type { ReloadState } from './reload-state.ts';

/** What is in use, and how it came to be. A reload changes its fields. */
export interface InUse {
  plan: Plan;
  reload: ReloadState;
  /** By what the kill switch is thrown; empty: it is not. */
  stoppedBy: string[];
  /** Tells others of events. */
  emitter?: Emitter;
  /** What became of redirected calls. */
  handlerCounts?: HandlerCounts;
  /** Where they are written. */
  receipts?: Receipts;
  /** Writes what has been seen of tools. */
  keepPins?: () => Promise<unknown>;
}

/** Envoy answers in milliseconds; the route to this page waits 900 ms before it asks Envoy itself (envoy/egress.yaml). */
const readyLimitMs = 600;

/** Serves the pages on the plan's controlSocket for the life of the process. */
export async function servePages(
  inUse: InUse,
  restarts: number,
  certificates: () => CertificateServiceStats | undefined,
): Promise<void> {
  const own = ownMetrics(inUse, restarts, certificates);
  const { controlSocket, adminSocket } = inUse.plan.runtime;
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?', 1)[0];
    if (request.method === 'GET' && path === '/ready') {
      health(inUse).then(([status, body]) => answer(response, status, 'application/json', `${JSON.stringify(body)}\n`));
    } else if (request.method === 'GET' && path === '/metrics') {
      metricsPage(adminSocket, own).then(
        (text) => answer(response, 200, own.contentType, text),
        (error: Error) => answer(response, 500, 'text/plain', `${error.message}\n`),
      );
    } else {
      answer(response, 404, 'text/plain', 'not found\n');
    }
  };
  const server = createServer(serve);
  rmSync(controlSocket, { force: true });
  await listening(server, controlSocket);
  const { metricsListen } = inUse.plan;
  if (metricsListen) await listening(createServer(serve), { host: metricsListen.address, port: metricsListen.port });
}

/**
 * Healthy is what carries traffic: a refused configuration is told of and is no reason to restart, since the last good one is in use
 * and a restart would find none.
 */
async function health({ plan, reload, receipts, stoppedBy }: InUse): Promise<[status: number, body: object]> {
  const ready = await askAdmin(plan.runtime.adminSocket, 'GET', '/ready', readyLimitMs).then(
    ({ status }) => status === 200,
    () => false,
  );
  const body = {
    status: ready ? 'healthy' : 'unready',
    ...plan.health,
    mode: plan.mode,
    envoy: plan.envoy.version,
    uptime_seconds: Math.floor(process.uptime()),
    kill_switch_active: stoppedBy.length > 0,
    ...(receipts && { receipts: { state: receipts.failure === undefined ? 'written' : 'failing' } }),
    tls_interception_enabled: plan.authority !== undefined,
    ...(plan.watchdog.tellsSubsystems && { subsystems: { envoy: ready ? 'up' : 'down', control: 'up' } }),
    configuration: {
      state: reload.current ? 'current' : 'rejected',
      in_use_since: new Date(reload.sinceMs).toISOString(),
      ...(!reload.current && { message: 'the file was changed and refused; the last good one is in use; see the log' }),
    },
  };
  return [ready ? 200 : 503, body];
}

/** Settles when the server listens. */
export function listening(server: Server, at: string | ListenOptions): Promise<void> {
  return new Promise((settle, reject) => {
    server.once('error', reject);
    server.listen(at as ListenOptions, () => settle());
  });
}

/** The body of a request, as UTF-8. @throws RangeError where it is longer than `mostBytes`; Error where it breaks off */
export async function textOf(request: IncomingMessage, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBytes) throw new RangeError('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

export function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

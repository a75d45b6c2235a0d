/**
 * The control worker: leaf certificates for Envoy, metrics, pins, and redirected calls, each over a Unix socket of its own. Forked by the supervisor,
 * which says `start` with the Plan; ends when the supervisor is gone.
 */
import { flushCompileCache } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAuthority } from '../certs/ca.ts';
import { createLeafCache, defaultMaxLeaves } from '../certs/cache.ts';
import { createLeafMinter } from '../certs/leaf.ts';
import type { LineLog } from '../certs/log.ts';
import { type CertificateService, serveCertificates } from '../certs/sds.ts';
import { openEmitter } from '../emit/emit.ts';
import { isDenied } from './destination.ts';
import { emittedOf, takeLines } from './emitted.ts';
import { serveHandlers } from './handler-pages.ts';
import type { SupervisorMessage, WorkerMessage } from './keep-worker.ts';
import { type InUse, servePages } from './pages.ts';
import { servePins } from './pin-pages.ts';
import type { Plan } from './plan.ts';
import { serveReceipts } from './receipts.ts';
import { serveStopApi } from './stop-api.ts';

/**
 * Serves until the process ends.
 * @throws AuthorityError, SocketError
 */
export async function work(inUse: InUse, restarts: number, run: string, log: LineLog): Promise<void> {
  const { authority, emit, receipts } = inUse.plan;
  if (emit) inUse.emitter = await openEmitter(emit);
  if (receipts) inUse.receipts = serveReceipts(receipts, run, say);
  const certificates = authority ? await certificateService(inUse, authority, log) : undefined;
  await Promise.all([
    servePages(inUse, restarts, () => certificates?.stats()),
    servePins(inUse, log),
    serveHandlers(inUse, log),
  ]);
  await serveStopApi(inUse, (isOn) => say({ type: 'stop', isOn }));
}

/** A store that does not answer must not keep the process; the supervisor waits for longer. */
const mostKeepingMs = 800;

type Issuing = NonNullable<Plan['authority']>;

async function certificateService(inUse: InUse, issuing: Issuing, log: LineLog): Promise<CertificateService> {
  const { certFile, keyFile, leafTtlSeconds, maxLeaves } = issuing;
  const opened = await openAuthority({ certFile, keyFile, create: false });
  const cache = createLeafCache({
    minter: createLeafMinter(opened, leafTtlSeconds),
    maxLeaves: maxLeaves ?? defaultMaxLeaves,
    refuse: (name) => (isDenied(inUse.plan.destinations, name) ? 'the policy denies it' : undefined),
  });
  return serveCertificates({ socketPath: inUse.plan.runtime.adsSocket, cache, log });
}

function say(message: WorkerMessage): void {
  if (process.connected) process.send!(message);
}

if (import.meta.main) {
  // Its sockets are for Envoy alone, which runs as the same user.
  process.umask(0o077);
  const line = (level: 'info' | 'warn' | 'error') => (message: string) => say({ type: 'log', level, message });
  const log = { info: line('info'), warn: line('warn'), error: line('error') };
  // One object for the life of the process: what a reload changes is seen by all who hold it.
  const inUse = {} as InUse;
  // What was seen of tools may wait to be written, and a person may want to approve it when nothing runs any more.
  const end = async () => {
    await Promise.race([inUse.keepPins?.().catch(() => {}), sleep(mostKeepingMs)]);
    process.exit(0);
  };
  process.once('disconnect', end);
  process.once('SIGTERM', end);
  process.on('message', (message: SupervisorMessage) => {
    if (message.type === 'ping') return say({ type: 'pong' });
    if (message.type === 'stopped') {
      inUse.stoppedBy = message.by;
      return;
    }
    if (message.type === 'event') return inUse.emitter?.emit(emittedOf(message.event));
    if (message.type === 'lines') return takeLines(inUse, message.lines, say);
    Object.assign(inUse, { plan: message.plan, reload: message.reload });
    if (message.type === 'reload') return;
    inUse.stoppedBy = message.stoppedBy;
    work(inUse, message.restarts, message.run, log).then(
      () => {
        say({ type: 'ready' });
        flushCompileCache();
      },
      (error: Error) => {
        log.error(error.message);
        process.exitCode = 1;
        process.disconnect();
      },
    );
  });
}

/**
 * The supervisor: PID 1 of the gateway. Prepares (in a process of its own), starts Envoy and the control worker, keeps
 * both running, passes their log lines on, and ends them in order. It opens no TLS and reads no traffic.
 *
 * Longer than most files: what starts, runs and ends together is to be seen together.
 */
import { rmSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { askAdmin, sumMetric } from './admin.ts';
import { banner } from './banner.ts';
import { signalGroup, spawnGuarded } from './child.ts';
import { drainEnvoy } from './drain.ts';
import { isEmitted } from './emitted.ts';
import {
  isAboutCertificates,
  isExchangeLine,
  isPlainlyAllowed,
  type LogEvent,
  readAccessLine,
  readEnvoyLine,
} from './event.ts';
import { ended, type Kept, keepRunning } from './keep.ts';
import { type KeptWorker, keepWorker } from './keep-worker.ts';
import { keepKillSwitch } from './kill-switch.ts';
import { readLines } from './lines.ts';
import { takeLock } from './lock.ts';
import { formatEvent, isIncluded, type Log, openLog } from './log.ts';
import { formatAddress, type RunOptions, StartError } from './options.ts';
import { openOutput } from './output.ts';
import { type Plan, stateLayout } from './plan.ts';
import type { When } from './prepare.ts';
import type { Records } from './records.ts';
import { reloadOn } from './reload.ts';
import type { ReloadState } from './reload-state.ts';
import { type StopRequest, watchStopSignals } from './stop.ts';
import { firstOfHost, webSocketHint } from './unread.ts';
import { watchFiles } from './watch.ts';

/** A slow disk and a cold Envoy with two workers took 2 s; past this something is wrong. */
const readyLimitMs = 30_000;
/** Most time for exchanges under way when the gateway is told to end; Kubernetes kills after 30 s. */
const drainLimitMs = 10_000;
/** Envoy took 1.7 s from SIGTERM to its end. */
const envoyGraceMs = 3_000;
const workerGraceMs = 1_000;
/**
 * Flags of the preparing process: by itself V8 would let its heap grow to 200 MB, beside a running gateway that has 256 in
 * all. It needs 80; the bound is where it would rather end. A heap that grows by tenths, on code that is kept small, keeps
 * the whole process 60 MB smaller.
 */
export const preparing = [
  ...['--max-semi-space-size=1', '--max-old-space-size=160'],
  ...['--optimize-for-size', '--heap-growing-percent=10'],
];
/** Events kept from before the start was complete. */
const mostHeld = 12;

/** Runs the gateway until it is told to end. Gives the exit code: 0 ended in order, 1 failed, 2 bad configuration. */
export async function supervise(options: RunOptions): Promise<number> {
  const stop = watchStopSignals();
  const layout = stateLayout(resolve(options.stateDirectory));
  let lock: Awaited<ReturnType<typeof takeLock>>;
  try {
    lock = await takeLock(layout.lockSocket);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  try {
    const prepared = await prepareApart(options, lock.recovered ? 'recover' : 'start', stop, (text) =>
      process.stderr.write(text),
    );
    return typeof prepared === 'number' ? prepared : await runGateway(prepared, options, stop);
  } finally {
    lock.release();
  }
}

/** The Plan, or the exit code where there is none. `onError` gets what it says on stderr. */
async function prepareApart(
  options: RunOptions,
  when: When,
  stop: StopRequest,
  onError: (text: string) => void,
): Promise<Plan | number> {
  const script = join(import.meta.dirname, 'prepare.ts');
  const child = spawnGuarded(process.execPath, [...preparing, script, JSON.stringify(options), when], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Threads of glibc would each keep freed memory of their own.
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  });
  stop.asked.then(() => signalGroup(child, 'SIGKILL'));
  let output = '';
  child.stderr!.setEncoding('utf8').on('data', onError);
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((settle, reject) => {
    child.once('error', reject);
    child.once('close', settle);
  });
  if (stop.requested) return 0;
  return code === 0 ? (JSON.parse(output) as Plan) : (code ?? 1);
}

async function runGateway(first: Plan, options: RunOptions, stop: StopRequest): Promise<number> {
  const output = openOutput(first.logging);
  let write = await openLog(formatOf(first, options), output.write);
  let plan = first;
  let leftOut = 0;
  const log: Log = (event) => {
    if (plan.emit && isEmitted(event)) worker.tellEvent(event);
    if (!isIncluded(event, plan.logging)) return;
    if (event.verdict === 'allow' && output.isFull) {
      leftOut++;
      return;
    }
    if (leftOut > 0)
      write({
        level: 'warn',
        event: 'log',
        message: `${leftOut} lines of allowed exchanges were left out: nobody reads as fast`,
      });
    leftOut = 0;
    write(event);
  };
  // What is said before all is up explains a failed start, and comes after the banner of one that succeeds.
  let held: LogEvent[] | undefined = [];
  const tell: Log = (event) => {
    if (!held) return log(event);
    held.push(event);
    if (held.length > mostHeld) held.shift();
  };
  const reload: ReloadState = { current: true, succeeded: 0, failed: 0, sinceMs: Date.now() };
  const killSwitch = keepKillSwitch(
    () => plan,
    tell,
    (by) => worker.tellStopped(by),
  );
  const worker: KeptWorker = keepWorker(
    () => ({ plan, reload, stoppedBy: killSwitch.thrownBy }),
    tell,
    (message) => {
      if (message.type === 'stop') killSwitch.set('api', message.isOn);
      const areRequired = plan.receipts?.isRequired === true;
      if (message.type === 'receipts') killSwitch.set('receipts', message.failure !== undefined && areRequired);
      if (message.type === 'written' && worker.records.waiting === 0) killSwitch.set('receipts', false);
    },
  );
  // What Envoy says while it ends is about its ending.
  const envoy = keepEnvoy(
    plan,
    worker.records,
    () => plan.logging.includesAllowed,
    () => plan.authority !== undefined,
    () => plan.webSocketHosts,
    (event) => {
      if (!stop.requested || event.event !== 'envoy') tell(event);
    },
  );

  let exitCode = 0;
  const failure = await waitReady(plan, worker, envoy, stop);
  if (failure !== undefined) {
    process.stderr.write(
      `penstock: ${failure}\n${held.map((event) => `  ${formatEvent(event, new Date())}\n`).join('')}`,
    );
    exitCode = 1;
  } else if (!stop.requested) {
    announce(plan, options, log);
    held.forEach(log);
    held = undefined;
    flushCompileCache();
    // The addresses as they were taken, where a port was left to the system.
    const settled = { ...options, listen: plan.listen.proxy, mcpListen: plan.listen.mcp };
    const watch = watchFiles(
      () => plan.sources,
      () =>
        reloadOn(plan, {
          ...{ state: reload, log, worker },
          adopt: async (next) => {
            plan = next;
            killSwitch.look(true);
            output.use(plan.logging);
            write = await openLog(formatOf(plan, options), output.write);
          },
          prepare: (onError) => prepareApart(settled, 'reload', stop, onError),
        }),
    );
    await stop.asked;
    watch.end();
    log({
      level: 'info',
      event: 'draining',
      message: 'draining: waiting for what is under way; a second signal ends at once',
    });
    await drainEnvoy(plan.runtime.adminSocket, drainLimitMs, stop.hurried);
  }
  const graceMs = (graceMs: number) => (stop.impatient ? 0 : graceMs);
  killSwitch.end();
  // Envoy first, since it would complain of a worker that is gone, and its last lines are to be recorded.
  await envoy.stop(graceMs(envoyGraceMs));
  await recorded(worker, graceMs(workerGraceMs));
  await worker.stop(graceMs(workerGraceMs));
  if (exitCode === 0) log({ level: 'info', event: 'stopped', message: 'stopped' });
  await output.end();
  return exitCode;
}

function keepEnvoy(
  plan: Plan,
  records: Records,
  logsAllowed: () => boolean,
  certificatesWanted: () => boolean,
  webSocketHosts: () => readonly string[],
  log: Log,
): Kept {
  const { path, args } = plan.envoy;
  const isFirst = firstOfHost();
  const start = () => {
    // Envoy makes it anew, and a left-over one would answer the supervisor with nothing.
    rmSync(plan.runtime.adminSocket, { force: true });
    const child = spawnGuarded(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.stdout) {
      readLines(child.stdout, (line) => {
        if (isExchangeLine(line)) {
          records.take(line);
          if (!logsAllowed() && isPlainlyAllowed(line)) return;
        }
        const event = readAccessLine(line);
        if (event.event !== 'unread') return log(event);
        if (!isFirst(String(event.host))) return;
        const hint = webSocketHint(String(event.host), webSocketHosts());
        log(hint === undefined ? event : { ...event, hint });
      });
    }
    if (child.stderr) {
      readLines(child.stderr, (line) => {
        const event = readEnvoyLine(line);
        if (event && (certificatesWanted() || !isAboutCertificates(event))) log(event);
      });
    }
    return child;
  };
  return keepRunning(start, (how, retryMs) => log(ended('Envoy', how, retryMs)));
}

/** Undefined when all is up or an end was asked for; else why it is not. */
async function waitReady(plan: Plan, worker: KeptWorker, envoy: Kept, stop: StopRequest) {
  const deadline = performance.now() + readyLimitMs;
  while (!stop.requested) {
    if (envoy.endings > 0) return 'Envoy does not start:';
    if (worker.endings > 0) return 'the control worker does not start:';
    const state = await listenersOf(plan);
    if (state === 'refused') return 'Envoy refuses its configuration:';
    if (state === 'up' && worker.ready) return undefined;
    if (performance.now() > deadline) return `not ready after ${readyLimitMs / 1000} s:`;
    await Promise.race([stop.asked, new Promise((settle) => setTimeout(settle, 50))]);
  }
  return undefined;
}

async function listenersOf(plan: Plan): Promise<'starting' | 'refused' | 'up'> {
  try {
    const filter = encodeURIComponent('^(listener_manager|cluster_manager)\\.');
    const stats = await askAdmin(plan.runtime.adminSocket, 'GET', `/stats/prometheus?filter=${filter}`, 1_000);
    if (sumMetric(stats.body, 'envoy_listener_manager_lds_update_rejected') > 0) return 'refused';
    if (sumMetric(stats.body, 'envoy_listener_manager_listener_create_failure') > 0) return 'refused';
    if (sumMetric(stats.body, 'envoy_cluster_manager_cds_update_rejected') > 0) return 'refused';
    if (sumMetric(stats.body, 'envoy_listener_manager_total_listeners_active') < plan.listeners) return 'starting';
    const ready = await askAdmin(plan.runtime.adminSocket, 'GET', '/ready', 1_000);
    return ready.status === 200 ? 'up' : 'starting';
  } catch {
    return 'starting';
  }
}

function formatOf({ logging }: Plan, { logFormat }: RunOptions): 'text' | 'json' {
  return logFormat ?? logging.format ?? (process.stdout.isTTY ? 'text' : 'json');
}

/** Settles when the worker has written what it was given, or after `limitMs`. */
async function recorded({ records }: KeptWorker, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (records.waiting > 0 && performance.now() < deadline) await new Promise((settle) => setTimeout(settle, 20));
}

function announce(plan: Plan, options: RunOptions, log: Log): void {
  if (formatOf(plan, options) === 'text') {
    process.stdout.write(banner(plan, process.cwd()));
    return;
  }
  for (const message of plan.notices) log({ level: 'warn', event: 'notice', message });
  log({
    level: 'info',
    event: 'ready',
    proxy: formatAddress(plan.listen.proxy),
    mcp: formatAddress(plan.listen.mcp),
    mcpUpstream: plan.mcpUpstream,
    ca: plan.authority?.certFile,
    mode: plan.mode,
    envoy: plan.envoy.version,
  });
}

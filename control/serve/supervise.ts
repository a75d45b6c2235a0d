/**
 * The supervisor: PID 1 of the gateway. Prepares (in a process of its own), starts Envoy and the control worker, keeps
 * both running, passes their log lines on, and ends them in order. It opens no TLS and reads no traffic.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { askAdmin, sumMetric } from './admin.ts';
import { banner } from './banner.ts';
import { guardChild, signalGroup, spawnGuarded } from './child.ts';
import { drainEnvoy } from './drain.ts';
import { type LogEvent, readAccessLine, readEnvoyLine } from './event.ts';
import { watchHeartbeat } from './heartbeat.ts';
import { type Kept, keepRunning } from './keep.ts';
import { readLines } from './lines.ts';
import { takeLock } from './lock.ts';
import { formatEvent, type Log, openLog } from './log.ts';
import { formatAddress, type RunOptions, StartError } from './options.ts';
import { type Plan, stateLayout } from './plan.ts';
import { type StopRequest, watchStopSignals } from './stop.ts';

/** A slow disk and a cold Envoy with two workers took 2 s; past this something is wrong. */
const readyLimitMs = 30_000;
/** Most time for exchanges under way when the gateway is told to end; Kubernetes kills after 30 s. */
const drainLimitMs = 10_000;
/** Envoy took 1.7 s from SIGTERM to its end. */
const envoyGraceMs = 3_000;
const workerGraceMs = 1_000;
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
    const prepared = await prepareApart(options, lock.recovered, stop);
    return typeof prepared === 'number' ? prepared : await runGateway(prepared, options, stop);
  } finally {
    lock.release();
  }
}

/** The Plan, or the exit code where there is none. */
async function prepareApart(options: RunOptions, recovered: boolean, stop: StopRequest): Promise<Plan | number> {
  const script = join(import.meta.dirname, 'prepare.ts');
  const child = spawnGuarded(process.execPath, [script, JSON.stringify(options), String(recovered)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stop.asked.then(() => signalGroup(child, 'SIGKILL'));
  let output = '';
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

async function runGateway(plan: Plan, options: RunOptions, stop: StopRequest): Promise<number> {
  const log = await openLog(options.logFormat, (line) => process.stdout.write(line));
  // What is said before all is up explains a failed start, and comes after the banner of one that succeeds.
  let held: LogEvent[] | undefined = [];
  const tell: Log = (event) => {
    if (!held) return log(event);
    held.push(event);
    if (held.length > mostHeld) held.shift();
  };
  const worker = keepWorker(plan, tell);
  // What Envoy says while it ends is about its ending.
  const envoy = keepEnvoy(plan, (event) => {
    if (!stop.requested || event.event !== 'envoy') tell(event);
  });

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
    await stop.asked;
    log({
      level: 'info',
      event: 'draining',
      message: 'draining: waiting for what is under way; a second signal ends at once',
    });
    await drainEnvoy(plan.runtime.adminSocket, drainLimitMs, stop.hurried);
  }
  const graceMs = (graceMs: number) => (stop.impatient ? 0 : graceMs);
  // Envoy first, since it would complain of a worker that is gone.
  await envoy.stop(graceMs(envoyGraceMs));
  await worker.stop(graceMs(workerGraceMs));
  if (exitCode === 0) log({ level: 'info', event: 'stopped', message: 'stopped' });
  return exitCode;
}

function keepEnvoy(plan: Plan, log: Log): Kept {
  const { path, args } = plan.envoy;
  const start = () => {
    // Envoy makes it anew, and a left-over one would answer the supervisor with nothing.
    rmSync(plan.runtime.adminSocket, { force: true });
    const child = spawnGuarded(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.stdout) readLines(child.stdout, (line) => log(readAccessLine(line)));
    if (child.stderr) {
      readLines(child.stderr, (line) => {
        const event = readEnvoyLine(line);
        if (event) log(event);
      });
    }
    return child;
  };
  return keepRunning(start, (how, retryMs) => log(ended('Envoy', how, retryMs)));
}

/** What the worker says to the supervisor over IPC. */
export type WorkerMessage =
  | { type: 'ready' }
  | { type: 'pong' }
  | { type: 'log'; level: LogEvent['level']; message: string };
/** What the supervisor says to the worker. */
export type SupervisorMessage = { type: 'start'; plan: Plan; restarts: number } | { type: 'ping' };

function keepWorker(plan: Plan, log: Log): Kept & { readonly ready: boolean } {
  const script = join(import.meta.dirname, 'worker.ts');
  let ready = false;
  let restarts = 0;
  const start = () => {
    const child = fork(script, {
      // A small young generation and a bound: idle it uses 15 MB, with 2,000 names some 40.
      execArgv: ['--max-semi-space-size=1', '--max-old-space-size=192'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    guardChild(child);
    const stray = (line: string) => log({ level: 'warn', event: 'control', message: `control: ${line}` });
    if (child.stdout) readLines(child.stdout, stray);
    if (child.stderr) readLines(child.stderr, stray);
    const heartbeat = watchHeartbeat(
      () => say(child, { type: 'ping' }),
      () => {
        log({ level: 'error', event: 'control', message: 'the control worker does not answer; it is replaced' });
        signalGroup(child, 'SIGKILL');
      },
    );
    child.on('message', (message: WorkerMessage) => {
      heartbeat.heard();
      if (message.type === 'ready') ready = true;
      if (message.type === 'ready' && restarts > 0) {
        log({ level: 'info', event: 'control', message: 'the control worker is back' });
      }
      if (message.type === 'log') log({ level: message.level, event: 'control', message: message.message });
    });
    child.once('exit', () => {
      heartbeat.end();
      ready = false;
      restarts++;
    });
    say(child, { type: 'start', plan, restarts });
    return child;
  };
  const kept = keepRunning(start, (how, retryMs) => log(ended('the control worker', how, retryMs)));
  return Object.defineProperty(kept as Kept & { ready: boolean }, 'ready', { get: () => ready });
}

function say(child: ChildProcess, message: SupervisorMessage): void {
  if (child.connected) child.send(message, () => {});
}

function ended(who: string, how: string, retryMs: number): LogEvent {
  const message = `${who} ended (${how}); starting it again in ${retryMs / 1000} s`;
  return { level: 'error', event: 'restart', message };
}

/** Undefined when all is up or an end was asked for; else why it is not. */
async function waitReady(plan: Plan, worker: Kept & { ready: boolean }, envoy: Kept, stop: StopRequest) {
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

function announce(plan: Plan, options: RunOptions, log: Log): void {
  if (options.logFormat === 'text') {
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

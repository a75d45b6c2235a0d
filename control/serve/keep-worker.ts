/** The control worker as the supervisor has it: forked, told what is in use, watched, and started again. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { guardChild, signalGroup } from './child.ts';
import type { LogEvent } from './event.ts';
import { watchHeartbeat } from './heartbeat.ts';
import { ended, type Kept, keepRunning } from './keep.ts';
import { readLines } from './lines.ts';
import type { Log } from './log.ts';
import type { Plan } from './plan.ts';
import { keepRecords, type NumberedLine, type Records } from './records.ts';
import type { ReloadState } from './reload-state.ts';

/** What the worker says to the supervisor over IPC. */
export type WorkerMessage =
  | { type: 'ready' }
  | { type: 'pong' }
  /** What is on the disk of the lines that it got. */
  | { type: 'written'; number: number }
  | { type: 'receipts'; failure: string | undefined }
  /** Somebody with the token throws the kill switch, or takes it back. */
  | { type: 'stop'; isOn: boolean }
  | { type: 'log'; level: LogEvent['level']; message: string };
/** What the supervisor says to the worker. */
export type SupervisorMessage =
  | { type: 'start'; plan: Plan; reload: ReloadState; stoppedBy: string[]; restarts: number; run: string }
  | { type: 'reload'; plan: Plan; reload: ReloadState }
  | { type: 'lines'; lines: NumberedLine[] }
  | { type: 'stopped'; by: string[] }
  | { type: 'event'; event: LogEvent }
  | { type: 'ping' };

/** The worker, kept running. */
export interface KeptWorker extends Kept {
  readonly ready: boolean;
  /** Tells it how the configuration stands. */
  tell(plan: Plan, reload: ReloadState): void;
  /** Gives it an event that is no exchange's, for those who are told of such. */
  tellEvent(event: LogEvent): void;
  /** Tells it by what the kill switch is thrown. */
  tellStopped(by: string[]): void;
  /** Takes lines of exchanges for it. */
  readonly records: Records;
}

/** Starts the worker and keeps it running; `inUse` gives what it is started with. */
export function keepWorker(
  inUse: () => { plan: Plan; reload: ReloadState; stoppedBy: string[] },
  log: Log,
  onMessage: (message: WorkerMessage) => void,
): KeptWorker {
  const script = join(import.meta.dirname, 'worker.ts');
  let ready = false;
  let restarts = 0;
  let current: ChildProcess | undefined;
  const run = randomUUID().slice(0, 8);
  const records = keepRecords(
    () => inUse().plan.receipts !== undefined || inUse().plan.emit !== undefined,
    (lines) => current !== undefined && ready && say(current, { type: 'lines', lines }),
    () => onMessage({ type: 'receipts', failure: 'too many wait for the control worker' }),
  );
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
    const watchdog = () => inUse().plan.watchdog;
    const heartbeat = watchHeartbeat(
      () => watchdog().silentSeconds,
      () => say(child, { type: 'ping' }),
      () => {
        const isReplaced = watchdog().replaces;
        const then = isReplaced ? 'it is replaced' : 'health_watchdog is off, so it stays';
        log({ level: 'error', event: 'control', message: `the control worker does not answer; ${then}` });
        if (isReplaced) signalGroup(child, 'SIGKILL');
      },
    );
    child.on('message', (message: WorkerMessage) => {
      heartbeat.heard();
      if (message.type === 'ready') {
        ready = true;
        records.begin();
      }
      records.heard(message);
      onMessage(message);
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
    say(child, { type: 'start', ...inUse(), restarts, run });
    current = child;
    return child;
  };
  const kept = keepRunning(start, (how, retryMs) => log(ended('the control worker', how, retryMs)));
  const tell = (plan: Plan, reload: ReloadState) => {
    if (kept.child) say(kept.child, { type: 'reload', plan, reload });
  };
  const tellEvent = (event: LogEvent) => {
    if (kept.child) say(kept.child, { type: 'event', event });
  };
  const tellStopped = (by: string[]) => {
    if (kept.child) say(kept.child, { type: 'stopped', by });
  };
  return Object.defineProperty(Object.assign(kept, { ready, tell, tellEvent, tellStopped, records }), 'ready', {
    get: () => ready,
  });
}

function say(child: ChildProcess, message: SupervisorMessage): boolean {
  if (!child.connected) return false;
  child.send(message, () => {});
  return true;
}

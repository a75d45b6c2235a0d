/** A child that is started again whenever it ends. */
import type { ChildProcess } from 'node:child_process';
import { ending, signalGroup } from './child.ts';
import type { LogEvent } from './event.ts';

/** Short enough that a single crash is hardly seen, and doubled each time so that a crash loop costs little. */
const firstDelayMs = 100;
const longestDelayMs = 5_000;
/** Alive for so long, a child counts as healthy, and its next end as a first one. */
const healthyMs = 30_000;

export interface Kept {
  /** The running child, if it runs. */
  readonly child: ChildProcess | undefined;
  /** How often it has ended by itself. */
  readonly endings: number;
  /** Ends the child and starts another at once: what it was started with has changed. */
  replace(): void;
  /** SIGTERM now, SIGKILL after `graceMs`; not started again. Settles when it has ended. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts a child and keeps it running until stop().
 * @param onEnd told how it ended and when it is started again, in milliseconds
 */
export function keepRunning(start: () => ChildProcess, onEnd: (how: string, retryMs: number) => void): Kept {
  let child: ChildProcess | undefined;
  let endings = 0;
  let delayMs = firstDelayMs;
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;
  let replacing: ChildProcess | undefined;

  const launch = () => {
    const startedMs = performance.now();
    const launched = start();
    child = launched;
    let over = false;
    const end = (how: string) => {
      if (over) return;
      over = true;
      child = undefined;
      if (stopped) return;
      if (replacing === launched) return launch();
      endings++;
      if (performance.now() - startedMs >= healthyMs) delayMs = firstDelayMs;
      onEnd(how, delayMs);
      retry = setTimeout(launch, delayMs);
      delayMs = Math.min(delayMs * 2, longestDelayMs);
    };
    launched.once('exit', (code, signal) => end(ending(code, signal)));
    launched.once('error', (error) => end(error.message));
  };
  launch();

  return {
    get child() {
      return child;
    },
    get endings() {
      return endings;
    },
    replace() {
      if (!child) return;
      replacing = child;
      signalGroup(child, 'SIGTERM');
    },
    async stop(graceMs) {
      stopped = true;
      clearTimeout(retry);
      const last = child;
      if (!last) return;
      const ended = new Promise<void>((settle) => last.once('exit', () => settle()));
      signalGroup(last, 'SIGTERM');
      const kill = setTimeout(() => signalGroup(last, 'SIGKILL'), graceMs);
      await ended;
      clearTimeout(kill);
    },
  };
}

/** What is logged when a child has ended by itself. */
export function ended(who: string, how: string, retryMs: number): LogEvent {
  const message = `${who} ended (${how}); starting it again in ${retryMs / 1000} s`;
  return { level: 'error', event: 'restart', message };
}

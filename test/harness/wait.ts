import { setTimeout as sleep } from 'node:timers/promises';

/** Most milliseconds a wait takes unless its caller says otherwise: generous, for machines under load. */
const patienceMillis = 10_000;
/** Short enough not to be noticed in a test's length, long enough not to load the machine. */
const pollMillis = 20;

/**
 * Asks until the answer is neither undefined nor false, and gives it. Throws after `withinMillis`, naming `what` it
 * waited for.
 */
export async function waitFor<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  withinMillis = patienceMillis,
): Promise<T> {
  const end = performance.now() + withinMillis;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`waited ${withinMillis} ms for ${what}`);
    await sleep(pollMillis);
  }
}

/** The promise's value, or an error that names `what` when it is not there after `withinMillis`. */
export async function within<T>(what: string, promise: Promise<T>, withinMillis = patienceMillis): Promise<T> {
  const end = new AbortController();
  const late = sleep(withinMillis, undefined, { signal: end.signal }).then(() => {
    throw new Error(`waited ${withinMillis} ms for ${what}`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    end.abort();
  }
}

/** A gate that a scripted origin waits at until the test opens it. */
export class Gate {
  private release: () => void = () => {};
  private readonly opened = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  open(): void {
    this.release();
  }

  /** Resolves once the gate is open. */
  passed(): Promise<void> {
    return this.opened;
  }
}

/** SIGTERM and SIGINT as requests to end. */

/**
 * npm hands the terminal's Ctrl-C on to a script that has had it already: a second signal this soon after the first is
 * that one, not an impatient person.
 */
const sameMs = 400;

export interface StopRequest {
  /** Settles at the first signal. */
  asked: Promise<void>;
  /** Settles at the second. */
  hurried: Promise<void>;
  readonly requested: boolean;
  readonly impatient: boolean;
}

/** Watches the signals of this process from the first call on, for its life. */
export function watchStopSignals(): StopRequest {
  const asked = Promise.withResolvers<void>();
  const hurried = Promise.withResolvers<void>();
  let firstMs: number | undefined;
  let impatient = false;
  const onSignal = () => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      asked.resolve();
    } else if (nowMs - firstMs > sameMs) {
      impatient = true;
      hurried.resolve();
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    asked: asked.promise,
    hurried: hurried.promise,
    get requested() {
      return firstMs !== undefined;
    },
    get impatient() {
      return impatient;
    },
  };
}

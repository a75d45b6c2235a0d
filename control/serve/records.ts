/**
 * What becomes of an exchange's line besides the log: receipts. The supervisor hands the lines on as they come from Envoy, keeps
 * those that are not known to be written, and gives them again to a worker that has been replaced.
 */
import type { WorkerMessage } from './keep-worker.ts';

/** Lines that are kept for a worker that is away: some seconds of a busy gateway, some 10 MB. */
const mostKept = 20_000;

/** A line with its number: those that a worker that ended had written already are known by it. */
export interface NumberedLine {
  number: number;
  line: string;
}

export interface Records {
  /** Takes a line of Envoy's access log that is about an exchange. */
  take(line: string): void;
  /** A worker has started: it gets all that is not known to be written. */
  begin(): void;
  heard(message: WorkerMessage): void;
  readonly waiting: number;
  readonly dropped: number;
}

/**
 * @param isWanted whether anybody wants them
 * @param say gives lines to the worker; false where there is none
 * @param onFull told when a line could not be kept
 */
export function keepRecords(
  isWanted: () => boolean,
  say: (lines: NumberedLine[]) => boolean,
  onFull: () => void,
): Records {
  let number = 0;
  let kept: NumberedLine[] = [];
  let unsaid = 0;
  let dropped = 0;
  let isScheduled = false;
  const flush = () => {
    isScheduled = false;
    const lines = kept.slice(kept.length - unsaid);
    if (lines.length > 0 && say(lines)) unsaid = 0;
  };
  return {
    take(line) {
      if (!isWanted()) return;
      if (kept.length >= mostKept) {
        dropped++;
        onFull();
        return;
      }
      kept.push({ number: ++number, line });
      unsaid++;
      // All lines of a chunk go in one message.
      if (!isScheduled) setImmediate(flush);
      isScheduled = true;
    },
    begin() {
      unsaid = kept.length;
      flush();
    },
    heard(message) {
      if (message.type !== 'written') return;
      const done = kept.findIndex(({ number }) => number > message.number);
      kept = done < 0 ? [] : kept.slice(done);
      unsaid = Math.min(unsaid, kept.length);
    },
    get waiting() {
      return kept.length;
    },
    get dropped() {
      return dropped;
    },
  };
}

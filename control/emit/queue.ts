/** A bounded queue before a receiver that may be slow or away: what has no room is dropped and counted, nobody waits for it. */

/** Tries of one batch; a receiver that restarts is back by the last. */
const retryMs = [250, 1_000, 4_000];
/** Most that go out together. */
const batch = 64;

export interface Queue<T> {
  add(item: T): void;
  readonly sent: number;
  readonly dropped: number;
}

/** @param send gives a batch to the receiver; throws where it was not taken */
export function createQueue<T>(size: number, send: (items: readonly T[]) => Promise<void>): Queue<T> {
  let waiting: T[] = [];
  let isBusy = false;
  const counts = { sent: 0, dropped: 0 };
  const deliver = async (items: readonly T[]): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      try {
        await send(items);
        counts.sent += items.length;
        return;
      } catch {
        const pauseMs = retryMs[attempt];
        if (pauseMs === undefined) {
          counts.dropped += items.length;
          return;
        }
        await new Promise((settle) => setTimeout(settle, pauseMs).unref());
      }
    }
  };
  const run = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    while (waiting.length > 0) {
      const items = waiting.slice(0, batch);
      waiting = waiting.slice(items.length);
      await deliver(items);
    }
    isBusy = false;
  };
  return {
    add(item) {
      if (waiting.length >= size) {
        counts.dropped++;
        return;
      }
      waiting.push(item);
      // What comes in one turn goes out together.
      queueMicrotask(() => void run());
    },
    get sent() {
      return counts.sent;
    },
    get dropped() {
      return counts.dropped;
    },
  };
}

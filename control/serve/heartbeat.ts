/** Notices a child that lives and does nothing: stopped, or in an endless loop. */

const beatMs = 500;
/** A child that starts loads its code first: 15 s on a slow disk. */
const startBeats = 30;

export interface Heartbeat {
  /** The child said something. */
  heard(): void;
  end(): void;
}

/**
 * Calls `beat` at each beat, and `onSilence` once where the child has not been heard for longer than `silentSeconds`.
 * Counted in beats: after a laptop's sleep the clock has jumped and the child has missed nothing.
 */
export function watchHeartbeat(silentSeconds: () => number, beat: () => void, onSilence: () => void): Heartbeat {
  let isStarted = false;
  let silent = 0;
  const timer = setInterval(() => {
    const silentBeats = Math.ceil((silentSeconds() * 1_000) / beatMs) + 1;
    if (++silent > (isStarted ? silentBeats : Math.max(startBeats, silentBeats))) {
      clearInterval(timer);
      onSilence();
    } else {
      beat();
    }
  }, beatMs);
  return {
    heard() {
      silent = 0;
      isStarted = true;
    },
    end: () => clearInterval(timer),
  };
}

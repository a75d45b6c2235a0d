/** Notices a child that lives and does nothing: stopped, or in an endless loop. */

const beatMs = 500;
/**
 * Beats without a word before the child counts as hung: 2.5 s, so that noticing and starting a new one stay within 5 s.
 * Beats, not time: after a laptop's sleep the clock has jumped and the child has missed nothing.
 */
const silentBeats = 5;
/** A child that starts loads its code first: 15 s on a slow disk. */
const startBeats = 30;

export interface Heartbeat {
  /** The child said something. */
  heard(): void;
  end(): void;
}

/** Calls `beat` at each beat, and `onSilence` once where the child has not been heard for too long. */
export function watchHeartbeat(beat: () => void, onSilence: () => void): Heartbeat {
  let allowed = startBeats;
  let silent = 0;
  const timer = setInterval(() => {
    if (++silent > allowed) {
      clearInterval(timer);
      onSilence();
    } else {
      beat();
    }
  }, beatMs);
  return {
    heard() {
      silent = 0;
      allowed = silentBeats;
    },
    end: () => clearInterval(timer),
  };
}

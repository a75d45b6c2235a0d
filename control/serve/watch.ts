/** Sees that one of some files has changed, however it was written: in place, renamed over, or as kubelet swaps a ConfigMap. */

import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/**
 * Kubelet replaces a symbolic link two directories above the file, which file system events miss or report for something
 * else. Looking costs some microseconds.
 */
const pollMs = 250;

/**
 * Calls `onChange` when the files' content or mode has become another, and has been the same twice in a row: an editor may be
 * halfway. While `onChange` runs nothing is looked at.
 * @param files paths; one that is missing counts as empty
 */
export function watchFiles(files: () => readonly string[], onChange: () => Promise<void>): { end(): void } {
  let inUse = digest(files());
  let lastSeen = inUse;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const look = async () => {
    const seen = digest(files());
    if (seen !== inUse && seen === lastSeen) {
      inUse = seen;
      await onChange();
    }
    lastSeen = seen;
    if (!ended) timer = setTimeout(look, pollMs);
  };
  timer = setTimeout(look, pollMs);
  return {
    end() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

function digest(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) {
    try {
      // One that was refused for who may read it is looked at again when that has changed.
      hash
        .update(`${statSync(file).mode} `)
        .update(readFileSync(file))
        .update('\0');
    } catch {
      hash.update('\0missing\0');
    }
  }
  return hash.digest('base64');
}

/** The kill switch as the supervisor has it: what throws it, and the files by which Envoy hears of it. */
import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from './log.ts';
import type { Plan } from './plan.ts';

/** Envoy takes a file within milliseconds; with a look this often the whole is far below a second. */
const lookMs = 200;

/** What can throw it: the configuration, a file, somebody with the token, receipts that are required and cannot be written. */
export type StopSource = 'config' | 'sentinel' | 'api' | 'receipts';

export interface KillSwitch {
  readonly thrownBy: StopSource[];
  set(source: StopSource, isOn: boolean): void;
  /** Looks now. @param anew gives Envoy the files again: they have changed */
  look(anew: boolean): void;
  end(): void;
}

/** Keeps the switch. `onChange` is told by what it is thrown. */
export function keepKillSwitch(plan: () => Plan, log: Log, onChange: (by: StopSource[]) => void): KillSwitch {
  const sources = new Set<StopSource>();
  let isThrown = false;

  const put = () => {
    const { directory } = plan().runtime;
    const state = isThrown ? 'on' : 'off';
    // `stop` first: what `cut` cuts must not come back in between.
    for (const name of ['stop', 'cut']) {
      const next = join(directory, `${name}.next`);
      copyFileSync(join(directory, `${name}-${state}.yaml`), next);
      renameSync(next, join(directory, name, `${name}.yaml`));
    }
  };
  const settle = (before: string, anew: boolean) => {
    const by = [...sources].sort();
    const isChanged = by.join() !== before;
    const wasThrown = isThrown;
    isThrown = by.length > 0 && plan().stop !== undefined;
    if ((isThrown !== wasThrown || anew) && plan().stop !== undefined) put();
    if (!isChanged) return;
    const message = isThrown ? `all traffic is stopped, by ${by.join(', ')}` : 'traffic goes on';
    log({ level: 'warn', event: 'kill-switch', active: isThrown, sources: by, message });
    onChange(by);
  };
  const set = (source: StopSource, isOn: boolean, anew = false) => {
    const before = [...sources].sort().join();
    if (isOn) sources.add(source);
    else sources.delete(source);
    settle(before, anew);
  };
  const look = (anew: boolean) => {
    const { stop } = plan();
    set('config', stop?.isOn === true);
    set('sentinel', stop !== undefined && stop.sentinelFile !== '' && existsSync(stop.sentinelFile), anew);
  };
  look(false);
  const timer = setInterval(() => look(false), lookMs);
  return {
    get thrownBy() {
      return [...sources].sort();
    },
    set,
    look,
    end: () => clearInterval(timer),
  };
}

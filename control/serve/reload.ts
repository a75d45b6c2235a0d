/** A changed configuration: prepared apart, handed to Envoy and to the worker; a bad one changes nothing and is told of. */
import { isDeepStrictEqual } from 'node:util';
import { applyNext } from './apply.ts';
import type { KeptWorker } from './keep-worker.ts';
import type { Log } from './log.ts';
import type { Plan } from './plan.ts';
import type { ReloadState } from './reload-state.ts';

export interface ReloadContext {
  /** Changed in place. */
  state: ReloadState;
  log: Log;
  worker: KeptWorker;
  /** Makes it the plan in use. */
  adopt(next: Plan): void | Promise<void>;
  /** Runs the stages in a process of their own; `onError` gets what it says. Gives an exit code where they fail. */
  prepare(onError: (text: string) => void): Promise<Plan | number>;
}

/** Puts the changed configuration in use, or says why not. `plan` is the one in use. */
export async function reloadOn(plan: Plan, { state, log, worker, adopt, prepare }: ReloadContext): Promise<void> {
  let said = '';
  const prepared = await prepare((text) => {
    said += text;
  });
  // The gateway is told to end.
  if (prepared === 0) return;
  const problem =
    typeof prepared === 'number'
      ? said.trim() || `preparing it ended with ${prepared}`
      : await applyNext(plan.runtime).catch((error: Error) => error.message);
  if (problem !== undefined || typeof prepared === 'number') {
    state.current = false;
    state.failed++;
    worker.tell(plan, state);
    log({
      level: 'error',
      event: 'reload-refused',
      message: `the configuration has changed and is refused; the last good one stays in use: ${problem}`,
    });
    return;
  }
  Object.assign(state, { current: true, succeeded: state.succeeded + 1, sinceMs: Date.now() });
  const next: Plan = { ...prepared, envoy: plan.envoy };
  // Leaves are made with another CA or for another time, or something of the worker's own listens elsewhere: the worker begins anew, and Envoy keeps
  // what it holds meanwhile.
  await adopt(next);
  const isSame = (key: 'authority' | 'receipts' | 'stop' | 'metricsListen' | 'emit') =>
    isDeepStrictEqual(plan[key], next[key]);
  if (isSame('authority') && isSame('receipts') && isSame('stop') && isSame('metricsListen') && isSame('emit'))
    worker.tell(next, state);
  else worker.replace();
  for (const message of next.notices.filter((notice) => !plan.notices.includes(notice))) {
    log({ level: 'warn', event: 'notice', message });
  }
  const anew = newListeners(plan, next);
  const isAnew =
    anew.length === 0
      ? ''
      : `; ${anew.join(', ')} ${anew.length === 1 ? 'listens' : 'listen'} anew for it, and connections that are open go on as they began`;
  log({
    level: 'info',
    event: 'reload',
    message: `the changed configuration is in use${isAnew}`,
    mode: next.mode,
    ...(anew.length > 0 && { listeners: anew }),
  });
}

/**
 * Listeners that a change begins anew or ends: Envoy's by name, where anything of theirs but policy changed; the worker's own
 * by key, where their address did.
 */
export function newListeners(
  plan: Pick<Plan, 'listenerDigests' | 'metricsListen' | 'stop'>,
  next: Pick<Plan, 'listenerDigests' | 'metricsListen' | 'stop'>,
): string[] {
  const names = new Set([...Object.keys(plan.listenerDigests), ...Object.keys(next.listenerDigests)]);
  const changed = [...names].filter((name) => plan.listenerDigests[name] !== next.listenerDigests[name]);
  const own = {
    metrics_listen: [plan.metricsListen, next.metricsListen],
    'kill_switch.api_listen': [plan.stop?.api?.listen, next.stop?.api?.listen],
  };
  const moved = Object.entries(own).filter(([, [one, other]]) => !isDeepStrictEqual(one, other));
  return [...changed, ...moved.map(([key]) => key)];
}

/** The kill switch's files, written by the preparing process: what throws it, and what takes it back. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { IpRange } from '../policy/policy.ts';
import { renderStop, stopFile } from '../render/stop.ts';
import { parseListen, StartError } from './options.ts';
import type { Plan, StopPlan } from './plan.ts';

/** What the configuration wants of the switch. The token may come from the environment, where Pipelock has it too. */
export function stopPlan(
  section: Config['kill_switch'],
  receiptsRequired: boolean,
  env: NodeJS.ProcessEnv,
): StopPlan | undefined {
  const { enabled, sentinel_file, api_listen, api_token } = section;
  if (!enabled && sentinel_file === '' && api_listen === '' && !receiptsRequired) return undefined;
  const token = api_token || env.PIPELOCK_KILLSWITCH_API_TOKEN || '';
  if (api_listen !== '' && token === '') {
    const remedy = 'give one in api_token or in $PIPELOCK_KILLSWITCH_API_TOKEN';
    throw new StartError([`kill_switch.api_listen: there is no token that callers have to show; ${remedy}`]);
  }
  const api = api_listen === '' ? undefined : { listen: parseListen(api_listen, 'kill_switch.api_listen'), token };
  return { isOn: enabled, sentinelFile: sentinel_file, api };
}

/**
 * Writes both states beside the folders that Envoy watches, and the folders where they are not there yet. They begin as not
 * thrown; the supervisor throws the switch before anything passes (kill-switch.ts).
 */
export function writeStopFiles(allowed: IpRange[], runtime: Plan['runtime']): void {
  const files = renderStop(allowed, runtime);
  for (const name of ['stop', 'cut'] as const) {
    for (const state of ['on', 'off'] as const) replaceFile(stateFile(runtime, name, state), files[name][state]);
    const file = stopFile(runtime, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (!existsSync(file)) replaceFile(file, files[name].off);
  }
}

/** Where the text of a state waits. */
export function stateFile(runtime: Plan['runtime'], name: 'stop' | 'cut', state: 'on' | 'off'): string {
  return join(runtime.directory, `${name}-${state}.yaml`);
}

function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.next`, text, { mode: 0o600 });
  renameSync(`${file}.next`, file);
}

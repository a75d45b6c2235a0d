import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { descendants, isAlive } from './process-tree.ts';

/** The checkout that is tested. */
export const checkout = join(import.meta.dirname, '../..');

export interface Finished {
  exit: number;
  stdout: string;
  stderr: string;
}

/** Runs a `penstock` command to its end; kills it after `withinMillis` and then gives exit -1. */
export async function penstock(
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; withinMillis?: number } = {},
): Promise<Finished> {
  const child = spawn(join(checkout, 'node_modules/.bin/node'), [join(checkout, 'control/main.ts'), ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: cleanEnvironment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const below = new Set<number>();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    for (const entry of descendants(child.pid ?? 0)) below.add(entry.pid);
    child.kill('SIGKILL');
    for (const pid of below) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }, options.withinMillis ?? 30_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { exit: late ? -1 : (code ?? -1), stdout, stderr };
}

/** The environment without what would send the gateway's or a client's traffic elsewhere. */
export function cleanEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(https?|no|all)_proxy$|^SSL_CERT|^NODE_|^VITEST|^FORCE_COLOR$/i.test(name)) env[name] = value;
  }
  return { ...env, ...more };
}

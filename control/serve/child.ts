/** Children that cannot outlive the supervisor, however it ends. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/**
 * What a guard runs: its stdin is a pipe that only the supervisor holds, so `read` returns when the supervisor is gone,
 * by SIGKILL too, and the child's process group goes with it. Needs nothing but a POSIX shell, on Linux and macOS alike.
 */
const guardScript = 'read -r _; kill -s KILL -- "-$1"';

/**
 * Spawns a child as leader of its own process group (a Ctrl-C in the terminal reaches only the supervisor) with a guard
 * beside it. A command that cannot be run is the child's 'error' event, as with spawn().
 */
export function spawnGuarded(command: string, args: string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, { ...options, detached: true });
  guardChild(child);
  return child;
}

/** Puts a guard beside a child that leads its own process group (spawned with `detached`). */
export function guardChild(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const guard = spawn('sh', ['-c', guardScript, 'guard', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => {});
  guard.stdin!.on('error', () => {});
  // The guard ends first when the child ends, so that it can never meet a process that got the same id later.
  child.once('exit', () => guard.kill('SIGKILL'));
}

/** Sends a signal to a child's process group; a group that is gone is no error. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {}
}

/** How a child ended, for people: "exit code 1", "SIGKILL". */
export function ending(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? `exit code ${code}`;
}

/**
 * A handler: a program of the operator's that answers a call of a tool in the server's place (docs/redirect.md). It gets the
 * call as JSON on its stdin and nothing else: no shell, no environment, no descriptor of ours, the root as its directory.
 */
import { type ChildProcess, spawn } from 'node:child_process';

export interface Handler {
  /** Its name in pipelock.yaml. */
  profile: string;
  /** The program, an absolute path, and its arguments. */
  exec: string[];
  /** What the operator says of it, handed on to it. */
  reason: string;
}

/** From when a call is there to the handler's end, its wait for a turn included. Shorter than the filter waits (filter/action/redirect.ts). */
export const handlerLimitMs = 10_000;
/** What is held of a call, and of an answer: many times what a model reads of a tool. */
export const mostBytes = 2 ** 20;

/** What the handler wrote, or why that is no answer: never a byte of it, since the log shows this. */
export type Outcome = { output: Buffer } | { failure: string };

/** @param guard sees to it that the process group ends when this process does */
export interface HandlerRun {
  handler: Handler;
  input: string;
  limitMs: number;
  guard(child: ChildProcess): void;
}

/** Runs the handler to its end, or ends it and all that it started. */
export function runHandler({ handler, input, limitMs, guard }: HandlerRun): Promise<Outcome> {
  const [program, ...args] = handler.exec as [string, ...string[]];
  return new Promise((settle) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let failure: string | undefined;
    const child = spawn(program, args, {
      cwd: '/',
      env: {},
      // stderr may hold what the call holds, and nobody who may not see that reads our log.
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    const end = (why?: string) => {
      failure ??= why;
      killGroup(child);
    };
    const timer = setTimeout(() => end(`no end within ${limitMs} ms`), limitMs);
    guard(child);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      settle({ failure: `cannot be run: ${error.code ?? error.message}` });
    });
    // What it has left behind goes with it; so stdout comes to its end.
    child.once('exit', () => end());
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > mostBytes) end(`over ${mostBytes} bytes of output`);
      else chunks.push(chunk);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (failure === undefined && code !== 0) failure = signal ?? `exit code ${code}`;
      settle(failure === undefined ? { output: Buffer.concat(chunks) } : { failure });
    });
    // It need not read the call.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

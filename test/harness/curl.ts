import { spawn } from 'node:child_process';

export interface CurlResult {
  /** curl's exit code: 0 done, 22 --fail saw an error status, 56 or 60 TLS and tunnel trouble (man curl, EXIT CODES). */
  exit: number;
  stdout: string;
  stderr: string;
}

/** Runs curl, a client that is not ours. `input` goes to its standard input (use `--data-binary @-`). */
export function curl(args: string[], input?: string | Uint8Array): Promise<CurlResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('curl', ['--silent', '--show-error', '--max-time', '30', ...args], {
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', (error) => reject(new Error(`curl: ${error.message}; install curl`)));
    child.on('close', (exit) =>
      resolve({ exit: exit ?? -1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

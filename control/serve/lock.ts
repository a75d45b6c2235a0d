/**
 * One gateway to a state directory. The lock is a Unix socket that its holder listens on: the kernel drops it with its
 * holder, whatever ended it, and no process id that another process may have by now has to be trusted.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { StartError } from './options.ts';

/** sun_path is 104 bytes on macOS and 108 on Linux, with the zero at its end. */
const maxSocketPathBytes = 103;

export interface Lock {
  /** True where a gateway before this one did not end in order. */
  recovered: boolean;
  release(): void;
}

/**
 * Takes the lock of a state directory; makes the directories above the socket (0700) where they are missing.
 * @throws StartError where another gateway has it, or where it cannot be made
 */
export async function takeLock(socketPath: string): Promise<Lock> {
  // Every socket of the gateway lies beside this one; control.sock is the longest name.
  const longest = `${dirname(socketPath)}/control.sock`;
  const bytes = Buffer.byteLength(longest);
  if (bytes > maxSocketPathBytes) {
    throw new StartError([
      `--state-dir: the socket ${longest} would have ${bytes} bytes, and a socket path has at most ${maxSocketPathBytes}; choose a shorter directory`,
    ]);
  }
  const directory = dirname(socketPath);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
  } catch (error) {
    throw notWritable(directory, error as NodeJS.ErrnoException);
  }

  let recovered = false;
  // Twice, because a socket left behind by a killed gateway is removed and then taken.
  for (const last of [false, true]) {
    const server = createServer((client) => client.on('error', () => {}).end(`${process.pid}\n`));
    const problem = await listen(server, socketPath);
    if (problem === undefined) {
      server.unref();
      return { recovered, release: () => void server.close() };
    }
    if (problem.code !== 'EADDRINUSE') throw notWritable(directory, problem);
    const holder = await askHolder(socketPath);
    if (holder !== undefined || last) {
      const who = holder ? ` (process ${holder})` : '';
      throw new StartError([
        `--state-dir: another gateway${who} is running on ${dirname(directory)}; end it, or choose another directory`,
      ]);
    }
    rmSync(socketPath, { force: true });
    recovered = true;
  }
  throw new Error('unreachable');
}

function listen(server: Server, path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((settle) => {
    server.once('error', settle);
    server.listen(path, () => settle(undefined));
  });
}

/** The process id of whoever listens, empty if it does not answer; undefined where nobody listens. */
function askHolder(path: string): Promise<string | undefined> {
  return new Promise((settle) => {
    let answer = '';
    const socket = connect(path);
    // A holder that is stopped answers nothing, and holds all the same.
    socket.setTimeout(500, () => {
      socket.destroy();
      settle(answer);
    });
    socket.on('data', (chunk) => {
      answer = (answer + chunk).slice(0, 20);
    });
    socket.on('end', () => settle(answer.replace(/\D/g, '')));
    socket.on('error', () => settle(undefined));
  });
}

function notWritable(directory: string, { code, message }: NodeJS.ErrnoException): StartError {
  const what = code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'cannot be written' : message;
  return new StartError([`--state-dir: ${directory} ${what}; choose a directory that this user can write to`]);
}

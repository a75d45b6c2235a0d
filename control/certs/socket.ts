/** Listening on a Unix socket that only this user may open. */
import { lstatSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';

export type SocketErrorCode = 'socket-path-long' | 'socket-in-use' | 'socket-not-a-socket' | 'socket-not-writable';

/** Why a socket cannot be listened on; the message says what to do. */
export class SocketError extends Error {
  override name = 'SocketError';
  readonly code: SocketErrorCode;
  constructor(code: SocketErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Longest path that every system takes: macOS has 104 bytes with the final NUL (sys/un.h), Linux 108. */
const maxPathBytes = 103;

/**
 * Listens on `path`, with mode 0600. A socket file that is left over from a process that is gone is replaced; one that
 * somebody listens on is not. Throws SocketError.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new SocketError(
      'socket-path-long',
      `${path}: longer than ${maxPathBytes} bytes, which a socket cannot be; choose a shorter state directory`,
    );
  }
  await removeStale(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(inUse(path));
      else {
        const what = `${path}: cannot be made (${error.code}); choose a state directory that this user may write`;
        reject(new SocketError('socket-not-writable', what));
      }
    });
    // The mode is set as the file is made: listen() binds a path before it returns.
    const before = process.umask(0o177);
    try {
      server.listen(path, resolve);
    } finally {
      process.umask(before);
    }
  });
}

async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw new SocketError('socket-not-a-socket', `${path}: exists and is no socket; move it away`);
  }
  if (await isListenedOn(path)) throw inUse(path);
  rmSync(path, { force: true });
}

function isListenedOn(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Only a refusal says that nobody is there; anything else (a full queue, no permission) says that somebody may be.
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

function inUse(path: string): SocketError {
  return new SocketError(
    'socket-in-use',
    `${path}: another process serves there; stop it, or choose another state directory`,
  );
}

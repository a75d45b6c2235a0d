/** Where log lines go: stdout, a file, or both. */
import { closeSync, createWriteStream, openSync, statSync, type WriteStream } from 'node:fs';
import type { Logging } from './log.ts';
import { StartError } from './options.ts';

/** Bytes that a slow reader may leave waiting; past it lines of allowed exchanges are left out, and counted. */
const mostWaitingBytes = 4 * 1024 * 1024;
/** How soon a file that a rotation has moved away is opened anew. */
const lookMs = 1_000;

export interface Output {
  /** Takes a whole line with its newline. */
  write(line: string): void;
  /** True where readers are too slow for more than what matters. */
  readonly isFull: boolean;
  /** Goes on as the configuration now wants. */
  use(logging: Logging): void;
  /** Settles when the file has everything. */
  end(): Promise<void>;
}

/** Opens the output. A file that cannot be written is told of on stderr, once, and stdout has the lines. */
export function openOutput(logging: Logging): Output {
  let wanted = logging;
  let file: WriteStream | undefined;
  let inode: number | undefined;
  let isBroken = false;

  const open = () => {
    inode = undefined;
    if (wanted.output === 'stdout') return;
    const stream = createWriteStream(wanted.file, { flags: 'a', mode: 0o640 });
    file = stream;
    isBroken = false;
    stream.on('open', () => {
      inode = inodeOf(wanted.file);
    });
    stream.on('error', (error) => {
      if (file !== stream || isBroken) return;
      isBroken = true;
      process.stderr.write(`penstock: logging.file: ${error.message}; lines go to stdout\n`);
    });
  };
  const close = () => {
    const last = file;
    file = undefined;
    return new Promise<void>((settle) => (last && !last.destroyed ? last.end(() => settle()) : settle()));
  };
  const timer = setInterval(() => {
    if (file === undefined || (inode !== undefined && inodeOf(wanted.file) === inode)) return;
    void close();
    open();
  }, lookMs);
  timer.unref();
  open();

  return {
    write(line) {
      if (file && !isBroken) file.write(line);
      if (wanted.output !== 'file' || isBroken) process.stdout.write(line);
    },
    get isFull() {
      return Math.max(process.stdout.writableLength, file?.writableLength ?? 0) > mostWaitingBytes;
    },
    use(next) {
      if (next.output === wanted.output && next.file === wanted.file) return;
      wanted = next;
      void close();
      open();
    },
    async end() {
      clearInterval(timer);
      await close();
    },
  };
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** @throws StartError where the log could not be written */
export function requireLogFile({ output, file }: Pick<Logging, 'output' | 'file'>): void {
  if (output === 'stdout') return;
  try {
    closeSync(openSync(file, 'a', 0o640));
  } catch (error) {
    const remedy = 'name a file in a directory that this user can write to';
    throw new StartError([`logging.file: ${file}: ${(error as Error).message}; ${remedy}`]);
  }
}

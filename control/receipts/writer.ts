/** Writes receipts: appended in groups, each group on the disk before anybody is told that it is written. */
import type { KeyObject } from 'node:crypto';
import { closeSync, fdatasync, fsyncSync, ftruncateSync, openSync, readdirSync, readFileSync, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { addLine, type Link, type Receipt, readLine, start } from './chain.ts';

/** A file of this size verifies in some ten seconds. */
const mostFileBytes = 64 * 1024 * 1024;
/** Receipts that wait for the disk; some seconds of a busy gateway. */
const mostWaiting = 20_000;
/** A full disk may be given room at any time. */
const retryMs = 500;

const writeTo = promisify(write) as (fd: number, bytes: Buffer, at: number) => Promise<{ bytesWritten: number }>;
const sync = promisify(fdatasync);

export interface ReceiptWriter {
  /** Takes receipts, in order. False where so many wait already that they are dropped. */
  add(receipts: readonly Receipt[]): boolean;
  /** Why nothing can be written at present. */
  readonly failure: string | undefined;
  readonly written: number;
  readonly dropped: number;
  /** The receipt that was written last, by an earlier process too. */
  readonly last: Receipt | undefined;
}

export interface WriterOptions {
  directory: string;
  /** Names this gateway's files among those of others: a chain has one writer. */
  instance: string;
  key: KeyObject;
  /** Told when receipts are on the disk, and when that fails or works again. */
  onWritten(count: number): void;
  onFailure(failure: string | undefined): void;
  fileBytes?: number;
}

/**
 * Opens the writer; goes on with the chain of the newest file, whose last line, if it was not finished, is cut off.
 * @throws Error where the directory cannot be read or written to
 */
export function openReceipts(options: WriterOptions): ReceiptWriter {
  const { directory, instance, key, onWritten, onFailure, fileBytes = mostFileBytes } = options;
  const prefix = `receipts-${instance}-`;
  const names = readdirSync(directory)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.jsonl'))
    .sort();
  const newest = names.at(-1);
  const found = recover(
    names.map((name) => join(directory, name)),
    key,
  );
  let link: Link = found?.link ?? start;
  let size = found?.size ?? 0;
  let fd = newest === undefined ? undefined : openSync(join(directory, newest), 'a');
  if (fd !== undefined) ftruncateSync(fd, size);
  const state = { failure: undefined as string | undefined, written: 0, dropped: 0, last: found?.last };
  let waiting: Receipt[] = [];
  let isBusy = false;

  const openNext = () => {
    const next = openSync(join(directory, `${prefix}${String(link.seq + 1).padStart(12, '0')}.jsonl`), 'ax', 0o640);
    if (fd !== undefined) closeSync(fd);
    fd = next;
    size = 0;
    const folder = openSync(directory, 'r');
    fsyncSync(folder);
    closeSync(folder);
  };

  /** Writes one group. The chain moves on only when it is on the disk, so a group that failed is written anew. */
  const writeGroup = async (group: readonly Receipt[]): Promise<void> => {
    if (fd === undefined || size >= fileBytes) openNext();
    let next = link;
    let text = '';
    for (const receipt of group) {
      const added = addLine(next, receipt, key);
      next = added.link;
      text += added.line;
    }
    const bytes = Buffer.from(text);
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await writeTo(fd!, bytes.subarray(done), 0)).bytesWritten;
      }
      await sync(fd!);
    } catch (error) {
      // What part of the group got there is no part of the chain.
      ftruncateSync(fd!, size);
      throw error;
    }
    size += bytes.length;
    link = next;
  };

  const drain = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    while (waiting.length > 0) {
      // A bound, so that signing a burst does not hold everything else up.
      const group = waiting.slice(0, 256);
      try {
        await writeGroup(group);
      } catch (error) {
        tellFailure((error as Error).message);
        setTimeout(() => void drain(), retryMs).unref();
        break;
      }
      waiting = waiting.slice(group.length);
      state.written += group.length;
      state.last = group.at(-1);
      tellFailure(undefined);
      onWritten(group.length);
    }
    isBusy = false;
  };

  const tellFailure = (failure: string | undefined) => {
    if (failure === state.failure) return;
    state.failure = failure;
    onFailure(failure);
  };

  return {
    add(receipts) {
      if (waiting.length + receipts.length > mostWaiting) {
        state.dropped += receipts.length;
        return false;
      }
      waiting.push(...receipts);
      void drain();
      return true;
    },
    get failure() {
      return state.failure;
    },
    get written() {
      return state.written;
    },
    get dropped() {
      return state.dropped;
    },
    get last() {
      return state.last;
    },
  };
}

/** Where the chain of the files stands, and how many bytes of the newest one are whole lines. */
function recover(
  files: readonly string[],
  key: KeyObject,
): { link: Link; size: number; last: Receipt | undefined } | undefined {
  for (const file of files.toReversed()) {
    const bytes = readFileSync(file);
    const size = bytes.lastIndexOf(0x0a) + 1;
    // Killed in the first line of a file: the chain stands at the end of the one before.
    if (size === 0) continue;
    const line = bytes.toString('utf8', size < 2 ? 0 : bytes.lastIndexOf(0x0a, size - 2) + 1, size - 1);
    const read = readLine(line, key);
    if (!read) throw new Error(`${file}: its last line is no receipt; move the file away, and keep it for a look`);
    const last = JSON.parse(line) as Receipt;
    return { link: { seq: read.seq, hash: read.hash }, size: file === files.at(-1) ? size : 0, last };
  }
  return undefined;
}

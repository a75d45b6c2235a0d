/**
 * Pins in a file. It is never written in place: a new one is written beside it, brought to the disk and renamed over it,
 * so whoever reads it, and whoever is killed at it, finds the old pins or the new ones.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { formatPins, type Pins, parsePins } from './pins.ts';
import { type PinStore, StoreError } from './store.ts';

/** Thousands of tools; reading it takes a fraction of a second. */
const maxBytes = 16 * 1024 * 1024;

/** One process writes a file at a time (serve/lock.ts); within it, changes run one after the other. */
export class FileStore implements PinStore {
  readonly place: string;
  readonly maxBytes = maxBytes;
  #known: { pins: Pins; state: string } | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** @param path the file; its folder is made where it is missing */
  constructor(path: string) {
    this.place = path;
  }

  async read(): Promise<Pins> {
    const state = this.#state();
    if (this.#known?.state === state) return this.#known.pins;
    if (state === 'missing') {
      // A first start has no file. One that was there and is gone is not the same as none.
      if (this.#known)
        throw new StoreError(`${this.place}: is gone; put it back, or start the gateway anew without pins`);
      return this.#keep(new Map(), state);
    }
    return this.#keep(parsePins(await this.#text(), this.place), state);
  }

  update(change: (pins: Pins) => Pins | undefined): Promise<Pins> {
    const changed = this.#queue.then(async () => {
      const pins = await this.read();
      const next = change(pins);
      if (!next) return pins;
      await this.#write(formatPins(next));
      return this.#keep(next, this.#state());
    });
    this.#queue = changed.catch(() => {});
    return changed;
  }

  #keep(pins: Pins, state: string): Pins {
    this.#known = { pins, state };
    return pins;
  }

  /** What changes when the file does: every write makes a new inode. */
  #state(): string {
    try {
      const { ino, size, mtimeMs } = statSync(this.place);
      return `${ino} ${size} ${mtimeMs}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing';
      throw unusable(this.place, error);
    }
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.place, 'utf8');
    } catch (error) {
      throw unusable(this.place, error);
    }
  }

  async #write(text: string): Promise<void> {
    if (Buffer.byteLength(text) > maxBytes) {
      throw new StoreError(
        `${this.place}: would be larger than ${maxBytes} bytes; revoke and remove upstreams that are gone`,
      );
    }
    const folder = dirname(this.place);
    const next = `${this.place}.${randomBytes(6).toString('hex')}.new`;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      removeLeftovers(this.place);
      const file = await open(next, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(next, this.place);
      // The rename itself is on the disk when the folder is.
      const handle = await open(folder, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      rmSync(next, { force: true });
      throw unusable(this.place, error);
    }
  }
}

/** What writers that were killed have left. */
function removeLeftovers(path: string): void {
  const name = basename(path);
  for (const entry of readdirSync(dirname(path))) {
    if (entry.startsWith(`${name}.`) && entry.endsWith('.new')) rmSync(join(dirname(path), entry), { force: true });
  }
}

function unusable(place: string, error: unknown): StoreError {
  const { code, message } = error as NodeJS.ErrnoException;
  const what =
    code === 'EACCES' || code === 'EPERM' ? 'this user may not use it' : code === 'EROFS' ? 'is read-only' : message;
  return new StoreError(`${place}: ${what}; the gateway needs a file that it can read and write`);
}

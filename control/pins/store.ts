/** Where pins are kept. Both kinds of store change them in one way: read the newest, change it, write it if nobody else has. */
import type { Pins } from './pins.ts';

/** The pins cannot be read or written. Tools are held then, never trusted. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

export interface PinStore {
  /** What messages call it. */
  readonly place: string;
  /** Most bytes of its text. */
  readonly maxBytes: number;
  /**
   * The pins as they are now, or were at most a second ago. The same value as long as nothing has changed.
   * @throws StoreError, PinError
   */
  read(): Promise<Pins>;
  /**
   * Changes the pins, and resolves when the change is kept. `change` may run several times, and gives undefined where
   * nothing changes.
   * @throws StoreError, PinError, and what `change` throws
   */
  update(change: (pins: Pins) => Pins | undefined): Promise<Pins>;
}

/** What a person may ask of the pins, as the worker's socket takes it and as `penstock pins` does it to a file. */
import { approve, imported, PinError, type Pins, type Place, parsePins, revoke } from '../pins/pins.ts';

export type PinChange =
  | { do: 'approve'; places: (Place & { digest?: string })[] }
  | { do: 'revoke'; places: Place[] }
  /** `pins` is a text of formatPins. */
  | { do: 'import'; pins: string; place: string };

/** The pins after a change. @throws PinError */
export function changePins(pins: Pins, change: PinChange, now: Date): Pins {
  switch (change.do) {
    case 'approve':
      return change.places.reduce((next, { digest, ...place }) => approve(next, place, now, digest), pins);
    case 'revoke':
      return change.places.reduce((next, place) => revoke(next, place, now), pins);
    case 'import':
      return imported(pins, parsePins(change.pins, change.place), now);
  }
}

export { PinError };

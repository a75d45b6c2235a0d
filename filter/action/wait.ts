// Exchanges that wait for time: lines that may begin a match, answers that are held and do not go on, streams that were
// stopped. A list through their records; the host's tick runs only while there is one.
import { currentTimeNanoseconds, setTickPeriodMilliseconds } from '../proxy-wasm-as/assembly';
import { Exchange, Wait } from './exchange';

/** Fine enough against the limits here, a quarter of a second and more, and far from busy. */
const TICK_MILLISECONDS: u32 = 10;

let first: usize = 0;

/** Puts the exchange in the list, `milliseconds` from now, or gives it another end. Call it on the exchange's context. */
export function waitFor(exchange: Exchange, what: Wait, milliseconds: u32): void {
  const record = changetype<usize>(exchange);
  exchange.waitEnd = currentTimeNanoseconds() + <u64>milliseconds * 1_000_000;
  if (exchange.wait == Wait.Nothing) {
    // Each time: after a reload the exchange may be of another root context than those in the list, and a tick is a root's.
    setTickPeriodMilliseconds(TICK_MILLISECONDS);
    exchange.waitNext = first;
    exchange.waitPrevious = 0;
    if (first != 0) changetype<Exchange>(first).waitPrevious = record;
    first = record;
  }
  exchange.wait = what;
}

/** Takes the exchange out of the list. */
export function waitNoMore(exchange: Exchange): void {
  if (exchange.wait == Wait.Nothing) return;
  exchange.wait = Wait.Nothing;
  if (exchange.waitPrevious != 0) changetype<Exchange>(exchange.waitPrevious).waitNext = exchange.waitNext;
  else first = exchange.waitNext;
  if (exchange.waitNext != 0) changetype<Exchange>(exchange.waitNext).waitPrevious = exchange.waitPrevious;
}

/** The first exchange of the list, or null; the next one is `waitNext`. */
export function firstWaiting(): Exchange | null {
  return changetype<Exchange | null>(first);
}

/** Stops the tick where nothing waits any more. Call it from the tick, on its root context. */
export function restTick(): void {
  if (first == 0) setTickPeriodMilliseconds(0);
}

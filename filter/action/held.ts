// Bytes of an answer that an exchange keeps between callbacks.

import { MARGIN } from '../view/arena';
import { Exchange } from './exchange';

/** First size: most events fit, and a thousand streams that wait cost four megabytes. */
const FIRST_BYTES: u32 = 4096;

/** Address of the first held byte; a margin lies before and behind. */
export function heldStart(exchange: Exchange): usize {
  return exchange.held + MARGIN;
}

/** Appends bytes to what is held. */
export function hold(exchange: Exchange, from: usize, bytes: u32): void {
  const needed = exchange.heldLength + bytes;
  if (needed > exchange.heldCapacity) {
    let capacity = max(exchange.heldCapacity, FIRST_BYTES);
    while (capacity < needed) capacity <<= 1;
    const block = heap.alloc(<usize>capacity + 2 * MARGIN);
    if (exchange.held != 0) {
      memory.copy(block + MARGIN, heldStart(exchange), exchange.heldLength);
      heap.free(exchange.held);
    }
    exchange.held = block;
    exchange.heldCapacity = capacity;
  }
  memory.copy(heldStart(exchange) + exchange.heldLength, from, bytes);
  exchange.heldLength = needed;
}

/** Drops the first `bytes` of what is held. */
export function release(exchange: Exchange, bytes: u32): void {
  memory.copy(heldStart(exchange), heldStart(exchange) + bytes, exchange.heldLength - bytes);
  exchange.heldLength -= bytes;
  exchange.heldOffset += bytes;
}

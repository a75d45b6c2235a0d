// How much may go to one domain in a minute, in requests and in bytes of both directions. What has gone is kept in shared data, so
// that all workers count as one: a record for each domain, in a fixed number of places, so that names cannot fill the memory.
import { Bytes, currentTimeNanoseconds, getSharedData, result, Status, setSharedData } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { domainOf } from './domain';
import { Exchange } from './exchange';
import { refuse } from './judge';

/** One value of shared data holds the domains whose hash ends alike, the one that was quiet longest gives way to a new one. */
const KEY = Bytes.of('penstock.domains.');
const PLACES: u64 = 256;
const DOMAINS_A_PLACE: u32 = 8;
/** u64 hash, u32 minute, u32 requests in it, u32 requests in the minute before, u32 unused, u64 bytes, u64 bytes before. */
const HASH: usize = 0;
const MINUTE: usize = 8;
const REQUESTS: usize = 12;
const REQUESTS_BEFORE: usize = 16;
const BYTES: usize = 24;
const BYTES_BEFORE: usize = 32;
const RECORD_BYTES: u32 = 40;
const PLACE_BYTES: u32 = 320;
/** Another worker may come in between; so often in a row only where something is broken. */
const MOST_TRIES = 100;

const NANOSECONDS: u64 = 60_000_000_000;

const key: usize = memory.data(20);
const place: usize = memory.data(320, 8);
let placeLength: u32 = 0;
let cas: u32 = 0;

/** Counts a request; true where policy refuses it, and the exchange was answered. */
export function countRequest(exchange: Exchange): bool {
  const mostRequests = load<u32>(table.policy, layout.POLICY_REQUESTS_PER_MINUTE);
  const mostBytes = load<u64>(table.policy, layout.POLICY_BYTES_PER_MINUTE);
  if (mostRequests == 0 && mostBytes == 0) return false;
  exchange.domain = domainOf(exchange);
  for (let i = 0; i < MOST_TRIES; i++) {
    const now = currentTimeNanoseconds();
    const record = open(exchange.domain, now);
    // Of the minute before, what is less than a minute ago, taken as spread evenly.
    const left = <f64>(NANOSECONDS - (now % NANOSECONDS)) / <f64>NANOSECONDS;
    const requests = <f64>load<u32>(record, REQUESTS) + left * <f64>load<u32>(record, REQUESTS_BEFORE);
    const bytes = <f64>load<u64>(record, BYTES) + left * <f64>load<u64>(record, BYTES_BEFORE);
    if (mostBytes != 0 && bytes >= <f64>mostBytes) return refuse(exchange, layout.UNREADABLE_DATA_PER_MINUTE);
    if (mostRequests != 0 && requests >= <f64>mostRequests)
      return refuse(exchange, layout.UNREADABLE_REQUESTS_PER_MINUTE);
    store<u32>(record, load<u32>(record, REQUESTS) + 1, REQUESTS);
    if (close()) return false;
  }
  return false;
}

/** Counts the bytes of an exchange that is over. */
export function countBytes(exchange: Exchange): void {
  exchange.countHeld();
  if (exchange.domain == 0 || load<u64>(table.policy, layout.POLICY_BYTES_PER_MINUTE) == 0) return;
  for (let i = 0; i < MOST_TRIES; i++) {
    const record = open(exchange.domain, currentTimeNanoseconds());
    store<u64>(record, load<u64>(record, BYTES) + exchange.bytesPassed, BYTES);
    if (close()) return;
  }
}

/** The domain's record in its place as it is now, begun anew where there is none. */
function open(domain: u64, now: u64): usize {
  memory.copy(key, KEY.pointer, KEY.length);
  store<u8>(key + KEY.length, <u8>(domain % PLACES));
  const isKnown = getSharedData(key, KEY.length + 1) == Status.Ok && result.length() <= PLACE_BYTES;
  placeLength = isKnown ? result.length() : 0;
  cas = isKnown ? result.cas() : 0;
  if (isKnown) memory.copy(place, result.pointer(), placeLength);
  const minute = <u32>(now / NANOSECONDS);
  let quietest = place;
  for (let at = place; at < place + placeLength; at += RECORD_BYTES) {
    if (load<u64>(at, HASH) == domain) {
      turn(at, minute);
      return at;
    }
    if (load<u32>(at, MINUTE) < load<u32>(quietest, MINUTE)) quietest = at;
  }
  if (placeLength < RECORD_BYTES * DOMAINS_A_PLACE) {
    quietest = place + placeLength;
    placeLength += RECORD_BYTES;
  }
  memory.fill(quietest, 0, RECORD_BYTES);
  store<u64>(quietest, domain, HASH);
  store<u32>(quietest, minute, MINUTE);
  return quietest;
}

/** Goes on to the minute that it is now. */
function turn(record: usize, minute: u32): void {
  const was = load<u32>(record, MINUTE);
  if (was == minute) return;
  const isNext = was + 1 == minute;
  store<u32>(record, isNext ? load<u32>(record, REQUESTS) : 0, REQUESTS_BEFORE);
  store<u64>(record, isNext ? load<u64>(record, BYTES) : 0, BYTES_BEFORE);
  store<u32>(record, 0, REQUESTS);
  store<u64>(record, 0, BYTES);
  store<u32>(record, minute, MINUTE);
}

/** Puts the place back; false where another worker has changed it meanwhile. */
function close(): bool {
  return setSharedData(key, KEY.length + 1, place, placeLength, cas) == Status.Ok;
}

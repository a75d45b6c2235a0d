// What a client has done lately: the domains that it asks for, how much it moves, and the points that findings cost it, which
// lead to levels. Kept in shared data, for all workers and for what comes by any way in; docs/clients.md says what it is for.
import { Bytes, currentTimeNanoseconds } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { CLIENT_HEAD_BYTES, ClientRecords, elapsed, MOST_TRIES } from './client-records';

// A record: what each begins with, u32 level, u32 second when it last rose or was given a reason to stay, u32 thousandths of
// points, u32 second and u32 minute it is known since and counts in, u32 domains, u32 unused, u64 bytes of the minute, f64 mean of
// the minutes before it, and the domains.
const LEVEL: usize = CLIENT_HEAD_BYTES;
const LEVEL_SECOND: usize = 16;
const POINTS: usize = 20;
const BEGAN_SECOND: usize = 24;
const MINUTE: usize = 28;
const DOMAIN_COUNT: usize = 32;
const MINUTE_BYTES: usize = 40;
const MEAN_BYTES: usize = 48;
const DOMAINS: usize = 56;
// A domain: u32 hash, u32 second it was first asked for, u32 second it was asked for last.
const FIRST_SECOND: usize = 4;
const LAST_SECOND: usize = 8;
const DOMAIN_BYTES: u32 = 12;
const RECORD_BYTES: u32 = 1256; // DOMAINS + MAX_PROFILE_DOMAINS × DOMAIN_BYTES

/** Less in a minute is an ordinary conversation, however quiet it was before. */
const LEAST_SPIKE_BYTES: f64 = 1024.0 * 1024.0;
/** A level is left after so long without a reason to stay. */
const LEVEL_SECONDS: u32 = 300;

const records = new ClientRecords(Bytes.of('penstock.profiles.'), RECORD_BYTES);
const record = records.record;
let second: u32 = 0;

/** Whether anything of clients is kept. */
export function keepsProfiles(): bool {
  return load<u32>(table.policy, layout.POLICY_PROFILE_SECONDS) != 0;
}

/** What lookUp found: the level before, and the one now; whether the domain is one new one too many; whether too much moves. */
export let levelBefore: u32 = 0;
export let level: u32 = 0;
export let isBurst: bool = false;
export let isSpike: bool = false;

/**
 * Looks a client up that asks for a domain, which it has met from now on unless it is one too many and refused for that.
 * `isExempt`: the client's level does not count there.
 */
export function lookUp(client: u64, domain: u32, isExempt: bool): void {
  for (let i = 0; i < MOST_TRIES; i++) {
    open(client);
    levelBefore = load<u32>(record, LEVEL);
    calm();
    level = load<u32>(record, LEVEL);
    isBurst = isOneTooMany(domain);
    isSpike = isMuch();
    if (!isBurst || !refusesBurst(isExempt ? 0 : level)) note(domain);
    if (close()) return;
  }
}

/** Counts the bytes of a client's exchange that is over, and takes points off where `isClean`. */
export function leave(client: u64, bytes: u64, isClean: bool): void {
  for (let i = 0; i < MOST_TRIES; i++) {
    open(client);
    turn();
    store<u64>(record, load<u64>(record, MINUTE_BYTES) + bytes, MINUTE_BYTES);
    const decay = isClean ? load<u32>(table.policy, layout.POLICY_LEVEL_DECAY) : 0;
    store<u32>(record, load<u32>(record, POINTS) - min(decay, load<u32>(record, POINTS)), POINTS);
    if (close()) return;
  }
}

/** Gives a client thousandths of points; levelBefore and level are where it stood and where it stands. */
export function charge(client: u64, points: u32): void {
  const threshold = load<u32>(table.policy, layout.POLICY_LEVEL_THRESHOLD);
  for (let i = 0; i < MOST_TRIES; i++) {
    open(client);
    levelBefore = load<u32>(record, LEVEL);
    level = levelBefore;
    const total = load<u32>(record, POINTS) + points;
    // Twice the points for each level: 5, 10 and 20 of Pipelock's default.
    while (level + 1 < <u32>layout.LEVEL_COUNT && <u64>total >= (<u64>threshold) << (<u64>level)) level++;
    store<u32>(record, total, POINTS);
    store<u32>(record, level, LEVEL);
    store<u32>(record, second, LEVEL_SECOND);
    if (close()) return;
  }
}

/** What policy says of a level, LEVEL_*. */
export function levelFlags(level: u32): i32 {
  return load<u8>(table.policy + <usize>level, layout.POLICY_LEVEL_FLAGS);
}

function refusesBurst(level: u32): bool {
  const verdict: i32 = load<u8>(table.policy + layout.UNREADABLE_DOMAIN_BURST, layout.POLICY_UNREADABLE_VERDICTS);
  const raises = (levelFlags(level) & layout.LEVEL_BLOCKS_WARNED) != 0;
  return verdict == layout.VERDICT_BLOCK || (verdict == layout.VERDICT_WARN && raises);
}

/** Copies the client's record, or begins one. */
function open(client: u64): void {
  second = <u32>(currentTimeNanoseconds() / 1_000_000_000);
  const length = records.open(client, load<u32>(table.policy, layout.POLICY_PROFILE_PLACES), second);
  const ttl = load<u32>(table.policy, layout.POLICY_PROFILE_TTL_SECONDS);
  if (length >= <u32>DOMAINS && length == lengthOfRecord() && elapsed(second, records.lastSecond()) <= ttl) return;
  records.clear(client, second);
  store<u32>(record, second, BEGAN_SECOND);
  store<u32>(record, second / 60, MINUTE);
}

function close(): bool {
  return records.close(lengthOfRecord(), second);
}

function lengthOfRecord(): u32 {
  return <u32>DOMAINS + min(load<u32>(record, DOMAIN_COUNT), <u32>layout.MAX_PROFILE_DOMAINS) * DOMAIN_BYTES;
}

/** Goes down by a level for each time without a reason to stay; half of what leads up again is left. */
function calm(): void {
  const threshold = load<u32>(table.policy, layout.POLICY_LEVEL_THRESHOLD);
  while (load<u32>(record, LEVEL) > 0 && elapsed(second, load<u32>(record, LEVEL_SECOND)) >= LEVEL_SECONDS) {
    const level = load<u32>(record, LEVEL) - 1;
    store<u32>(record, level, LEVEL);
    store<u32>(record, load<u32>(record, LEVEL_SECOND) + LEVEL_SECONDS, LEVEL_SECOND);
    const most = ((<u64>threshold) << (<u64>level)) / 2;
    store<u32>(record, <u32>min(<u64>load<u32>(record, POINTS), most), POINTS);
  }
}

/** Whether a domain is one new one too many. */
function isOneTooMany(domain: u32): bool {
  const window = load<u32>(table.policy, layout.POLICY_PROFILE_SECONDS);
  let fresh: u32 = 0;
  for (let at = record + DOMAINS; at < record + lengthOfRecord(); at += DOMAIN_BYTES) {
    if (load<u32>(at) == domain) return false;
    if (elapsed(second, load<u32>(at, FIRST_SECOND)) < window) fresh++;
  }
  return fresh >= load<u32>(table.policy, layout.POLICY_PROFILE_DOMAINS);
}

/** Remembers a domain, in the place of the one that was not asked for for longest where there is no room. */
function note(domain: u32): void {
  const end = record + lengthOfRecord();
  let oldest = record + DOMAINS;
  for (let at = record + DOMAINS; at < end; at += DOMAIN_BYTES) {
    if (load<u32>(at) == domain) {
      store<u32>(at, second, LAST_SECOND);
      return;
    }
    if (load<u32>(at, LAST_SECOND) < load<u32>(oldest, LAST_SECOND)) oldest = at;
  }
  const count = load<u32>(record, DOMAIN_COUNT);
  if (count < <u32>layout.MAX_PROFILE_DOMAINS) {
    oldest = end;
    store<u32>(record, count + 1, DOMAIN_COUNT);
  }
  store<u32>(oldest, domain);
  store<u32>(oldest, second, FIRST_SECOND);
  store<u32>(oldest, second, LAST_SECOND);
}

/** Whether this minute has more than so many times what a minute has had, of a client that is known for long enough. */
function isMuch(): bool {
  turn();
  const window = load<u32>(table.policy, layout.POLICY_PROFILE_SECONDS);
  const bytes = <f64>load<u64>(record, MINUTE_BYTES);
  if (elapsed(second, load<u32>(record, BEGAN_SECOND)) < window || bytes < LEAST_SPIKE_BYTES) return false;
  return bytes > (load<f64>(record, MEAN_BYTES) * <f64>load<u32>(table.policy, layout.POLICY_PROFILE_RATIO)) / 1000.0;
}

/** Goes on to the minute that it is now: each that is over moves the mean by its share of the window, or of what there was. */
function turn(): void {
  const minutes = max<u32>(1, load<u32>(table.policy, layout.POLICY_PROFILE_SECONDS) / 60);
  const now = second / 60;
  // What is so long ago has nothing left of it.
  const first = now - min(elapsed(now, load<u32>(record, MINUTE)), minutes * 20);
  const began = load<u32>(record, BEGAN_SECOND) / 60;
  for (let minute = first; minute < now; minute++) {
    const known = min(minutes, elapsed(minute, began) + 1);
    const mean = load<f64>(record, MEAN_BYTES);
    store<f64>(record, mean + (<f64>load<u64>(record, MINUTE_BYTES) - mean) / <f64>known, MEAN_BYTES);
    store<u64>(record, 0, MINUTE_BYTES);
  }
  store<u32>(record, max(now, load<u32>(record, MINUTE)), MINUTE);
}

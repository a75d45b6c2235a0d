// A record a client in shared data, so that all workers see one state. The ABI takes no key away, so there is a fixed number of
// places: a client has its place among a few, and takes that of the one that was silent longest. So thousands keep out of
// each other's way.
import { Bytes, getSharedData, result, Status, setSharedData } from '../proxy-wasm-as/assembly';
import { hashOf } from './sessions';

const WAYS: u32 = 4;
/** Another worker may come in between; so often in a row only where something is broken. */
export const MOST_TRIES = 100;
/** No value has this version: set with it, a value stays that another worker set first. */
const ABSENT: u32 = 0xffffffff;

// What every record begins with; the rest is the user's.
const CLIENT: usize = 0; // u64
const LAST_SECOND: usize = 8; // u32
export const CLIENT_HEAD_BYTES: usize = 12;

/** Seconds from `then` to `now`; none where another worker's clock was read later. */
export function elapsed(now: u32, then: u32): u32 {
  return now > then ? now - then : 0;
}

export class ClientRecords {
  /** The copy that open makes. */
  readonly record: usize;
  private key: usize;
  private cas: u32 = 0;

  /** @param maxBytes the longest record */
  constructor(
    private name: Bytes,
    private maxBytes: u32,
  ) {
    this.record = heap.alloc(maxBytes);
    this.key = heap.alloc(name.length + 8);
    memory.copy(this.key, name.pointer, name.length);
  }

  /**
   * Copies the client's record, one of so many places; its length, or 0 where it has none: then the copy is zeroes behind
   * the head.
   */
  open(client: u64, places: u64, second: u32): u32 {
    const number = this.key + this.name.length;
    store<u64>(number, client);
    const hash = hashOf(number, 8);
    let oldest: u64 = u64.MAX_VALUE;
    let oldestNumber: u64 = 0;
    let oldestCas: u32 = ABSENT;
    for (let way: u32 = 0; way < WAYS; way++) {
      store<u64>(number, (hash >> (16 * way)) % places);
      const isKnown = getSharedData(this.key, this.name.length + 8) == Status.Ok && this.fits(result.length());
      if (isKnown && load<u64>(result.pointer(), CLIENT) == client) {
        this.cas = result.cas();
        memory.copy(this.record, result.pointer(), result.length());
        return result.length();
      }
      const last: u64 = isKnown ? <u64>load<u32>(result.pointer(), LAST_SECOND) + 1 : 0;
      if (last >= oldest) continue;
      oldest = last;
      oldestNumber = load<u64>(number);
      oldestCas = isKnown ? result.cas() : ABSENT;
    }
    store<u64>(number, oldestNumber);
    this.cas = oldestCas;
    this.clear(client, second);
    return 0;
  }

  /** Begins the copy anew. */
  clear(client: u64, second: u32): void {
    memory.fill(this.record, 0, this.maxBytes);
    store<u64>(this.record, client, CLIENT);
    store<u32>(this.record, second, LAST_SECOND);
  }

  /** When the client was heard of last, as the copy has it. */
  lastSecond(): u32 {
    return load<u32>(this.record, LAST_SECOND);
  }

  /** Puts `length` bytes of the copy back, of a client that was heard of now; false where another worker was first. */
  close(length: u32, second: u32): bool {
    store<u32>(this.record, second, LAST_SECOND);
    return setSharedData(this.key, this.name.length + 8, this.record, length, this.cas) == Status.Ok;
  }

  private fits(length: u32): bool {
    return length >= <u32>CLIENT_HEAD_BYTES && length <= this.maxBytes;
  }
}

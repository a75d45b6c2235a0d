// Per-stream state without garbage: a map from the host's context ids to records, and a pool that the records come from.

/** First size of the map: the open streams of an idle worker fit without growing. A power of two. */
const FIRST_SLOTS: u32 = 256;
const SLOT_BYTES: u32 = 8;
/** 2³² divided by the golden ratio: spreads the consecutive ids that hosts give over the whole table. */
const SPREAD: u32 = 0x9e3779b1;

/**
 * Context id → address of a record, in constant time. Open addressing with linear steps, at most half full; a removal
 * moves later entries back, so that no dead slot is left. Grows with the number of open streams and does not shrink.
 */
@unmanaged
export class ContextMap {
  /** Entries in the map. */
  size: u32 = 0;

  private slots: usize = 0; // each: u32 contextId, u32 record; record 0 means empty
  private mask: u32 = 0;
  private shift: u32 = 0;

  constructor() {
    this.allocate(FIRST_SLOTS);
  }

  /** The record of `contextId`, or 0. */
  get(contextId: u32): usize {
    let slot = this.home(contextId);
    while (true) {
      const at = this.address(slot);
      const record = load<u32>(at, 4);
      if (record == 0 || load<u32>(at) == contextId) return record;
      slot = (slot + 1) & this.mask;
    }
  }

  /** The id of some entry, or 0 where there is none. */
  first(): u32 {
    if (this.size == 0) return 0;
    for (let slot: u32 = 0; slot <= this.mask; slot++) {
      const at = this.address(slot);
      if (load<u32>(at, 4) != 0) return load<u32>(at);
    }
    return 0;
  }

  /** Makes `record` (not 0) the record of `contextId`, in place of an earlier one. */
  set(contextId: u32, record: usize): void {
    if ((this.size + 1) << 1 > this.mask + 1) this.grow();
    if (this.put(contextId, record)) this.size++;
  }

  /** Removes `contextId` and gives its record, or 0 when there was none. */
  remove(contextId: u32): usize {
    let hole = this.home(contextId);
    let at = this.address(hole);
    while (load<u32>(at) != contextId || load<u32>(at, 4) == 0) {
      if (load<u32>(at, 4) == 0) return 0;
      hole = (hole + 1) & this.mask;
      at = this.address(hole);
    }
    const record = <usize>load<u32>(at, 4);
    this.closeHole(hole);
    this.size--;
    return record;
  }

  /** Moves back each later entry of the run whose search would otherwise end at the hole. */
  private closeHole(hole: u32): void {
    let slot = hole;
    while (true) {
      slot = (slot + 1) & this.mask;
      const at = this.address(slot);
      if (load<u32>(at, 4) == 0) break;
      const distanceFromHome = (slot - this.home(load<u32>(at))) & this.mask;
      const distanceFromHole = (slot - hole) & this.mask;
      if (distanceFromHome < distanceFromHole) continue;
      store<u64>(this.address(hole), load<u64>(at));
      hole = slot;
    }
    store<u64>(this.address(hole), 0);
  }

  private put(contextId: u32, record: usize): bool {
    let slot = this.home(contextId);
    while (true) {
      const at = this.address(slot);
      const isEmpty = load<u32>(at, 4) == 0;
      if (isEmpty || load<u32>(at) == contextId) {
        store<u32>(at, contextId);
        store<u32>(at, <u32>record, 4);
        return isEmpty;
      }
      slot = (slot + 1) & this.mask;
    }
  }

  private grow(): void {
    const oldSlots = this.slots;
    const oldCount = this.mask + 1;
    this.allocate(oldCount << 1);
    for (let i: u32 = 0; i < oldCount; i++) {
      const at = oldSlots + <usize>i * SLOT_BYTES;
      if (load<u32>(at, 4) != 0) this.put(load<u32>(at), load<u32>(at, 4));
    }
    heap.free(oldSlots);
  }

  private allocate(count: u32): void {
    const bytes = <usize>count * SLOT_BYTES;
    this.slots = heap.alloc(bytes);
    memory.fill(this.slots, 0, bytes);
    this.mask = count - 1;
    this.shift = <u32>clz(count) + 1; // keeps as many high bits of the product as the table has index bits
  }

  @inline
  private home(contextId: u32): u32 {
    return (contextId * SPREAD) >>> this.shift;
  }

  @inline
  private address(slot: u32): usize {
    return this.slots + <usize>slot * SLOT_BYTES;
  }
}

/**
 * Records of one size. `take` gives a zeroed one, `give` takes it back for the next `take`. Memory comes in chunks and
 * stays; it is as large as the most records that were out at once.
 *
 *     const streams = new Pool(offsetof<Stream>(), 64);
 *     const stream = changetype<Stream>(streams.take());
 */
@unmanaged
export class Pool {
  /** Records that are out. */
  inUse: u32 = 0;

  private recordBytes: u32;
  private recordsPerChunk: u32;
  private firstFree: usize = 0; // a free record's first word is the address of the next

  /** Records of `recordBytes`, rounded up to 16, allocated `recordsPerChunk` (1 or more) at a time. */
  constructor(recordBytes: u32, recordsPerChunk: u32) {
    this.recordBytes = (max(recordBytes, 16) + 15) & ~15;
    this.recordsPerChunk = max(recordsPerChunk, 1);
  }

  /** Address of a record, 16-byte aligned, all zero. */
  take(): usize {
    if (this.firstFree == 0) this.addChunk();
    const record = this.firstFree;
    this.firstFree = <usize>load<u32>(record);
    memory.fill(record, 0, this.recordBytes);
    this.inUse++;
    return record;
  }

  /** Takes back a record of this pool; giving one back twice breaks the pool. */
  give(record: usize): void {
    store<u32>(record, <u32>this.firstFree);
    this.firstFree = record;
    this.inUse--;
  }

  private addChunk(): void {
    const chunk = heap.alloc(<usize>this.recordBytes * this.recordsPerChunk);
    for (let i = this.recordsPerChunk; i > 0; i--) {
      const record = chunk + <usize>(i - 1) * this.recordBytes;
      store<u32>(record, <u32>this.firstFree);
      this.firstFree = record;
    }
  }
}

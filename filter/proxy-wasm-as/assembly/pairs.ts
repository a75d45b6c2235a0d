// Serialized pairs, the form in which header maps cross the border (all numbers little-endian):
//
//   u32 count │ count × (u32 nameLength, u32 valueLength) │ count × (name, NUL, value, NUL)
//
// A map without headers may also come as 0 bytes.

const COUNT_BYTES: u32 = 4;
const LENGTHS_BYTES: u32 = 8;

/**
 * Walks serialized pairs where they lie.
 *
 *     getHeaderPairs(MapType.RequestHeaders);
 *     reader.start(result.pointer(), result.length());
 *     while (reader.next()) … reader.name, reader.nameLength, reader.value, reader.valueLength
 */
@unmanaged
export class PairReader {
  /** Address and length of the current pair's name and value; they hold as long as the bytes they lie in. */
  name: usize = 0;
  nameLength: u32 = 0;
  value: usize = 0;
  valueLength: u32 = 0;

  private lengths: usize = 0;
  private data: usize = 0;
  private end: usize = 0;
  private left: u32 = 0;

  /** Begins before the first pair. False, and no pairs, when the bytes are too short for the count they announce. */
  start(pointer: usize, length: u32): bool {
    this.left = 0;
    if (length == 0) return true;
    if (length < COUNT_BYTES) return false;
    const count = load<u32>(pointer);
    if (<u64>COUNT_BYTES + <u64>count * LENGTHS_BYTES > <u64>length) return false;
    this.left = count;
    this.lengths = pointer + COUNT_BYTES;
    this.data = this.lengths + <usize>count * LENGTHS_BYTES;
    this.end = pointer + length;
    return true;
  }

  /** Goes to the next pair; false after the last, and where a length runs past the end. */
  next(): bool {
    if (this.left == 0) return false;
    const nameLength = load<u32>(this.lengths);
    const valueLength = load<u32>(this.lengths, 4);
    if (<u64>nameLength + <u64>valueLength + 2 > <u64>(this.end - this.data)) {
      this.left = 0;
      return false;
    }
    this.name = this.data;
    this.nameLength = nameLength;
    this.value = this.data + nameLength + 1;
    this.valueLength = valueLength;
    this.data = this.value + valueLength + 1;
    this.lengths += LENGTHS_BYTES;
    this.left--;
    return true;
  }
}

/**
 * Builds serialized pairs in memory of the caller, who may use it again after the host call.
 *
 *     writer.start(buffer, 1024, 4);
 *     writer.add(NAME.pointer, NAME.length, value, valueLength);
 *     if (writer.finish()) sendLocalResponse(…, writer.pointer, writer.length);
 */
@unmanaged
export class PairWriter {
  /** Address and length of the finished pairs. */
  pointer: usize = 0;
  length: u32 = 0;
  /** Whether a pair did not fit; then `finish` gives false. */
  overflowed: bool = false;

  private capacity: u32 = 0;
  private maxPairs: u32 = 0;
  private count: u32 = 0;
  private used: u32 = 0;

  /** Begins anew in `capacity` bytes at `pointer` (4-byte aligned), for at most `maxPairs` pairs. */
  start(pointer: usize, capacity: u32, maxPairs: u32): void {
    this.pointer = pointer;
    this.capacity = capacity;
    this.maxPairs = maxPairs;
    this.count = 0;
    this.length = 0;
    const table = <u64>COUNT_BYTES + <u64>maxPairs * LENGTHS_BYTES;
    this.overflowed = table > <u64>capacity;
    this.used = this.overflowed ? 0 : <u32>table;
  }

  /** Appends one pair. */
  add(name: usize, nameLength: u32, value: usize, valueLength: u32): void {
    if (this.overflowed) return;
    const needed = <u64>nameLength + <u64>valueLength + 2;
    if (this.count == this.maxPairs || needed > <u64>(this.capacity - this.used)) {
      this.overflowed = true;
      return;
    }
    const lengths = this.pointer + COUNT_BYTES + <usize>this.count * LENGTHS_BYTES;
    store<u32>(lengths, nameLength);
    store<u32>(lengths, valueLength, 4);
    let at = this.pointer + this.used;
    memory.copy(at, name, nameLength);
    at += nameLength;
    store<u8>(at++, 0);
    memory.copy(at, value, valueLength);
    at += valueLength;
    store<u8>(at++, 0);
    this.used += <u32>needed;
    this.count++;
  }

  /** Closes the gap that unused places left, and writes the count. False when something did not fit. */
  finish(): bool {
    if (this.overflowed) return false;
    const tableEnd = COUNT_BYTES + this.maxPairs * LENGTHS_BYTES;
    const dataStart = COUNT_BYTES + this.count * LENGTHS_BYTES;
    const dataLength = this.used - tableEnd;
    if (dataStart != tableEnd) memory.copy(this.pointer + dataStart, this.pointer + tableEnd, dataLength);
    store<u32>(this.pointer, this.count);
    this.length = dataStart + dataLength;
    return true;
  }
}

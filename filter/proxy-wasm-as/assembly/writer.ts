const HEX_DIGITS: usize = memory.data<u8>([
  0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
]);
/** Digits of the largest u64. */
const MAX_DECIMAL_DIGITS: u32 = 20;
const DECIMAL: usize = memory.data(20);

/**
 * Writes bytes into memory of a fixed size. What does not fit is left out whole, and so is everything after it: the
 * result is always a sequence of whole items. `overflowed` remembers; nothing traps and nothing allocates.
 */
@unmanaged
export class Writer {
  /** Address of the first byte. */
  pointer: usize = 0;
  /** Bytes written so far. */
  length: u32 = 0;
  /** Whether an item did not fit. */
  overflowed: bool = false;

  private capacity: u32 = 0;

  /** Begins anew in `capacity` bytes at `pointer`. */
  start(pointer: usize, capacity: u32): Writer {
    this.pointer = pointer;
    this.capacity = capacity;
    this.length = 0;
    this.overflowed = false;
    return this;
  }

  /** Goes back to an earlier `length`, and forgets an overflow that came after it. */
  rewind(length: u32): void {
    if (length > this.length) return;
    this.length = length;
    this.overflowed = false;
  }

  /** Bytes that still fit. */
  free(): u32 {
    return this.overflowed ? 0 : this.capacity - this.length;
  }

  /** `length` bytes at `pointer`, as they are. */
  bytes(pointer: usize, length: u32): Writer {
    const at = this.take(length);
    if (at != 0) memory.copy(at, pointer, length);
    return this;
  }

  /** One byte. */
  byte(value: u8): Writer {
    const at = this.take(1);
    if (at != 0) store<u8>(at, value);
    return this;
  }

  /** A literal of ASCII characters; of any other character the low byte is written. */
  ascii(literal: string): Writer {
    const length = <u32>literal.length;
    const at = this.take(length);
    if (at == 0) return this;
    const units = changetype<usize>(literal);
    for (let i: u32 = 0; i < length; i++) store<u8>(at + i, <u8>load<u16>(units + ((<usize>i) << 1)));
    return this;
  }

  /** A number in decimal digits. */
  decimal(value: u64): Writer {
    let digits: u32 = 0;
    do {
      digits++;
      store<u8>(DECIMAL + MAX_DECIMAL_DIGITS - digits, <u8>(0x30 + (value % 10)));
      value /= 10;
    } while (value != 0);
    return this.bytes(DECIMAL + MAX_DECIMAL_DIGITS - digits, digits);
  }

  /** The lowest `digits` (1 to 16) hexadecimal digits of a number, lower case. */
  hex(value: u64, digits: u32): Writer {
    const at = this.take(digits);
    if (at == 0) return this;
    for (let i: u32 = 0; i < digits; i++) {
      store<u8>(at + digits - 1 - i, load<u8>(HEX_DIGITS + <usize>(value & 15)));
      value >>= 4;
    }
    return this;
  }

  /** `length` bytes at `pointer`, two hexadecimal digits each. */
  hexBytes(pointer: usize, length: u32): Writer {
    if (length > 0x7fffffff) {
      this.overflowed = true;
      return this;
    }
    const at = this.take(length << 1);
    if (at == 0) return this;
    for (let i: u32 = 0; i < length; i++) {
      const value = load<u8>(pointer + i);
      store<u8>(at + ((<usize>i) << 1), load<u8>(HEX_DIGITS + (value >> 4)));
      store<u8>(at + ((<usize>i) << 1), load<u8>(HEX_DIGITS + (value & 15)), 1);
    }
    return this;
  }

  /**
   * `length` bytes at `pointer` as the inside of a JSON string (RFC 8259 section 7), without the quotes. Valid UTF-8
   * stays, control characters, DEL, quote and backslash are escaped, and each byte that is not part of valid UTF-8
   * becomes \ufffd: the output is valid whatever came in. Left out whole if it does not fit.
   */
  json(pointer: usize, length: u32): Writer {
    const before = this.length;
    const end = pointer + length;
    while (pointer < end && !this.overflowed) {
      const value = load<u8>(pointer);
      if (value >= 0x80) {
        const size = utf8Length(pointer, end);
        if (size == 0) this.ascii('\\ufffd');
        else this.bytes(pointer, size);
        pointer += max(size, 1);
      } else {
        this.jsonAscii(value);
        pointer++;
      }
    }
    if (this.overflowed) this.length = before;
    return this;
  }

  private jsonAscii(value: u8): void {
    if (value == 0x22) this.ascii('\\"');
    else if (value == 0x5c) this.ascii('\\\\');
    else if (value == 0x0a) this.ascii('\\n');
    else if (value == 0x0d) this.ascii('\\r');
    else if (value == 0x09) this.ascii('\\t');
    else if (value < 0x20 || value == 0x7f) this.jsonUnit(value);
    else this.byte(value);
  }

  private jsonUnit(value: u8): void {
    const at = this.take(6);
    if (at == 0) return;
    store<u32>(at, 0x3030755c); // \u00
    store<u8>(at, load<u8>(HEX_DIGITS + (value >> 4)), 4);
    store<u8>(at, load<u8>(HEX_DIGITS + (value & 15)), 5);
  }

  /** Address of `count` new bytes, or 0 when they do not fit. */
  private take(count: u32): usize {
    if (this.overflowed) return 0;
    if (count > this.capacity - this.length) {
      this.overflowed = true;
      return 0;
    }
    const at = this.pointer + this.length;
    this.length += count;
    return at;
  }
}

/** Bytes of the well-formed multi-byte character at `pointer` (Unicode table 3-7), or 0 when there is none. */
function utf8Length(pointer: usize, end: usize): u32 {
  const left = <u32>(end - pointer);
  const lead = load<u8>(pointer);
  if (lead < 0xc2 || lead > 0xf4 || left < 2) return 0;
  let lowest: u8 = 0x80;
  let highest: u8 = 0xbf;
  if (lead == 0xe0)
    lowest = 0xa0; // no overlong form
  else if (lead == 0xed)
    highest = 0x9f; // no surrogate
  else if (lead == 0xf0)
    lowest = 0x90; // no overlong form
  else if (lead == 0xf4) highest = 0x8f; // nothing past U+10FFFF
  const second = load<u8>(pointer, 1);
  if (second < lowest || second > highest) return 0;
  if (lead < 0xe0) return 2;
  if (left < 3 || !isContinuation(load<u8>(pointer, 2))) return 0;
  if (lead < 0xf0) return 3;
  return left >= 4 && isContinuation(load<u8>(pointer, 3)) ? 4 : 0;
}

function isContinuation(value: u8): bool {
  return (value & 0xc0) == 0x80;
}

/**
 * A constant byte string: made once at module start, never moved, never freed.
 *
 *     const AUTHORITY = Bytes.of(':authority');
 *     getHeader(MapType.RequestHeaders, AUTHORITY.pointer, AUTHORITY.length);
 */
@unmanaged
export class Bytes {
  /** Address of the first byte. */
  pointer: usize = 0;
  /** Number of bytes. */
  length: u32 = 0;

  /** UTF-8 of `literal`. Allocates for good: call it for module constants only. */
  static of(literal: string): Bytes {
    const bytes = new Bytes();
    bytes.length = <u32>String.UTF8.byteLength(literal);
    bytes.pointer = heap.alloc(<usize>max(bytes.length, 1));
    String.UTF8.encodeUnsafe(changetype<usize>(literal), literal.length, bytes.pointer);
    return bytes;
  }

  /** Whether the `length` bytes at `pointer` are the same, byte for byte. */
  equals(pointer: usize, length: u32): bool {
    return length == this.length && memory.compare(this.pointer, pointer, length) == 0;
  }
}

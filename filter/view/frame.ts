// WebSocket frames (RFC 6455 section 5.2) out of a stream of bytes that may be cut anywhere. Knows what a frame is, and
// nothing of what is done with it.

export const CONTINUATION: u32 = 0;
export const TEXT: u32 = 1;
export const BINARY: u32 = 2;
export const CLOSE: u32 = 8;
export const PING: u32 = 9;
export const PONG: u32 = 10;

/** The longest head: two bytes, a length of eight, a mask of four. */
export const HEAD_BYTES: u32 = 14;
/** Most bytes of a control frame's payload (RFC 6455 section 5.5). */
export const CONTROL_BYTES: u32 = 125;

/** Where one direction of a connection stands. A record of zeros is its beginning. */
@unmanaged
export class Framer {
  /** Bytes of the frame's head that are there. */
  headLength: u32 = 0;
  /** The head is whole; `left` bytes of the payload are to come. */
  isOpen: bool = false;
  isFinal: bool = false;
  opcode: u32 = 0;
  left: u64 = 0;
  payloadBytes: u64 = 0;
  /** What the message under way is, TEXT or BINARY; 0 between messages. */
  message: u32 = 0;
  private head0: u64 = 0;
  private head1: u64 = 0;

  @inline
  head(): usize {
    return changetype<usize>(this) + offsetof<Framer>('head0');
  }

  /** Bytes of the head as far as it is known, 2 at least. */
  headBytes(): u32 {
    if (this.headLength < 2) return 2;
    const second = load<u8>(this.head(), 1);
    const length = second & 0x7f;
    return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + ((second & 0x80) != 0 ? 4 : 0);
  }

  /** Takes bytes of the head from `from`, and says how many; `isOpen` when it is whole. */
  takeHead(from: usize, end: usize): u32 {
    let taken: u32 = 0;
    while (from + taken < end && this.headLength < this.headBytes()) {
      store<u8>(this.head() + this.headLength, load<u8>(from + taken));
      this.headLength++;
      taken++;
    }
    if (this.headLength >= 2 && this.headLength == this.headBytes()) this.readHead();
    return taken;
  }

  private readHead(): void {
    const first = load<u8>(this.head());
    const length = load<u8>(this.head(), 1) & 0x7f;
    this.isOpen = true;
    this.isFinal = (first & 0x80) != 0;
    this.opcode = first & 15;
    if (length < 126) this.payloadBytes = length;
    else if (length == 126) this.payloadBytes = bswap(load<u16>(this.head(), 2));
    else this.payloadBytes = bswap(load<u64>(this.head(), 2));
    this.left = this.payloadBytes;
  }

  @inline
  isMasked(): bool {
    return (load<u8>(this.head(), 1) & 0x80) != 0;
  }

  @inline
  isControl(): bool {
    return (this.opcode & 8) != 0;
  }

  /**
   * Whether the frame may stand here: reserved bits only where an extension was agreed on, and none was; clients mask and
   * servers do not; a control frame is whole and short; a message is not begun inside another.
   */
  isSound(isFromClient: bool): bool {
    if ((load<u8>(this.head()) & 0x70) != 0 || this.isMasked() != isFromClient) return false;
    if (this.payloadBytes > <u64>i64.MAX_VALUE) return false;
    if (this.isControl()) return this.opcode <= PONG && this.isFinal && this.payloadBytes <= CONTROL_BYTES;
    if (this.opcode == CONTINUATION) return this.message != 0;
    return this.opcode <= BINARY && this.message == 0;
  }

  /** Writes `length` bytes of the payload to `to` as they are without their mask. */
  unmask(from: usize, length: u32, to: usize): void {
    if (!this.isMasked()) {
      memory.copy(to, from, length);
      return;
    }
    const mask = load<u32>(this.head() + this.headLength - 4);
    const turned = rotr(mask, (<u32>(this.payloadBytes - this.left) & 3) << 3);
    const lanes = i32x4.splat(turned);
    let i: u32 = 0;
    for (; i + 16 <= length; i += 16) v128.store(to + i, v128.xor(v128.load(from + i), lanes));
    for (; i < length; i++) store<u8>(to + i, load<u8>(from + i) ^ <u8>(turned >> ((i & 3) << 3)));
  }

  /** The byte that the receiver reads as `byte`, at the place of the payload that comes next. */
  maskedByte(byte: u8): u8 {
    if (!this.isMasked()) return byte;
    return byte ^ load<u8>(this.head() + this.headLength - 4 + <usize>(<u32>(this.payloadBytes - this.left) & 3));
  }

  /** The frame is over. */
  endFrame(): void {
    if (!this.isControl()) this.message = this.isFinal ? 0 : this.opcode == CONTINUATION ? this.message : this.opcode;
    this.isOpen = false;
    this.headLength = 0;
    this.left = 0;
  }
}

// Base58Check: a number in 58 letters and digits, the last four bytes a checksum of the others. Wallet keys are written so.
import { MAX_BYTES, sha256 } from './sha256';

const CHECKSUM_BYTES: usize = 4;

const decoded: usize = memory.data(128);
const digest: usize = memory.data(32);

/** Whether the hit is base58 and its checksum, the first bytes of the doubled SHA-256, agrees. */
export function base58Check(start: usize, end: usize): bool {
  const length = decode(start, end);
  if (length <= CHECKSUM_BYTES) return false;
  sha256(decoded, length - CHECKSUM_BYTES, digest);
  sha256(digest, 32, digest);
  return load<u32>(digest) == load<u32>(decoded + length - CHECKSUM_BYTES);
}

/** How many bytes a hit is in base58; 0 where it is not. */
export function base58Bytes(start: usize, end: usize): usize {
  return decode(start, end);
}

/** Writes the bytes of the hit to `decoded`; gives their number, or 0. */
function decode(start: usize, end: usize): usize {
  // Three quarters of the digits are bytes, but a leading 1 is a whole byte of zero.
  const room = end - start;
  if (room > MAX_BYTES) return 0;
  memory.fill(decoded, 0, room);
  let zeros: usize = 0;
  while (start + zeros < end && load<u8>(start + zeros) == 0x31) zeros++;
  for (let p = start + zeros; p < end; p++) {
    let carry = valueOf(load<u8>(p));
    if (carry < 0) return 0;
    for (let i = room; i > 0; i--) {
      carry += <i32>load<u8>(decoded + i - 1) * 58;
      store<u8>(decoded + i - 1, <u8>carry);
      carry >>= 8;
    }
  }
  let lead: usize = 0;
  while (lead < room && load<u8>(decoded + lead) == 0) lead++;
  const length = zeros + room - lead;
  memory.copy(decoded + zeros, decoded + lead, room - lead);
  memory.fill(decoded, 0, zeros);
  return length;
}

/** Value of a base58 digit: 1 to 9, A to Z but I and O, a to z but l; or -1. */
function valueOf(c: u8): i32 {
  if (c >= 0x31 && c <= 0x39) return <i32>c - 0x31;
  if (c >= 0x41 && c <= 0x5a && c != 0x49 && c != 0x4f) return <i32>c - 0x41 + 9 - i32(c > 0x49) - i32(c > 0x4f);
  if (c >= 0x61 && c <= 0x7a && c != 0x6c) return <i32>c - 0x61 + 33 - i32(c > 0x6c);
  return -1;
}

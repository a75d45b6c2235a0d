// Addresses of wallets, by their checksums. One of Ethereum has its checksum in its capitals, which many leave out: it counts as
// it is.
import { base58Bytes, base58Check } from './base58-check';
import { lower } from './near';

/** Of Solana: a key of Ed25519. */
const KEY_BYTES: usize = 32;

/** Whether the hit is an address: 0x and hex, bech32 or bech32m, or base58. */
export function isAddress(start: usize, end: usize): bool {
  if (load<u8>(start) == 0x30 && lower(load<u8>(start + 1)) == 0x78) return true;
  if (isLabelled(start, 'bc1')) return isBech32(start, end, 2);
  if (isLabelled(start, 'bnb1')) return isBech32(start, end, 3);
  return base58Check(start, end) || base58Bytes(start, end) == KEY_BYTES;
}

/** Whether capitals mean the same in an address that begins so. */
export function isFolded(start: usize): bool {
  return load<u8>(start) == 0x30 || isLabelled(start, 'bc1') || isLabelled(start, 'bnb1');
}

function isLabelled(start: usize, label: string): bool {
  for (let i = 0; i < label.length; i++) if (lower(load<u8>(start + <usize>i)) != <u8>label.charCodeAt(i)) return false;
  return true;
}

/** Whether the checksum agrees (BIP-173, BIP-350), behind a label of so many letters and a 1. */
function isBech32(start: usize, end: usize, labelLength: usize): bool {
  let sum: u32 = 1;
  for (let i: usize = 0; i < labelLength; i++) sum = step(sum, <u32>(lower(load<u8>(start + i)) >> 5));
  sum = step(sum, 0);
  for (let i: usize = 0; i < labelLength; i++) sum = step(sum, <u32>(lower(load<u8>(start + i)) & 31));
  for (let p = start + labelLength + 1; p < end; p++) {
    const value = valueOf(lower(load<u8>(p)));
    if (value < 0) return false;
    sum = step(sum, <u32>value);
  }
  return sum == 1 || sum == 0x2bc830a3;
}

function step(sum: u32, value: u32): u32 {
  const top = sum >> 25;
  let next = ((sum & 0x1ffffff) << 5) ^ value;
  if (top & 1) next ^= 0x3b6a57b2;
  if (top & 2) next ^= 0x26508e6d;
  if (top & 4) next ^= 0x1ea119fa;
  if (top & 8) next ^= 0x3d4233dd;
  if (top & 16) next ^= 0x2a1462b3;
  return next;
}

const DIGITS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

function valueOf(c: u8): i32 {
  for (let i = 0; i < DIGITS.length; i++) if (<u8>DIGITS.charCodeAt(i) == c) return i;
  return -1;
}

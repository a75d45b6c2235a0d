// What a client has sent before, as a set of bits in its record: two for each hash, in a part of the time that it is and in one of
// the time before, so that what was seen is forgotten a part at a time.

/** Whether the hash is in either of the two parts at `parts`, of so many bits each. */
export function wasSeen(parts: usize, bits: u64, hash: u64): bool {
  return isIn(parts, bits, hash) || isIn(parts + <usize>(bits >> 3), bits, hash);
}

/** Puts the hash into the part of the time that it is. */
export function noteSeen(parts: usize, bits: u64, hash: u64): void {
  setBit(parts, hash % bits);
  setBit(parts, (hash >> 32) % bits);
}

/** Begins another time. */
export function ageSeen(parts: usize, bits: u64): void {
  const bytes = <usize>(bits >> 3);
  memory.copy(parts + bytes, parts, bytes);
  memory.fill(parts, 0, bytes);
}

function isIn(part: usize, bits: u64, hash: u64): bool {
  return hasBit(part, hash % bits) && hasBit(part, (hash >> 32) % bits);
}

function hasBit(part: usize, bit: u64): bool {
  return ((load<u8>(part + <usize>(bit >> 3)) >> <u8>(bit & 7)) & 1) != 0;
}

function setBit(part: usize, bit: u64): void {
  const at = part + <usize>(bit >> 3);
  store<u8>(at, load<u8>(at) | ((<u8>1) << (<u8>(bit & 7))));
}

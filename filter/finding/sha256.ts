// SHA-256 (FIPS 180-4) of short texts: the checksums of wallet keys and seed phrases.

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const constants: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

const BLOCK_BYTES: usize = 64;
/** Two blocks: what is hashed here is at most 78 bytes, and nine more are for its end and length. */
export const MAX_BYTES: usize = 119;

const padded: usize = memory.data(128);
const schedule: usize = memory.data(256);
const state: usize = memory.data(32);

/** Writes the digest of `length` bytes (MAX_BYTES at most) at `from` to the 32 bytes at `to`, which may be the same. */
export function sha256(from: usize, length: usize, to: usize): void {
  const bytes: usize = length + 9 > BLOCK_BYTES ? 2 * BLOCK_BYTES : BLOCK_BYTES;
  memory.fill(padded, 0, bytes);
  memory.copy(padded, from, length);
  store<u8>(padded + length, 0x80);
  store<u32>(padded + bytes - 4, bswap<u32>((<u32>length) << 3));
  // The first 32 bits of the fractional parts of the square roots of the first 8 primes.
  store<u32>(state, 0x6a09e667);
  store<u32>(state, 0xbb67ae85, 4);
  store<u32>(state, 0x3c6ef372, 8);
  store<u32>(state, 0xa54ff53a, 12);
  store<u32>(state, 0x510e527f, 16);
  store<u32>(state, 0x9b05688c, 20);
  store<u32>(state, 0x1f83d9ab, 24);
  store<u32>(state, 0x5be0cd19, 28);
  for (let block: usize = 0; block < bytes; block += BLOCK_BYTES) compress(padded + block);
  for (let i: usize = 0; i < 32; i += 4) store<u32>(to + i, bswap<u32>(load<u32>(state + i)));
}

function compress(block: usize): void {
  for (let i: usize = 0; i < 64; i += 4) store<u32>(schedule + i, bswap<u32>(load<u32>(block + i)));
  for (let i: usize = 64; i < 256; i += 4) {
    const s0 = load<u32>(schedule + i - 60);
    const s1 = load<u32>(schedule + i - 8);
    store<u32>(
      schedule + i,
      load<u32>(schedule + i - 64) +
        (rotr<u32>(s0, 7) ^ rotr<u32>(s0, 18) ^ (s0 >> 3)) +
        load<u32>(schedule + i - 28) +
        (rotr<u32>(s1, 17) ^ rotr<u32>(s1, 19) ^ (s1 >> 10)),
    );
  }
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  let f = load<u32>(state, 20);
  let g = load<u32>(state, 24);
  let h = load<u32>(state, 28);
  for (let i: usize = 0; i < 256; i += 4) {
    const first =
      h +
      (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) +
      ((e & f) ^ (~e & g)) +
      load<u32>(constants + i) +
      load<u32>(schedule + i);
    const second = (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + second;
  }
  add(0, a);
  add(4, b);
  add(8, c);
  add(12, d);
  add(16, e);
  add(20, f);
  add(24, g);
  add(28, h);
}

function add(at: usize, word: u32): void {
  store<u32>(state + at, load<u32>(state + at) + word);
}

/**
 * SipHash-2-4 (J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012), as filter/scan/sip-hash.ts has
 * it. `key` has 16 bytes.
 */
export function sipHash(key: Uint8Array, bytes: Uint8Array): bigint {
  const words = new DataView(key.buffer, key.byteOffset, 16);
  const [k0, k1] = [words.getBigUint64(0, true), words.getBigUint64(8, true)];
  const v: State = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const padded = new DataView(new ArrayBuffer((bytes.length & ~7) + 8));
  new Uint8Array(padded.buffer).set(bytes);
  padded.setUint8(padded.byteLength - 1, bytes.length & 255);
  for (let at = 0; at < padded.byteLength; at += 8) {
    const word = padded.getBigUint64(at, true);
    v[3] ^= word;
    round(v);
    round(v);
    v[0] ^= word;
  }
  v[2] ^= 0xffn;
  for (let i = 0; i < 4; i++) round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

type State = [bigint, bigint, bigint, bigint];

const wrap = (value: bigint) => BigInt.asUintN(64, value);
const rotate = (value: bigint, bits: bigint) => wrap(value << bits) | (value >> (64n - bits));

function round(v: State): void {
  v[0] = wrap(v[0] + v[1]);
  v[1] = rotate(v[1], 13n) ^ v[0];
  v[0] = rotate(v[0], 32n);
  v[2] = wrap(v[2] + v[3]);
  v[3] = rotate(v[3], 16n) ^ v[2];
  v[0] = wrap(v[0] + v[3]);
  v[3] = rotate(v[3], 21n) ^ v[0];
  v[2] = wrap(v[2] + v[1]);
  v[1] = rotate(v[1], 17n) ^ v[2];
  v[2] = rotate(v[2], 32n);
}

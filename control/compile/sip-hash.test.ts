import { expect, test } from 'vitest';
import { sipHash } from './sip-hash.ts';

const count = (length: number) => Uint8Array.from({ length }, (_, i) => i);

// Appendix A of the paper, and the first of its reference implementation's vectors.
test('gives what the paper gives', () => {
  expect(sipHash(count(16), count(15))).toBe(0xa129ca6149be45e5n);
  expect(sipHash(count(16), count(0))).toBe(0x726fdb47dd0e0e31n);
  expect(sipHash(count(16), count(8))).toBe(0x93f5f5799a932462n);
});

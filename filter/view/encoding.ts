// How a view came about: the encodings that were opened, outermost first, four bits each.

export const RAW: u32 = 0;
export const JSON_STRING: u32 = 1;
export const PERCENT: u32 = 2;
export const BASE64: u32 = 3;

/** The chain with one more encoding opened. */
export function opened(chain: u32, encoding: u32): u32 {
  return (chain << 4) | encoding;
}

/** Whether base64 is among the encodings that were opened. */
export function holdsBase64(chain: u32): bool {
  for (; chain != 0; chain >>= 4) if ((chain & 15) == BASE64) return true;
  return false;
}

/** A decimal number; the largest there is where the text is none or does not fit. */
export function readDecimal(start: usize, length: u32): u64 {
  let value: u64 = 0;
  if (length == 0 || length > 19) return u64.MAX_VALUE;
  for (let i: u32 = 0; i < length; i++) {
    const digit = <u64>load<u8>(start + i) - 0x30;
    if (digit > 9) return u64.MAX_VALUE;
    value = value * 10 + digit;
  }
  return value;
}

/** Luhn (ISO/IEC 7812-1 annex B) over 13 to 19 digits; spaces and hyphens between them do not count. */
export function luhn(start: usize, end: usize): bool {
  let digits = 0;
  let sum: u32 = 0;
  for (let p = end; p > start; ) {
    const digit = <u32>load<u8>(--p) - 0x30;
    if (digit > 9) continue;
    const doubled = digit * 2;
    sum += (digits & 1) == 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
    digits++;
  }
  return digits >= 13 && digits <= 19 && sum % 10 == 0;
}

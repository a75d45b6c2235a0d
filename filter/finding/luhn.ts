/** Luhn (ISO/IEC 7812-1 annex B) over 13 to 19 digits; what stands between them does not count. */
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

/** A group before, and the space between. */
const GROUP_BYTES: usize = 5;

/**
 * Whether digits in groups are the middle of a longer row: a group of four before them and digits after, parted by the
 * same spaces. Tracking numbers are printed so, and every third row of five groups holds four that pass for a card.
 */
export function isInRow(start: usize, end: usize, begin: usize, limit: usize): bool {
  if (start - begin < GROUP_BYTES || limit - end < 2) return false;
  if (load<u8>(start - 1) != 0x20 || load<u8>(start, 4) != 0x20 || load<u8>(end) != 0x20) return false;
  for (let p = start - GROUP_BYTES; p < start - 1; p++) if (!isDigit(load<u8>(p))) return false;
  return isDigit(load<u8>(end, 1));
}

function isDigit(c: u8): bool {
  return c - 0x30 < 10;
}

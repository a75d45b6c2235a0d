// Numbers of United States authorities: which digits can be one at all.

/** Digits of a hit as one number, separators left out; the count of digits in `digitCount`. */
function digitsOf(start: usize, end: usize): u64 {
  let number: u64 = 0;
  digitCount = 0;
  for (let p = start; p < end; p++) {
    const digit = <u32>load<u8>(p) - 0x30;
    if (digit > 9) continue;
    number = number * 10 + digit;
    digitCount++;
  }
  return number;
}

let digitCount: u32 = 0;

/** Whether one of the numbers in the hit, hyphens left out, is an ABA routing number. */
export function aba(start: usize, end: usize): bool {
  for (let p = start; p < end; ) {
    if (!isDigit(load<u8>(p))) {
      p++;
      continue;
    }
    const from = p;
    while (p < end && (isDigit(load<u8>(p)) || (load<u8>(p) == 0x2d && p + 1 < end && isDigit(load<u8>(p, 1))))) p++;
    if (isRoutingNumber(from, p)) return true;
  }
  return false;
}

function isDigit(c: u8): bool {
  return c - 0x30 < 10;
}

/** Nine digits in the Federal Reserve's ranges, weighted 3, 7, 1, the sum a multiple of ten. */
function isRoutingNumber(start: usize, end: usize): bool {
  let number = <u32>digitsOf(start, end);
  if (digitCount != 9 || number == 0) return false;
  const range = number / 10000000;
  const isIssued = range <= 12 || (range >= 21 && range <= 32) || (range >= 61 && range <= 72) || range == 80;
  let sum: u32 = 0;
  // From the right the weights run 1, 7, 3.
  for (let i = 0; i < 9; i++) {
    sum += (number % 10) * (i % 3 == 0 ? 1 : i % 3 == 1 ? 7 : 3);
    number /= 10;
  }
  return isIssued && sum % 10 == 0;
}

/** Numbers that the Social Security Administration once printed on samples, and never issues. */
const SAMPLE_NUMBER: u32 = 78051120;
const PAMPHLET_NUMBER: u32 = 219099999;

/** Social security number: no area 000, 666 or 900 to 999, no group 00, no serial 0000. */
export function ssn(start: usize, end: usize): bool {
  const number = <u32>digitsOf(start, end);
  const area = number / 1000000;
  if (number == SAMPLE_NUMBER || number == PAMPHLET_NUMBER) return false;
  return (
    digitCount == 9 && area != 0 && area != 666 && area < 900 && (number / 10000) % 100 != 0 && number % 10000 != 0
  );
}

/** The first eight digits of the ten that the Social Security Administration keeps for advertisements. */
const ADVERTISED: u32 = 98765432;

/** Individual taxpayer number: 9 first, and a group from 50 to 65, 70 to 88, 90 to 92 or 94 to 99. */
export function itin(start: usize, end: usize): bool {
  const number = <u32>digitsOf(start, end);
  const group = (number / 10000) % 100;
  const isIssued = (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group != 93);
  return digitCount == 9 && number / 100000000 == 9 && isIssued && number / 10 != ADVERTISED;
}

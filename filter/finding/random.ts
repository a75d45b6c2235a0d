// Tells a value that a machine drew from one that a person wrote: examples, masks, words.

/** Per byte, whether the value holds it. */
const seen: usize = memory.data(256);

/** Fewest different bytes of a value that is drawn. */
const LEAST_DIFFERENT: u32 = 8;

/** Whether the end of the hit holds a letter and a digit, is of many different bytes, not masked, and does not count up. */
export function isRandom(start: usize, end: usize): bool {
  // The padding of base64, two at most, is no part of the value.
  for (let i = 0; i < 2 && end > start && load<u8>(end - 1) == 0x3d; i++) end--;
  let from = end;
  while (from > start && isValue(load<u8>(from - 1))) from--;
  if (isMasked(from, end)) return false;
  memory.fill(seen, 0, 256);
  let different: u32 = 0;
  let steps: usize = 0;
  let hasLetter = false;
  let hasDigit = false;
  let before: u32 = 256;
  for (let p = from; p < end; p++) {
    const c: u32 = load<u8>(p);
    if (isDigit(c)) hasDigit = true;
    else if (isLetter(c)) hasLetter = true;
    if (load<u8>(seen + c) == 0) different++;
    store<u8>(seen + c, 1);
    if (c == before + 1) steps++;
    before = c;
  }
  return hasLetter && hasDigit && different >= LEAST_DIFFERENT && steps * 3 < end - from;
}

/** Whether the text holds a row of the same x or sign, eight long, or of zeros, twelve long. */
export function isMasked(start: usize, end: usize): bool {
  let row: u32 = 0;
  let before: u8 = 0;
  for (let p = start; p < end; p++) {
    const c = load<u8>(p);
    row = c == before ? row + 1 : 1;
    before = c;
    if (row == 8 && (c == 0x78 || c == 0x58 || c == 0x2a || c == 0x23 || c == 0x2e)) return true;
    if (row == 12 && c == 0x30) return true;
  }
  return false;
}

/** A byte of a value: letters, digits and _ + / . ~ ! @ # % ^ & * - */
function isValue(c: u32): bool {
  if (isLetter(c) || isDigit(c)) return true;
  return (
    c == 0x5f ||
    c == 0x2b ||
    c == 0x2f ||
    c == 0x2e ||
    c == 0x7e ||
    c == 0x21 ||
    c == 0x40 ||
    c == 0x23 ||
    c == 0x25 ||
    c == 0x5e ||
    c == 0x26 ||
    c == 0x2a ||
    c == 0x2d
  );
}

function isLetter(c: u32): bool {
  return (c | 0x20) - 0x61 < 26;
}

function isDigit(c: u32): bool {
  return c - 0x30 < 10;
}

// IBAN (ISO 13616): the structure that its country gives it, and the number with its first four characters moved to the
// end is 1 modulo 97.

/** What follows the check digits, by country: counts of digits (n), capitals (a) or either (c). control/rules/check-digits.ts says from where. */
const STRUCTURES =
  'AD8n12c AE19n AL8n16c AO21n AT16n AZ4a20c BA16n BE12n BF2c22n BG4a6n8c BH4a14c BI23n BJ2c22n BR23n1a1c BY4c4n16c CF23n CG23n CH5n12c CI2c22n CM23n CR18n CV21n CY8n16c CZ20n DE18n DJ23n DK14n DO4c20n DZ22n EE16n EG25n ES20n FI14n FK2a12n FO14n FR10n11c2n GA23n GB4a14n GE2a16n GI4a15c GL14n GQ23n GR7n16c GT24c GW2c19n HN4a20n HR17n HU24n IE4a14n IL19n IQ4a15n IR22n IS22n IT1a10n12c JO4a4n18c KM23n KW4a22c KZ3n13c LB4n20c LC4a24c LI5n12c LT16n LU3n13c LV4a13c LY21n MA24n MC10n11c2n MD20c ME18n MG23n MK3n10c2n ML2c22n MN16n MR23n MT4a5n18c MU4a19n3a MZ21n NE2c22n NI4a20n NL4a10n NO11n OM3n16c PK4a16c PL24n PS4a21c PT21n QA4a21c RO4a16c RS18n RU14n15c SA2n18c SC4a20n3a SD14n SE20n SI15n SK20n SM1a10n12c SN2c22n SO19n ST21n SV4a20n TD23n TG2c22n TL19n TN20n TR6n16c UA6n19c VA18n VG4a16n XK16n YE4a4n18c ';

/** Whether the hit begins with an IBAN; what comes after its country's length must be parted from it by a separator. */
export function iban(start: usize, end: usize): bool {
  let at = structureOf(load<u8>(start), load<u8>(start, 1));
  if (at < 0) return false;
  let remainder: u32 = 0;
  let p = start + 4;
  for (; STRUCTURES.charCodeAt(at) != 0x20; at++) {
    let count: u32 = 0;
    for (; STRUCTURES.charCodeAt(at) <= 0x39; at++) count = count * 10 + <u32>(STRUCTURES.charCodeAt(at) - 0x30);
    const kind = STRUCTURES.charCodeAt(at);
    for (; count > 0; count--) {
      while (p < end && isSeparator(load<u8>(p))) p++;
      if (p == end) return false;
      const c = load<u8>(p++);
      const isDigit = c <= 0x39;
      if (isDigit ? kind == 0x61 : kind == 0x6e) return false;
      remainder = append(remainder, c);
    }
  }
  if (p < end && !isSeparator(load<u8>(p))) return false;
  for (let i: usize = 0; i < 4; i++) remainder = append(remainder, load<u8>(start + i));
  return remainder == 1;
}

/** The remainder modulo 97 after one more character, which counts as one digit or, a letter, as two. */
function append(remainder: u32, c: u8): u32 {
  return c <= 0x39 ? (remainder * 10 + c - 0x30) % 97 : (remainder * 100 + c - 0x37) % 97;
}

/** A space, hyphen, plus or dot, or a byte of a space or dash outside ASCII. */
function isSeparator(c: u8): bool {
  return c == 0x20 || c == 0x2d || c == 0x2b || c == 0x2e || c > 0x7f;
}

/** Most bytes from the head of an IBAN to a card number within: a country, check digits and five groups of four. */
const HEAD_BYTES: usize = 40;

/**
 * Whether what begins at `start` goes on with a text that begins like an IBAN, after `begin`: where its check digits do
 * not agree, the groups in it are still no card number.
 */
export function isInIban(start: usize, begin: usize): bool {
  const from = start - begin > HEAD_BYTES ? start - HEAD_BYTES : begin;
  for (let p = start; p > from; ) {
    const c = load<u8>(--p);
    if (!isSeparator(c) && !isDigit(c) && !isCapital(c)) return false;
    if (start - p >= 4 && isHead(p) && (p == begin || !isWord(load<u8>(p - 1)))) return true;
  }
  return false;
}

function isHead(p: usize): bool {
  const a = load<u8>(p);
  const b = load<u8>(p, 1);
  return isDigit(load<u8>(p, 2)) && isDigit(load<u8>(p, 3)) && isCapital(a) && isCapital(b) && structureOf(a, b) >= 0;
}

function isDigit(c: u8): bool {
  return c - 0x30 < 10;
}

function isCapital(c: u8): bool {
  return c - 0x41 < 26;
}

function isWord(c: u8): bool {
  return isDigit(c) || (c | 0x20) - 0x61 < 26 || c == 0x5f;
}

/** Index of the country's structure, or -1. */
function structureOf(first: u8, second: u8): i32 {
  let isEntry = true;
  for (let i = 0; i < STRUCTURES.length - 2; i++) {
    if (isEntry && <u8>STRUCTURES.charCodeAt(i) == first && <u8>STRUCTURES.charCodeAt(i + 1) == second) return i + 2;
    isEntry = STRUCTURES.charCodeAt(i) == 0x20;
  }
  return -1;
}

/**
 * Check digits and ranges of account numbers, as reference: the filter's own (filter/finding) must agree with these.
 * Each takes the text of a hit, separators included.
 */

/** Luhn (ISO/IEC 7812-1 annex B) over 13 to 19 digits. Which networks and lengths there are, the patterns say. */
export function luhn(text: string): boolean {
  const digits = text.replace(/[^0-9]/g, '');
  if (!/^[0-9]{13,19}$/.test(digits)) return false;
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    sum += at % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
  }
  return sum % 10 === 0;
}

/**
 * What follows the check digits of an IBAN, per country: counts of digits (n), capitals (a) or either (c). From the SWIFT
 * IBAN registry, and from national sources for the countries after Yemen, which use IBANs without being in it.
 */
export const ibanStructures: Readonly<Record<string, string>> = {
  AD: '8n12c',
  AE: '19n',
  AL: '8n16c',
  AT: '16n',
  AZ: '4a20c',
  BA: '16n',
  BE: '12n',
  BG: '4a6n8c',
  BH: '4a14c',
  BI: '23n',
  BR: '23n1a1c',
  BY: '4c4n16c',
  CH: '5n12c',
  CR: '18n',
  CY: '8n16c',
  CZ: '20n',
  DE: '18n',
  DJ: '23n',
  DK: '14n',
  DO: '4c20n',
  EE: '16n',
  EG: '25n',
  ES: '20n',
  FI: '14n',
  FK: '2a12n',
  FO: '14n',
  FR: '10n11c2n',
  GB: '4a14n',
  GE: '2a16n',
  GI: '4a15c',
  GL: '14n',
  GR: '7n16c',
  GT: '24c',
  HN: '4a20n',
  HR: '17n',
  HU: '24n',
  IE: '4a14n',
  IL: '19n',
  IQ: '4a15n',
  IS: '22n',
  IT: '1a10n12c',
  JO: '4a4n18c',
  KW: '4a22c',
  KZ: '3n13c',
  LB: '4n20c',
  LC: '4a24c',
  LI: '5n12c',
  LT: '16n',
  LU: '3n13c',
  LV: '4a13c',
  LY: '21n',
  MC: '10n11c2n',
  MD: '20c',
  ME: '18n',
  MK: '3n10c2n',
  MN: '16n',
  MR: '23n',
  MT: '4a5n18c',
  MU: '4a19n3a',
  NI: '4a20n',
  NL: '4a10n',
  NO: '11n',
  OM: '3n16c',
  PK: '4a16c',
  PL: '24n',
  PS: '4a21c',
  PT: '21n',
  QA: '4a21c',
  RO: '4a16c',
  RS: '18n',
  RU: '14n15c',
  SA: '2n18c',
  SC: '4a20n3a',
  SD: '14n',
  SE: '20n',
  SI: '15n',
  SK: '20n',
  SM: '1a10n12c',
  SO: '19n',
  ST: '21n',
  SV: '4a20n',
  TL: '19n',
  TN: '20n',
  TR: '6n16c',
  UA: '6n19c',
  VA: '18n',
  VG: '4a16n',
  XK: '16n',
  YE: '4a4n18c',
  AO: '21n',
  BF: '2c22n',
  BJ: '2c22n',
  CF: '23n',
  CG: '23n',
  CI: '2c22n',
  CM: '23n',
  CV: '21n',
  DZ: '22n',
  GA: '23n',
  GQ: '23n',
  GW: '2c19n',
  IR: '22n',
  KM: '23n',
  MA: '24n',
  MG: '23n',
  ML: '2c22n',
  MZ: '21n',
  NE: '2c22n',
  SN: '2c22n',
  TD: '23n',
  TG: '2c22n',
};

/** Length of an IBAN per country, with the country and the check digits. */
export const ibanLengths: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(ibanStructures).map(([country, structure]) => [
    country,
    4 + [...structure.matchAll(/[0-9]+/g)].reduce((sum, [count]) => sum + Number(count), 0),
  ]),
);

/**
 * ISO 13616: as long as the country says, of its structure, and, rearranged, 1 modulo 97. What is longer than the
 * country says must be parted from the number by a separator, and is left out.
 */
export function iban(text: string): boolean {
  const country = text.slice(0, 2);
  const structure = ibanStructures[country];
  if (structure === undefined) return false;
  let compact = '';
  let at = 0;
  for (; at < text.length && compact.length < ibanLengths[country]!; at++) {
    if (!isSeparator(text[at])) compact += text[at];
  }
  if (compact.length < ibanLengths[country]! || (at < text.length && !isSeparator(text[at]))) return false;

  const classes: Record<string, string> = { n: '[0-9]', a: '[A-Z]', c: '[0-9A-Z]' };
  const shape = structure.replace(/([0-9]+)([nac])/g, (_, count, kind) => `${classes[kind]}{${count}}`);
  if (!new RegExp(`^[A-Z]{2}[0-9]{2}${shape}$`).test(compact)) return false;

  let remainder = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (value > 9 ? remainder * 100 + value : remainder * 10 + value) % 97;
  }
  return remainder === 1;
}

/** Printed in groups, with a space or dash of any kind, or written into a form, where a space is a plus. */
function isSeparator(character: string | undefined): boolean {
  return character !== undefined && /[ +.-]|[^\0-\x7f]/.test(character);
}

/**
 * Whether a card number at `start` goes on with a text that begins like an IBAN: where its check digits do not agree, the
 * groups in it are still no card number.
 */
export function isInIban(text: string, start: number): boolean {
  for (let at = start - 4; at >= Math.max(0, start - 40); at--) {
    const before = text.slice(at, start);
    if (!/^(?:[0-9A-Z +.-]|[^\0-\x7f])*$/.test(before)) return false;
    const isHead = /^[A-Z]{2}[0-9]{2}/.test(before) && before.slice(0, 2) in ibanStructures;
    if (isHead && !/[0-9A-Za-z_]/.test(text[at - 1] ?? '')) return true;
  }
  return false;
}

/** Whether digits in groups are the middle of a longer row: a group of four before them and digits after. */
export function isInRow(text: string, start: number, end: number): boolean {
  return text[start + 4] === ' ' && /[0-9]{4} $/.test(text.slice(0, start)) && /^ [0-9]/.test(text.slice(end));
}

/** Whether one of the numbers in the text, hyphens left out, is an ABA routing number. */
export function aba(text: string): boolean {
  return [...text.matchAll(/[0-9]+(?:-[0-9]+)*/g)].some(([number]) => isRoutingNumber(number.replaceAll('-', '')));
}

/** Nine digits of the Federal Reserve's ranges, weighted 3, 7, 1, the sum a multiple of ten. */
function isRoutingNumber(digits: string): boolean {
  if (!/^(?:0[0-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)[0-9]{7}$/.test(digits) || /^0{9}$/.test(digits)) return false;
  const weights = [3, 7, 1];
  return [...digits].reduce((sum, digit, at) => sum + Number(digit) * weights[at % 3]!, 0) % 10 === 0;
}

/**
 * US social security number: no area 000, 666 or 900 to 999, no group 00, no serial 0000, and none of the two that the
 * agency itself calls misused in print.
 */
export function ssn(text: string): boolean {
  const digits = text.replace(/[ .-]/g, '');
  if (digits === '078051120' || digits === '219099999') return false;
  return /^(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}$/.test(digits);
}

/**
 * US individual taxpayer number: 9 first, and a group from 50 to 65, 70 to 88, 90 to 92 or 94 to 99; but for those ten that
 * the Social Security Administration keeps for advertisements.
 */
export function itin(text: string): boolean {
  const digits = text.replace(/[ .-]/g, '');
  return (
    !digits.startsWith('98765432') && /^9[0-9]{2}(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-2]|9[4-9])[0-9]{4}$/.test(digits)
  );
}

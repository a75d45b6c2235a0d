// Tells a password from words that stand for one, or speak of one. control/rules/randomness.ts says the same in TypeScript.
import { isDigit, isLetter, isMasked, SAMPLE_WORDS } from './random';
import { WordList } from './words';

/** Passwords that stand for one in documentation and forms, or say something of one. */
const PLACEHOLDERS = new WordList(
  'pass passwd password passwords passphrase pwd secret my_password my-password yourpassword user_password userpassword newpassword string text number boolean hidden none null nil undefined true false required optional empty invalid incorrect wrong missing weak strong valid expired changed reset unset not-set not_set notset default unknown token value email username login confirm plain encrypted hashed',
);

/** Parts of texts that are filled in, and of addresses. */
const FILLINGS = new WordList('${ {{ $( #{ &lt; :// arn:');

const PASSWORD = new WordList('password');

// What the last password holds, as look() saw it.
const seen: usize = memory.data(256);
let valueStart: usize = 0;
let valueEnd: usize = 0;
let different: u32 = 0;
let hasLetter: bool = false;
let hasDigit: bool = false;
let hasSign: bool = false;

/**
 * Whether a password, at the end of the hit and perhaps quoted, is more than a word that stands for one: of four
 * different bytes, not masked, not filled in later, no path, no text about passwords.
 */
export function isPassword(start: usize, end: usize): bool {
  findValue(start, end);
  look();
  const from = valueStart;
  const to = valueEnd;
  if (different < 4 || isMasked(from, to)) return false;
  // No placeholder holds a digit.
  if (!hasDigit && PLACEHOLDERS.isText(from, to)) return false;
  if (SAMPLE_WORDS.isIn(from, to) || FILLINGS.isIn(from, to)) return false;
  const first: u32 = load<u8>(from);
  const second: u32 = load<u8>(from, 1);
  const last: u32 = load<u8>(to - 1);
  if (first == 0x24 && (isLetter(second) || second == 0x5f)) return false; // a variable, $NAME
  if (first == 0x2f || first == 0x2e || (first == 0x25 && last == 0x25)) return false; // a path, %NAME%
  if (last == 0x3a || isSpace(last)) return false;
  // `Enter your password`, `password_hash`, `#password`: names and labels.
  return !hasSign || hasDigit || !PASSWORD.isIn(from, to);
}

/** The same for one that no quotes tell from words: it holds a letter, a digit and six different bytes. */
export function isMixedPassword(start: usize, end: usize): bool {
  return isPassword(start, end) && hasLetter && hasDigit && different >= 6;
}

/** The value: between the quotes that the hit ends with, or its last bytes up to a sign; none before a lone quote. */
function findValue(start: usize, end: usize): void {
  valueStart = end;
  valueEnd = end;
  if (end == start) return;
  const last: u32 = load<u8>(end - 1);
  let from = end - 1;
  if (isQuote(last)) {
    while (from > start && <u32>load<u8>(from - 1) != last) from--;
    if (from == start) return;
    valueEnd = end - 1;
  } else {
    if (last == 0x3b) valueEnd = end - 1;
    from = valueEnd;
    while (from > start && !isEdge(load<u8>(from - 1))) from--;
  }
  valueStart = from;
}

function look(): void {
  memory.fill(seen, 0, 256);
  different = 0;
  hasLetter = false;
  hasDigit = false;
  hasSign = false;
  for (let p = valueStart; p < valueEnd; p++) {
    const c: u32 = load<u8>(p);
    if (isDigit(c)) hasDigit = true;
    else if (isLetter(c)) hasLetter = true;
    else hasSign = true;
    if (load<u8>(seen + c) == 0) different++;
    store<u8>(seen + c, 1);
  }
}

function isQuote(c: u32): bool {
  return c == 0x22 || c == 0x27 || c == 0x60;
}

/** Space, tab and line ends. */
function isSpace(c: u32): bool {
  return c == 0x20 || (c >= 0x09 && c <= 0x0d);
}

/** What an unquoted value cannot hold: space, quotes, and = : , > | ; */
function isEdge(c: u32): bool {
  return isSpace(c) || isQuote(c) || c == 0x3d || c == 0x3a || c == 0x2c || c == 0x3e || c == 0x7c || c == 0x3b;
}

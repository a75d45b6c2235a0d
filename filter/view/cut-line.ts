// Words on both sides of a line break: pieces of a token that was cut there, or just the end and the beginning of lines.

/** A multiple of 16, and shorter than any line that base64 is wrapped to. */
const BASE64_LINE_BYTES: usize = 48;

// What the bytes of the word beside a line break are, 16 of them at most, a bit each.
let capitals: u32 = 0;
let smalls: u32 = 0;
let digits: u32 = 0;
let lines: u32 = 0; // _
let hexes: u32 = 0;
let signs: u32 = 0; // - . /
let wordBits: u32 = 0;

function classify(v: v128): void {
  const lower = v128.or(v, i8x16.splat(0x20));
  const letters = i8x16.bitmask(i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(26)));
  const isSmall = i8x16.bitmask(v128.and(i8x16.shl(v, 2), i8x16.splat(-128)));
  smalls = letters & isSmall;
  capitals = letters & ~isSmall;
  digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10)));
  lines = i8x16.bitmask(i8x16.eq(v, i8x16.splat(0x5f)));
  hexes = digits | i8x16.bitmask(i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(6)));
  signs = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x2d)), i8x16.splat(3)));
  wordBits = letters | digits | lines | signs;
}

/**
 * Whether the words before a line break at `at` and from `from` on could be pieces of a token. Lines mostly end and begin with
 * a word of a language or a number; and where both are hexadecimal they are whole, or have a name before them.
 */
export function arePieces(at: usize, from: usize): bool {
  classify(v128.load(at - 16));
  // Without the full stop or the hyphen at its end.
  const left: u32 = 0xffff & ~((1 << (32 - clz(~wordBits & 0xffff))) - 1) & ~(signs & 0x8000);
  if (isOrdinary(left, left & (0 - left))) return false;
  const isLeftMixed = isMixed(left);
  const isLeftHex = (left & ~hexes) == 0;
  classify(v128.load(from));
  const right: u32 = (1 << ctz(~wordBits | 0x10000)) - 1;
  if (isOrdinary(right, 1)) return false;
  if ((!isLeftMixed && !isMixed(right)) || (isLeftHex && (right & ~hexes) == 0)) return false;
  return !isBase64Line(at - BASE64_LINE_BYTES) || !isBase64Line(from);
}

/** Whether BASE64_LINE_BYTES of base64 stand at `p`: lines of it are put together where they are decoded. */
function isBase64Line(p: usize): bool {
  for (let i: usize = 0; i < BASE64_LINE_BYTES; i += 16) {
    const v = v128.load(p + i);
    classify(v);
    const pluses = i8x16.bitmask(i8x16.eq(v, i8x16.splat(0x2b)));
    if ((wordBits | pluses) != 0xffff) return false;
  }
  return true;
}

/** Whether a word is a number, or written like one of a language: in small letters, perhaps behind a capital. */
function isOrdinary(word: u32, first: u32): bool {
  if ((word & (capitals | smalls)) == 0) return true;
  return (word & ~(smalls | (capitals & first))) == 0;
}

/** Whether a word holds letters and digits, or an underscore. */
function isMixed(word: u32): bool {
  return (word & (capitals | smalls)) != 0 && (word & (digits | lines)) != 0;
}

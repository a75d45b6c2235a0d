// What a shell would make of a command: quotes and backslashes gone, variables, braces and escapes put in, encoded text
// behind it. Not a shell: it opens what hides a word from a pattern, and leaves the rest as it is
// (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html). Longer than most files: one way of hiding after another.

/** Variables that a text may set; more than hide a command. */
const MAX_VARIABLES: u32 = 16;
const variables: usize = memory.data(256); // MAX_VARIABLES × (name, name end, value, value end)
let variableCount: u32 = 0;
/** Shorter runs of base64 or hexadecimal are words. */
const LEAST_RUN: usize = 8;

/** Room that readAsShell may need for a text of `length` bytes: a value for each variable, decoded text behind. */
export function shellRoom(length: u32): u32 {
  return length * 3 + 1024;
}

/** Whether a shell would read the text as anything but itself. */
export function isForShell(p: usize, end: usize): bool {
  for (; p < end; p++) {
    const c = load<u8>(p);
    if (c == 0x27 || c == 0x22 || c == 0x5c || c == 0x24 || c == 0x60 || c == 0x7b || c == 0x0a || c == 0x09)
      return true;
    if (c == 0x62 && end - p > 6 && load<u32>(p) == 0x65736162) return true; // base64, base32
    if (c == 0x78 && end - p > 3 && load<u16>(p, 1) == 0x6478) return true; // xxd
  }
  return false;
}

/** Writes what a shell makes of the text to `out`, where there is shellRoom; gives the end. */
export function readAsShell(start: usize, end: usize, out: usize): usize {
  variableCount = 0;
  const most = out + shellRoom(<u32>(end - start)) - 512;
  let to = out;
  let inSingle = false;
  let braces = false;
  for (let p = start; p < end && to < most; ) {
    const c = load<u8>(p);
    const after = p + 1 < end ? load<u8>(p, 1) : 0;
    if (c == 0x27) {
      inSingle = !inSingle;
      p++;
    } else if (c == 0x22 || c == 0x60) p++;
    else if (c == 0x5c) {
      const escaped = readEscape(p, end);
      if (escaped >= 0) store<u8>(to++, <u8>escaped);
      p = escapeEnd;
    } else if (c == 0x24 && !inSingle) {
      if (after == 0x27 || after == 0x22) p++;
      else if (after == 0x28) {
        store<u8>(to++, 0x20);
        p += 2;
      } else {
        to = writeVariable(p, end, to, most);
        p = variableEnd;
      }
    } else if (c == 0x7b && !inSingle && isBraceList(p, end)) {
      braces = true;
      p++;
    } else if (c == 0x7d && braces) {
      braces = false;
      p++;
    } else if (c == 0x2c && braces) {
      to = writeSpace(out, to);
      p++;
    } else if (c == 0x20 || c == 0x09 || c == 0x0a || c == 0x0d) {
      to = writeSpace(out, to);
      p++;
    } else {
      if (c == 0x3d) noteVariable(start, p, end);
      store<u8>(to++, c);
      p++;
    }
  }
  return writeDecoded(start, end, to, most + 256);
}

function writeSpace(out: usize, to: usize): usize {
  if (to > out && load<u8>(to - 1) == 0x20) return to;
  store<u8>(to, 0x20);
  return to + 1;
}

let escapeEnd: usize = 0;

/** The character that a backslash at `p` makes; -1 for none. */
function readEscape(p: usize, end: usize): i32 {
  const c = p + 1 < end ? load<u8>(p, 1) : 0;
  if (c == 0x78) {
    let value = 0;
    let q = p + 2;
    while (q < end && q < p + 4 && digitOf(load<u8>(q)) < 16) value = value * 16 + <i32>digitOf(load<u8>(q++));
    if (q > p + 2) {
      escapeEnd = q;
      return value;
    }
  }
  if (c >= 0x30 && c <= 0x37) {
    let value = 0;
    let q = p + 1;
    const most = p + (c == 0x30 ? 5 : 4);
    while (q < end && q < most && load<u8>(q) >= 0x30 && load<u8>(q) <= 0x37)
      value = value * 8 + <i32>(load<u8>(q++) - 0x30);
    if (q > p + 2) {
      escapeEnd = q;
      return value & 0xff;
    }
  }
  escapeEnd = min(p + 2, end);
  // A line that goes on, and a path of Windows: the one is nothing, of the other the letter stays.
  return c == 0x0a || c == 0 ? -1 : <i32>c;
}

function digitOf(c: u8): u32 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const folded = c | 0x20;
  return folded >= 0x61 && folded <= 0x66 ? folded - 0x57 : 16;
}

/** Notes `name=value` around the sign at `p`. */
function noteVariable(start: usize, p: usize, end: usize): void {
  let name = p;
  while (name > start && isNamePart(load<u8>(name - 1))) name--;
  if (name == p || p - name > 32 || variableCount == MAX_VARIABLES) return;
  let from = p + 1;
  let q = from;
  const quote = q < end ? load<u8>(q) : 0;
  if (quote == 0x27 || quote == 0x22) {
    from = ++q;
    while (q < end && load<u8>(q) != quote) q++;
  } else while (q < end && !isWordEnd(load<u8>(q))) q++;
  if (q - from > 128) return;
  const record = variables + <usize>(variableCount++ << 4);
  store<u32>(record, <u32>name);
  store<u32>(record, <u32>p, 4);
  store<u32>(record, <u32>from, 8);
  store<u32>(record, <u32>q, 12);
}

function isNamePart(c: u8): bool {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a) || c == 0x5f;
}

function isWordEnd(c: u8): bool {
  return c <= 0x20 || c == 0x3b || c == 0x26 || c == 0x7c || c == 0x29;
}

let variableEnd: usize = 0;

/** Writes the value of the variable at `p`: what the text set it to; a space for IFS; its name where nobody knows. */
function writeVariable(p: usize, end: usize, to: usize, most: usize): usize {
  let name = p + 1;
  const isBraced = name < end && load<u8>(name) == 0x7b;
  if (isBraced) name++;
  let q = name;
  while (q < end && isNamePart(load<u8>(q))) q++;
  const nameEnd = q;
  if (isBraced) {
    while (q < end && load<u8>(q) != 0x7d && load<u8>(q) != 0x0a) q++;
    if (q < end) q++;
  } else if (q == name && q < end && (load<u8>(q) == 0x40 || load<u8>(q) == 0x2a)) q++;
  variableEnd = max(q, p + 1);
  const length = nameEnd - name;
  // Nothing is in "$@" and in the parameters of a command that has none.
  if (length == 0 || (length == 1 && load<u8>(name) <= 0x39)) {
    if (variableEnd == p + 1) store<u8>(to++, 0x24);
    return to;
  }
  if (length == 3 && load<u16>(name) == 0x4649 && load<u8>(name, 2) == 0x53) {
    store<u8>(to, 0x20);
    return to + 1;
  }
  for (let i = variableCount; i > 0; i--) {
    const record = variables + <usize>((i - 1) << 4);
    const known = <usize>load<u32>(record);
    if (<usize>load<u32>(record, 4) - known != length || memory.compare(known, name, length) != 0) continue;
    const value = <usize>load<u32>(record, 8);
    const bytes = <usize>load<u32>(record, 12) - value;
    if (to + bytes > most) return to;
    memory.copy(to, value, bytes);
    return to + bytes;
  }
  if (to + length >= most) return to;
  store<u8>(to++, 0x24);
  memory.copy(to, name, length);
  return to + length;
}

/** Whether the brace at `p` opens a list without spaces: `{rm,-rf,/}`. */
function isBraceList(p: usize, end: usize): bool {
  let hasComma = false;
  for (let q = p + 1; q < end && q < p + 512; q++) {
    const c = load<u8>(q);
    if (c == 0x7d) return hasComma;
    if (c == 0x2c) hasComma = true;
    if (c <= 0x20 || c == 0x7b) return false;
  }
  return false;
}

/** Writes what the runs of base64 and hexadecimal say behind the text, a line each, where that is text. */
function writeDecoded(start: usize, end: usize, to: usize, most: usize): usize {
  for (let p = start; p < end; ) {
    if (valueOf64(load<u8>(p)) > 63) {
      p++;
      continue;
    }
    let q = p;
    let isHex = true;
    for (; q < end && valueOf64(load<u8>(q)) < 64; q++) if (digitOf(load<u8>(q)) > 15) isHex = false;
    const length = q - p;
    if (length >= LEAST_RUN && to + 2 + length < most) {
      to = keepText(to, writeBase64(p, q, to + 1));
      if (isHex && length % 2 == 0) to = keepText(to, writeHex(p, q, to + 1));
    }
    p = q;
  }
  return to;
}

/** Ends a line of decoded text from `to` + 1 to `end` where all of it is printable; else gives `to` again. */
function keepText(to: usize, end: usize): usize {
  for (let p = to + 1; p < end; p++) {
    const c = load<u8>(p);
    if ((c < 0x20 && c != 0x0a && c != 0x09) || c > 0x7e) return to;
  }
  if (end - to < 3) return to;
  store<u8>(to, 0x0a);
  return end;
}

function valueOf64(c: u8): u32 {
  if (c >= 0x41 && c <= 0x5a) return c - 0x41;
  if (c >= 0x61 && c <= 0x7a) return c - 0x47;
  if (c >= 0x30 && c <= 0x39) return c + 4;
  return c == 0x2b || c == 0x2d ? 62 : c == 0x2f || c == 0x5f ? 63 : 64;
}

function writeBase64(p: usize, end: usize, to: usize): usize {
  let bits: u32 = 0;
  let count: u32 = 0;
  for (; p < end; p++) {
    bits = (bits << 6) | valueOf64(load<u8>(p));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    store<u8>(to++, <u8>(bits >> count));
  }
  return to;
}

function writeHex(p: usize, end: usize, to: usize): usize {
  for (; p < end; p += 2) store<u8>(to++, <u8>((digitOf(load<u8>(p)) << 4) | digitOf(load<u8>(p, 1))));
  return to;
}

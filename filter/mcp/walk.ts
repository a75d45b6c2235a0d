// Walks a JSON text that checkJson found sound, where it lies.
import { skipSpace } from './json';

/** The end of the string at `p`, quotes included. */
export function stringEnd(p: usize, end: usize): usize {
  p++;
  while (p < end) {
    const v = v128.load(p);
    const special = i8x16.bitmask(v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c))));
    if (special == 0) {
      p += 16;
      continue;
    }
    p += <usize>ctz(special);
    if (p < end && load<u8>(p) == 0x22) return p + 1;
    p += 2;
  }
  return end;
}

/** The end of the value at `p`. */
export function valueEnd(p: usize, end: usize): usize {
  let depth: u32 = 0;
  while (p < end) {
    const c = load<u8>(p);
    if (c == 0x22) {
      p = stringEnd(p, end);
      if (depth == 0) return p;
      continue;
    }
    if (c == 0x7b || c == 0x5b) depth++;
    else if (c == 0x7d || c == 0x5d) {
      if (--depth == 0) return p + 1;
    } else if (depth == 0) {
      while (p < end && !endsScalar(load<u8>(p))) p++;
      return p;
    }
    p++;
  }
  return end;
}

function endsScalar(c: u8): bool {
  return c <= 0x20 || c == 0x2c || c == 0x7d || c == 0x5d;
}

/**
 * Walks the members of an object or the elements of an array where they lie.
 *
 *     reader.start(valueStart, end);
 *     while (reader.next()) … reader.key, reader.keyEnd (objects; without the quotes), reader.value, reader.valueEnd
 */
@unmanaged
export class Walker {
  key: usize = 0;
  keyEnd: usize = 0;
  value: usize = 0;
  valueEnd: usize = 0;
  private p: usize = 0;
  private end: usize = 0;
  private isObject: bool = false;

  /** Begins before the first child of the value at `p`; a value that is neither object nor array has none. */
  start(p: usize, end: usize): void {
    const c = p < end ? load<u8>(p) : 0;
    this.isObject = c == 0x7b;
    this.p = p + 1;
    this.end = c == 0x7b || c == 0x5b ? end : p;
  }

  next(): bool {
    let p = skipSpace(this.p, this.end);
    if (p >= this.end) return false;
    const c = load<u8>(p);
    if (c == 0x7d || c == 0x5d) return false;
    if (c == 0x2c) p = skipSpace(p + 1, this.end);
    if (this.isObject) {
      this.key = p + 1;
      p = stringEnd(p, this.end);
      this.keyEnd = p - 1;
      p = skipSpace(skipSpace(p, this.end) + 1, this.end);
    }
    this.value = p;
    this.valueEnd = valueEnd(p, this.end);
    this.p = this.valueEnd;
    return true;
  }
}

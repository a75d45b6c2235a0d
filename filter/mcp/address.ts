// Whether a text names a private address: the host of a URL, however it is spelt, in a range that policy keeps from
// callers. Names are not resolved here; those that never lead anywhere else are known.
import * as layout from '../table/layout';
import * as table from '../table/read';

/** Longest host that is looked at: a DNS name has 253 characters, and each may be percent-encoded. */
const MAX_HOST_BYTES: usize = 768;
const host: usize = memory.data(768);
let hostEnd: usize = 0;
/** The address that was read, 16 bytes in network order; one of IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
const address: usize = memory.data(16);

/** Whether the text holds a URL with a private host. With `isHost` the text as a whole may be one too. */
export function holdsPrivateAddress(start: usize, end: usize, isHost: bool): bool {
  for (let p = start; p + 2 < end; p++) {
    // `//` begins an authority (RFC 3986 section 3.2); clients take backslashes for slashes.
    const c = load<u8>(p);
    if (c != 0x2f && c != 0x5c) continue;
    const second = load<u8>(p, 1);
    if (second != 0x2f && second != 0x5c) continue;
    if (p > start && load<u8>(p - 1) != 0x3a && !isHost) continue;
    if (isPrivateHost(p + 2, end)) return true;
  }
  return isHost && isPrivateHost(start, end);
}

function isPrivateHost(start: usize, end: usize): bool {
  let from = start;
  let stop = start;
  while (stop < end && !endsAuthority(load<u8>(stop))) {
    // What stands before the last @ is a user.
    if (load<u8>(stop) == 0x40) from = stop + 1;
    stop++;
  }
  if (stop - from > MAX_HOST_BYTES || stop == from) return false;
  if (load<u8>(from) == 0x5b) return readIpv6(from + 1, stop) && isListed();
  writeHost(from, stop);
  // A colon and a port.
  let name = host;
  while (name < hostEnd && load<u8>(name) != 0x3a) name++;
  hostEnd = name;
  while (hostEnd > host && load<u8>(hostEnd - 1) == 0x2e) hostEnd--;
  if (hostEnd == host) return false;
  return (readIpv4(host, hostEnd) && isListed()) || isPrivateName();
}

function endsAuthority(c: u8): bool {
  return (
    c <= 0x20 || c == 0x2f || c == 0x5c || c == 0x3f || c == 0x23 || c == 0x22 || c == 0x27 || c == 0x3c || c == 0x3e
  );
}

/** Writes the host in small letters, without percents, and with the ASCII of wide characters (UTS 46). */
function writeHost(p: usize, end: usize): void {
  let to = host;
  while (p < end) {
    let c = <u32>load<u8>(p);
    let more: usize = 1;
    if (c == 0x25 && p + 2 < end && digitOf(load<u8>(p, 1)) < 16 && digitOf(load<u8>(p, 2)) < 16) {
      c = (digitOf(load<u8>(p, 1)) << 4) | digitOf(load<u8>(p, 2));
      more = 3;
    } else if (c >= 0xe0 && p + 2 < end) {
      const point = ((c & 15) << 12) | ((<u32>load<u8>(p, 1) & 63) << 6) | (<u32>load<u8>(p, 2) & 63);
      more = 3;
      // Full width forms; ideographic full stops; circled digits.
      if (point >= 0xff01 && point <= 0xff5e) c = point - 0xfee0;
      else if (point == 0x3002 || point == 0xff61) c = 0x2e;
      else if (point >= 0x2460 && point <= 0x2468) c = point - 0x2460 + 0x31;
      else if (point == 0x24ea) c = 0x30;
    }
    if (c >= 0x41 && c <= 0x5a) c |= 0x20;
    store<u8>(to++, <u8>c);
    p += more;
  }
  hostEnd = to;
}

function digitOf(c: u8): u32 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const folded = c | 0x20;
  return folded >= 0x61 && folded <= 0x66 ? folded - 0x57 : 16;
}

/** Reads an IPv4 address in any spelling that inet_aton takes: 127.1, 0x7f.1, 0177.0.0.1, 2130706433. */
function readIpv4(p: usize, end: usize): bool {
  let value: u64 = 0;
  let parts: u32 = 0;
  while (true) {
    let base: u32 = 10;
    if (p + 1 < end && load<u8>(p) == 0x30) {
      if ((load<u8>(p, 1) | 0x20) == 0x78) {
        base = 16;
        p += 2;
      } else if (load<u8>(p, 1) != 0x2e) base = 8;
    }
    let part: u64 = 0;
    const from = p;
    while (p < end && load<u8>(p) != 0x2e) {
      const digit = digitOf(load<u8>(p++));
      if (digit >= base) return false;
      part = part * base + digit;
      if (part > 0xffffffff) return false;
    }
    if (p == from && base != 16) return false;
    parts++;
    if (p >= end) {
      // The last part fills what is left.
      const bits = 8 * (5 - parts);
      if (part >> bits != 0) return false;
      setIpv4(<u32>((value << bits) | part));
      return true;
    }
    if (parts == 4 || part > 255) return false;
    value = (value << 8) | part;
    p++;
  }
  return false; // not reached; the compiler does not see that
}

function setIpv4(value: u32): void {
  store<u64>(address, 0);
  store<u32>(address, 0xffff0000, 8);
  store<u32>(address, bswap<u32>(value), 12);
}

/** Reads an IPv6 address up to its bracket or zone (RFC 4291 section 2.2). */
function readIpv6(p: usize, end: usize): bool {
  let stop = p;
  while (stop < end && load<u8>(stop) != 0x5d && load<u8>(stop) != 0x25) stop++;
  memory.fill(address, 0, 16);
  let at: u32 = 0;
  let gap: i32 = -1;
  if (p + 1 < stop && load<u16>(p) == 0x3a3a) {
    gap = 0;
    p += 2;
  }
  while (p < stop) {
    let value: u32 = 0;
    const from = p;
    while (p < stop && digitOf(load<u8>(p)) < 16) value = (value << 4) | digitOf(load<u8>(p++));
    if (p < stop && load<u8>(p) == 0x2e) {
      // Its end may be written as IPv4.
      if (at > 12) return false;
      const low = load<u64>(address);
      const high = load<u64>(address, 8);
      if (!readIpv4(from, stop)) return false;
      const last = load<u32>(address, 12);
      store<u64>(address, low);
      store<u64>(address, high, 8);
      store<u32>(address + at, last);
      at += 4;
      p = stop;
      break;
    }
    if (p == from || p - from > 4 || at > 14) return false;
    store<u16>(address + at, bswap<u16>(<u16>value));
    at += 2;
    if (p >= stop) break;
    if (load<u8>(p) != 0x3a) return false;
    p++;
    if (p < stop && load<u8>(p) == 0x3a) {
      if (gap >= 0) return false;
      gap = <i32>at;
      p++;
    }
  }
  if (gap < 0) return at == 16;
  const moved = at - <u32>gap;
  memory.copy(address + 16 - moved, address + gap, moved);
  memory.fill(address + gap, 0, 16 - moved - <u32>gap);
  return true;
}

/**
 * The first 64 bits of an IPv6 address on the Internet (2000::/3, RFC 4291 section 2.4): who has one of the addresses behind
 * them usually has them all (RFC 6177). 0 for any other address.
 */
export function networkOf(start: usize, end: usize): u64 {
  return readIpv6(start, end) && (load<u8>(address) & 0xe0) == 0x20 ? load<u64>(address) : 0;
}

/** Whether the address is in a range of the table, which has those as well that carry an address of IPv4. */
function isListed(): bool {
  for (let i: u32 = 0; i < table.rangeCount; i++) {
    const range = table.ranges + <usize>i * layout.RANGE_BYTES;
    const bits = <u32>load<u8>(range, layout.RANGE_PREFIX);
    const whole = bits >> 3;
    if (memory.compare(range, address, whole) != 0) continue;
    const rest = bits & 7;
    if (rest == 0 || (load<u8>(range + whole) ^ load<u8>(address + whole)) >> <u8>(8 - rest) == 0) return true;
  }
  return false;
}

/** Whether the host is a name that leads to the machine itself, to a cluster's inside, or to what describes the machine. */
function isPrivateName(): bool {
  if (table.rangeCount == 0) return false;
  if (endsWith('localhost') || endsWith('localhost.localdomain') || endsWith('cluster.local')) return true;
  if (endsWith('metadata.google.internal') || endsWith('instance-data') || endsWith('instance-data.ec2.internal'))
    return true;
  if (endsWith('localtest.me') || endsWith('lvh.me')) return true;
  // Names that hold the address that they lead to: 10.0.0.1.nip.io, 10-0-0-1.sslip.io.
  return (endsWith('nip.io') || endsWith('sslip.io') || endsWith('xip.io')) && holdsIpv4();
}

/** Whether the host is `name` or below it. */
function endsWith(name: string): bool {
  const length = <usize>name.length;
  if (hostEnd - host < length) return false;
  const from = hostEnd - length;
  for (let i: usize = 0; i < length; i++) if (load<u8>(from + i) != <u8>name.charCodeAt(<i32>i)) return false;
  return from == host || load<u8>(from - 1) == 0x2e;
}

/** Whether four numbers in a row, with dots or dashes between, are an address of a range. */
function holdsIpv4(): bool {
  for (let p = host; p < hostEnd; p++) {
    if (p > host && digitOf(load<u8>(p - 1)) < 10) continue;
    let value: u32 = 0;
    let parts: u32 = 0;
    let q = p;
    while (parts < 4) {
      let part: u32 = 0;
      const from = q;
      while (q < hostEnd && digitOf(load<u8>(q)) < 10 && part < 256) part = part * 10 + digitOf(load<u8>(q++));
      if (q == from || part > 255) break;
      value = (value << 8) | part;
      parts++;
      if (parts < 4 && (q >= hostEnd || (load<u8>(q) != 0x2e && load<u8>(q) != 0x2d))) break;
      if (parts < 4) q++;
    }
    if (parts < 4) continue;
    setIpv4(value);
    if (isListed()) return true;
  }
  return false;
}

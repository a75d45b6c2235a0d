// The beginning of a TLS connection: whether it is one, and which server name the client asks for in its ClientHello
// (RFC 8446 section 4.1.2, RFC 6066 section 3).

export const enum Hello {
  /** TLS so far; more bytes are needed. */
  Unfinished = 0,
  NotTls = 1,
  /** TLS that asks for no name. */
  NoName = 2,
  /** helloName and helloNameLength are the name that is asked for. */
  Name = 3,
}

export let helloName: usize = 0;
export let helloNameLength: u32 = 0;

const RECORD_HEAD_BYTES: u32 = 5;
const HANDSHAKE_RECORD: u8 = 22;
/** SSL 3.0 and every TLS say 3 here (RFC 8446 section 5.1). */
const MAJOR_VERSION: u8 = 3;
const MOST_RECORD_BYTES: u32 = 16384;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u32 = 0;
const HOST_NAME: u8 = 0;
/** Those with the keys of RFC 9794 have some two KiB. */
const MOST_HELLO_BYTES: u32 = 16384;
/** The message, of as many records as it came in. */
const hello: usize = memory.data(16388);

/** Reads the first `length` bytes that a client has sent. */
export function readHello(start: usize, length: u32): Hello {
  let bytes: u32 = 0;
  let at: u32 = 0;
  while (at < length) {
    if (load<u8>(start + at) != HANDSHAKE_RECORD) return Hello.NotTls;
    if (at + 1 < length && load<u8>(start + at, 1) != MAJOR_VERSION) return Hello.NotTls;
    if (at + RECORD_HEAD_BYTES > length) return Hello.Unfinished;
    const recordBytes = u16At(start + at + 3);
    if (recordBytes == 0 || recordBytes > MOST_RECORD_BYTES) return Hello.NotTls;
    at += RECORD_HEAD_BYTES;
    const here = min(min(recordBytes, length - at), MOST_HELLO_BYTES + 4 - bytes);
    memory.copy(hello + bytes, start + at, here);
    bytes += here;
    if (bytes > 0 && load<u8>(hello) != CLIENT_HELLO) return Hello.NotTls;
    if (bytes >= 4) {
      const helloBytes = u24At(hello + 1);
      if (helloBytes > MOST_HELLO_BYTES) return Hello.NotTls;
      if (bytes >= 4 + helloBytes) return readName(hello + 4, hello + 4 + helloBytes);
    }
    at += recordBytes;
  }
  return Hello.Unfinished;
}

/** Reads the message from behind its head to its end. */
function readName(p: usize, end: usize): Hello {
  // Version and random.
  p = behind1(p + 34, end);
  p = behind2(p, end);
  p = behind1(p, end);
  if (p > end) return Hello.NotTls;
  // Before TLS 1.2 a hello could do without extensions.
  if (p == end) return Hello.NoName;
  if (behind2(p, end) != end) return Hello.NotTls;
  let found = Hello.NoName;
  for (p += 2; p < end; ) {
    if (p + 4 > end) return Hello.NotTls;
    const kind = u16At(p);
    const data = p + 4;
    p = behind2(p + 2, end);
    if (p > end) return Hello.NotTls;
    if (kind != SERVER_NAME) continue;
    if (found == Hello.Name || !readServerName(data, p)) return Hello.NotTls;
    found = Hello.Name;
  }
  return found;
}

/** A list of one name, as it has been since the first text; servers differ in which of several they take. */
function readServerName(p: usize, end: usize): bool {
  if (end - p < 5 || behind2(p, end) != end || load<u8>(p, 2) != HOST_NAME || behind2(p + 3, end) != end) return false;
  helloName = p + 5;
  helloNameLength = <u32>(end - helloName);
  return helloNameLength > 0;
}

/** Where a field ends that begins with its length in one byte; past `end` where it does not fit. */
function behind1(p: usize, end: usize): usize {
  if (p + 1 > end) return end + 1;
  return min(p + 1 + <usize>load<u8>(p), end + 1);
}

/** The same of a length in two bytes. */
function behind2(p: usize, end: usize): usize {
  if (p + 2 > end) return end + 1;
  return min(p + 2 + <usize>u16At(p), end + 1);
}

function u16At(p: usize): u32 {
  return ((<u32>load<u8>(p)) << 8) | <u32>load<u8>(p, 1);
}

function u24At(p: usize): u32 {
  return (u16At(p) << 8) | <u32>load<u8>(p, 2);
}

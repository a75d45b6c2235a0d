// Where a message goes decides what may be in it. A caller's own credential on its way to its own destination, what an
// issuer's API takes in the URL or the body over verified TLS, is no leak; nor is what the user's own pattern finds on the
// way to a host that it exempts.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { lower } from './near';

let host: usize = 0;
let hostLength: u32 = 0;
let isVerified: bool = false;

/**
 * Says where the message goes: `length` bytes of a host name at `from`, valid while it is read; 0 for nowhere known.
 * `verified`: the host has proved its name.
 */
export function setDestination(from: usize, length: u32, verified: bool): void {
  host = from;
  hostLength = length;
  isVerified = verified;
}

/** Whether the rule's finding on this surface belongs to the destination. */
export function isOwn(rule: usize, surface: i32): bool {
  if (!isVerified) return false;
  if (surface == layout.SURFACE_URL) return isListed(rule + layout.RULE_OWN_URL_HOSTS);
  return surface == layout.SURFACE_REQUEST_BODY && isListed(rule + layout.RULE_OWN_BODY_HOSTS);
}

/** Whether the rule exempts the destination. */
export function isExempt(rule: usize): bool {
  return isListed(rule + layout.RULE_EXEMPT_HOSTS);
}

/** Whether the pattern, `length` bytes of a host name or `*.name`, covers the destination. */
export function isDestination(pattern: usize, length: u32): bool {
  return hostLength != 0 && covers(pattern, length);
}

/** Whether a list of host patterns in the table, u32 first index in WORDS and u32 count, covers the destination. */
export function isListed(list: usize): bool {
  const count = load<u32>(list, 4);
  if (count == 0 || hostLength == 0) return false;
  let word = table.words + <usize>load<u32>(list) * layout.WORD_BYTES;
  for (let i: u32 = 0; i < count; i++, word += layout.WORD_BYTES)
    if (covers(table.strings + <usize>load<u32>(word, layout.WORD_OFFSET), load<u32>(word, layout.WORD_LENGTH)))
      return true;
  return false;
}

/** Whether the pattern, `name` or `*.name`, covers the destination; `*.name` covers `name` itself too. */
function covers(pattern: usize, length: u32): bool {
  if (load<u8>(pattern) != 0x2a) return length == hostLength && endsWith(pattern, length);
  if (hostLength == length - 2) return endsWith(pattern + 2, length - 2);
  return hostLength >= length && endsWith(pattern + 1, length - 1);
}

function endsWith(text: usize, length: u32): bool {
  const from = host + hostLength - length;
  for (let i: u32 = 0; i < length; i++) if (lower(load<u8>(from + i)) != load<u8>(text + i)) return false;
  return true;
}

/** Which server names get a certificate. */
import { isIP } from 'node:net';

/** What Envoy's SNI mapper asks for when a client sent no SNI (`default_value` in envoy/intercept.yaml); refused. */
export const noSniName = '_no_sni';

/** Longest DNS name in presentation form, without the final dot (RFC 1035 2.3.4). */
const maxNameChars = 253;

/** LDH plus underscore, which real host names contain and SNI carries (RFC 1035 2.3.1, RFC 2181 section 11). */
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A last label that makes URL parsers read the whole as an IPv4 address (WHATWG URL, "ends in a number"). */
const numericLabel = /^(?:[0-9]+|0x[0-9a-f]*)$/;

/** A name as it goes into a certificate, or why it does not. */
export type NameCheck = { name: string } | { refused: string };

/**
 * Checks a name that a client asked for. Takes any text; gives it lower-cased if it is a DNS name in A-label form (no
 * wildcard, no final dot, labels up to 63, 253 in all). IP addresses are refused: SNI does not carry them (RFC 6066
 * section 3). The reason for a refusal never repeats the name.
 */
export function checkName(asked: string): NameCheck {
  // Only ASCII letters have a case here: toLowerCase() would turn the Kelvin sign into a k.
  const name = asked.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  if (name === noSniName) return { refused: 'the client sent no server name' };
  if (name.length > maxNameChars) return { refused: `longer than ${maxNameChars} characters` };
  if (isIP(name)) return { refused: 'an IP address' };
  const labels = name.split('.');
  if (!labels.every((one) => label.test(one))) return { refused: 'not a DNS name' };
  if (numericLabel.test(labels.at(-1)!)) return { refused: 'an IP address' };
  return { name };
}

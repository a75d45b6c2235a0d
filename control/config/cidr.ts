import { isIP } from 'node:net';
import type { Complaint } from './complaint.ts';
import { quote } from './complaint.ts';

/** An IP range in CIDR notation, split: address "10.0.0.0", prefixLength 8. */
export interface IpRange {
  address: string;
  prefixLength: number;
}

/** The parts of "10.0.0.0/8" or "fc00::/7"; undefined when the text is no CIDR. Host bits are kept as written. */
export function parseCidr(text: string): IpRange | undefined {
  const [, address, length] = /^([0-9A-Fa-f.:]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  if (address === undefined) return undefined;
  const version = isIP(address);
  const prefixLength = Number(length);
  if (version === 0 || prefixLength > (version === 4 ? 32 : 128)) return undefined;
  return { address, prefixLength };
}

/** The text of a range: parseCidr's inverse. */
export function formatCidr(range: IpRange): string {
  return `${range.address}/${range.prefixLength}`;
}

/** Undefined when the text is a CIDR, else what is wrong with it. */
export function cidrComplaint(text: string): Complaint | undefined {
  if (parseCidr(text) !== undefined) return undefined;
  const version = text.includes('%') ? 0 : isIP(text);
  const remedy =
    version === 4
      ? `write ${text}/32 for this one address`
      : version === 6
        ? `write ${text}/128 for this one address`
        : 'write an address and a prefix length, such as 10.0.0.0/8';
  return { code: 'bad-cidr', message: `${quote(text)} is not an IP range`, remedy };
}

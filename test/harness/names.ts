/**
 * The host names of the scenario tests. test/isolate.ts writes them to the /etc/hosts of the isolated namespace; no
 * name server exists there. Every server of ours listens on 127.0.0.0/8.
 */

/** Names under penstock.test are the trusted ones: the scenarios' base configuration trusts `*.penstock.test`. */
export const trustedDomain = 'penstock.test';

/** How many names `fresh(0)` … exist for tests that need names no gateway has seen. */
export const freshNameCount = 400;

/** A name that leads to the address of `api.penstock.test`; `index` from 0 to freshNameCount - 1. */
export function fresh(index: number): string {
  if (!Number.isInteger(index) || index < 0 || index >= freshNameCount) {
    throw new RangeError(`fresh name ${index}: write 0 to ${freshNameCount - 1}`);
  }
  return `fresh-${index}.${trustedDomain}`;
}

/** Name → address, as /etc/hosts will hold it. */
export const addresses: ReadonlyMap<string, string> = new Map([
  ['api.penstock.test', '127.0.0.11'],
  ['other.penstock.test', '127.0.0.12'],
  ['unknown-ca.penstock.test', '127.0.0.13'],
  ['wrong-name.penstock.test', '127.0.0.14'],
  ['expired.penstock.test', '127.0.0.15'],
  ['mcp.penstock.test', '127.0.0.16'],
  ['closed.penstock.test', '127.0.0.17'],
  ['passthrough.penstock.test', '127.0.0.18'],
  // Names that no configuration trusts, one for each kind of address that must not be reached.
  ['loopback.elsewhere.test', '127.0.0.21'],
  ['ten.elsewhere.test', '10.1.2.3'],
  ['lan.elsewhere.test', '192.168.1.1'],
  ['link-local.elsewhere.test', '169.254.10.10'],
  ['metadata.google.internal', '169.254.169.254'],
  ['carrier.elsewhere.test', '100.64.0.1'],
  ['six.elsewhere.test', '::1'],
  ['unique-local.elsewhere.test', 'fd00::1'],
  ['mapped.elsewhere.test', '::ffff:127.0.0.21'],
  ...Array.from({ length: freshNameCount }, (_, index): [string, string] => [fresh(index), '127.0.0.11']),
]);

/** The address of a test name. Throws for a name that is not in `addresses`. */
export function addressOf(name: string): string {
  const address = addresses.get(name);
  if (address === undefined) throw new Error(`${name}: no test name; add it to test/harness/names.ts`);
  return address;
}

/** The text of the isolated namespace's /etc/hosts. */
export function hostsFile(): string {
  // The resolver compares a name from this file as it is asked for, and a trailing dot is part of that.
  const lines = [...addresses].map(([name, address]) => `${address} ${name} ${name}.`);
  return `${['127.0.0.1 localhost localhost.', '::1 localhost localhost.', ...lines].join('\n')}\n`;
}

/**
 * Host patterns of the policy as RE2 patterns of `:authority`. Envoy matches a pattern against the whole value.
 *
 * An authority is a host, maybe a port; `destination-malformed` (envoy/egress.yaml) has refused all else. Names are
 * compared without case, and the dots that may end a name (RFC 1034 section 3.1) make no difference.
 */

const end = String.raw`\.*(:[0-9]*)?`;

/**
 * An RE2 pattern that matches the authorities of every host pattern given: "a.example" is that name alone,
 * "*.a.example" is the name and what is below it (without `apex` not the name itself), and "*" is any. Without patterns
 * it matches nothing.
 */
export function authorityPattern(hosts: readonly string[], options: { apex: boolean } = { apex: true }): string {
  // Envoy matches bytes, and refuses an empty pattern: not any byte.
  if (hosts.length === 0) return String.raw`[^\x00-\xFF]`;
  if (hosts.includes('*')) return '.*';
  const below = hosts.filter((host) => host.startsWith('*.')).map((host) => literal(host.slice(2)));
  const alone = hosts.filter((host) => !host.startsWith('*.')).map(literal);
  // One prefix for all: a prefix for each name would be too large a program for RE2 at a few hundred names.
  if (below.length > 0) alone.push(`${options.apex ? '(.+\\.)?' : '.+\\.'}(${below.join('|')})`);
  return `(?i)(${alone.join('|')})${end}`;
}

/** An RE2 pattern for the gateway's own pages: any host at its own port; port 0 stands for a port not known yet. */
export function ownAuthorityPattern(port: number): string {
  return String.raw`([^:]+|\[[^\]]+\]):` + (port === 0 ? '[0-9]+' : String(port));
}

/** An RE2 pattern for the authorities that name one of the ports. */
export function portPattern(ports: readonly number[]): string {
  return `.*:(${ports.join('|')})`;
}

/** An RE2 pattern for the loopback names at a port of the gateway's own: forwarding them would come back to it. */
export function loopPattern(ports: readonly number[]): string {
  return String.raw`(?i)(localhost|127\.[0-9.]+|\[::1\])\.*:(${ports.join('|')})`;
}

function literal(name: string): string {
  return name.replace(/\.+$/, '').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

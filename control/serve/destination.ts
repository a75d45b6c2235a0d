/** Whether the policy lets a name be reached at all; Envoy decides on the connection, this on the certificate. */

/**
 * @param name lower case, without a final dot
 * @param destinations host patterns: "a.example" is that name, "*.a.example" is the name and what is below it
 */
export function isDenied(destinations: { allowed: string[] | undefined; blocked: string[] }, name: string): boolean {
  const { allowed, blocked } = destinations;
  return (
    blocked.some((host) => matches(host, name)) ||
    (allowed !== undefined && !allowed.some((host) => matches(host, name)))
  );
}

/** Whether a host pattern covers a name. */
export function matches(host: string, name: string): boolean {
  if (!host.startsWith('*.')) return name === host;
  const apex = host.slice(2);
  return name === apex || name.endsWith(`.${apex}`);
}

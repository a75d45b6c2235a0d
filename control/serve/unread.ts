/** Which hosts the log has told of as unread: a line for each tunnel would say the same thing over and over. */

/** A client may name any number of hosts; past this many the log may tell of one again. */
const mostHosts = 10_000;

/** Gives a function that is true the first time that it is asked for a host (and port, as in the log). */
export function firstOfHost(): (host: string) => boolean {
  const told = new Set<string>();
  return (host) => {
    if (told.has(host)) return false;
    if (told.size >= mostHosts) told.delete(told.values().next().value!);
    told.add(host);
    return true;
  };
}

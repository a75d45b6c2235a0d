/** What the log says of tunnels that pass unread: a line for each tunnel would say the same thing over and over. */
import { matches } from './destination.ts';

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

/** What can be done about a tunnel to a host (and port, as in the log) that is to have its WebSockets read; undefined for any other. */
export function webSocketHint(host: string, patterns: readonly string[]): string | undefined {
  const name = host
    .replace(/:[0-9]*$/, '')
    .replace(/\.$/, '')
    .toLowerCase();
  if (!patterns.some((pattern) => matches(pattern, name))) return undefined;
  return `ask for its WebSockets as /ws?url=wss://${name}/…, and their messages are read`;
}

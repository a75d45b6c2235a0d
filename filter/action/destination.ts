// Where an exchange leads, for what depends on it: findings that belong there, and those that the operator wants left out.
import { isListed, setDestination } from '../finding/own';
import { entriesFor, setMet, suppressionCount } from '../finding/suppression';
import * as table from '../table/read';
import { nameEnd } from './authority';
import { Chain, Exchange } from './exchange';
import { setUpstreamDestination } from './upstream';

/**
 * Notes which findings of the exchange are left out, by its destination and the `length` bytes of its path. On 8889 a client
 * asks for any path it likes, so there only entries without one count.
 */
export function noteSuppressions(exchange: Exchange, path: usize, length: u32): void {
  if (suppressionCount() == 0) return;
  setDestinationOf(exchange);
  exchange.suppressions = entriesFor(path, length, exchange.chain != Chain.Mcp);
  exchange.suppressionsTable = table.generation;
}

/** Says where the exchange leads: to the host of its request; on 8889 to that of its server. */
export function setDestinationOf(exchange: Exchange): void {
  setMet(exchange.suppressionsTable == table.generation ? exchange.suppressions : 0);
  if (exchange.chain != Chain.Mcp) {
    const host = exchange.host();
    // Inside a tunnel the origin has proved its name to Envoy.
    const isVerified = exchange.chain == Chain.Intercept || exchange.isSecureForm;
    setDestination(host, <u32>(nameEnd(host, host + exchange.hostLength) - host), isVerified);
    return;
  }
  setUpstreamDestination(exchange);
}

/** Whether the exchange leads to a host of a list in the policy: u32 first index in WORDS, u32 count. */
export function leadsTo(exchange: Exchange, list: usize): bool {
  if (load<u32>(list, 4) == 0) return false;
  setDestinationOf(exchange);
  return isListed(list);
}

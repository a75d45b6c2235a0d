// Which domain an exchange leads to, for what is counted by domain.
import { lower } from '../finding/near';
import { nameEnd } from './authority';
import { Chain, Exchange } from './exchange';

/**
 * The hash (FNV-1a) of what a domain's names have in common: the last two labels, or three where the last two are a country's
 * (co.uk); of an address all of it. Never 0. On 8889 the server's number.
 */
export function domainOf(exchange: Exchange): u64 {
  if (exchange.chain == Chain.Mcp) return <u64>exchange.upstream + 1;
  let start = exchange.host();
  const end = nameEnd(start, start + exchange.hostLength);
  let labels = 0;
  let label = end;
  const isAddress = end > start && load<u8>(end - 1) >= 0x30 && load<u8>(end - 1) <= 0x39;
  let last: usize = 0;
  for (let p = end; p > start && !isAddress; p--) {
    if (load<u8>(p - 1) != 0x2e) continue;
    labels++;
    if (labels == 1) last = end - p;
    const isCountrys = labels == 2 && last == 2 && label - 1 - p <= 3;
    label = p;
    if (labels >= 2 && !isCountrys) {
      start = p;
      break;
    }
  }
  let hash: u64 = 0xcbf29ce484222325;
  for (let p = start; p < end; p++) hash = (hash ^ <u64>lower(load<u8>(p))) * 0x100000001b3;
  return hash == 0 ? 1 : hash;
}

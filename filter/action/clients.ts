// How a client stands (profile.ts), and what it comes to for an exchange of its own.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { setLevel } from '../verdict/verdict';
import { leadsTo } from './destination';
import { domainOf } from './domain';
import { Chain, Exchange } from './exchange';
import { refuse } from './judge';
import { isBurst, isSpike, keepsProfiles, leave, level, levelBefore, levelFlags, lookUp } from './profile';
import { reportLevel } from './report';
import { clientOf } from './sessions';

/** Looks the exchange's client up, and notes where it goes. True where policy refuses the exchange, and it was answered. */
export function enterClient(exchange: Exchange): bool {
  if (!keepsProfiles()) return false;
  exchange.client = clientOf();
  exchange.isExempt = leadsTo(exchange, table.policy + layout.POLICY_LEVEL_EXEMPT_WORDS);
  lookUp(exchange.client, <u32>domainOf(exchange), exchange.isExempt);
  const hasBurst = isBurst;
  const hasSpike = isSpike;
  exchange.level = exchange.isExempt ? 0 : level;
  if (level != levelBefore) reportLevel(exchange, levelBefore, level);
  setLevel(exchange.level);
  const stopsAll = (levelFlags(exchange.level) & layout.LEVEL_BLOCKS_ALL) != 0;
  if (stopsAll && refuse(exchange, layout.UNREADABLE_CLIENT_LEVEL)) return true;
  if (hasBurst && refuse(exchange, layout.UNREADABLE_DOMAIN_BURST)) return true;
  return hasSpike && refuse(exchange, layout.UNREADABLE_VOLUME_SPIKE);
}

/** Counts an exchange that is over. A tunnel is none that is clean: what is in it was not read, or is exchanges of its own. */
export function leaveClient(exchange: Exchange): void {
  if (!keepsProfiles() || exchange.client == 0) return;
  const isClean = exchange.points == 0 && !exchange.isAnswered && exchange.chain != Chain.Tunnel;
  leave(exchange.client, exchange.bytesPassed, isClean);
}

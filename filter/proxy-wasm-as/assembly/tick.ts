import { proxy_set_tick_period_milliseconds } from './env';
import { Status } from './status';

/** Calls `proxy_on_tick` on the plugin's root context every `periodMilliseconds`; 0 stops it. */
export function setTickPeriodMilliseconds(periodMilliseconds: u32): Status {
  return <Status>proxy_set_tick_period_milliseconds(periodMilliseconds);
}

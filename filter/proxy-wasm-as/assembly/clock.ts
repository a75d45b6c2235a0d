import { proxy_get_current_time_nanoseconds } from './env';
import { clearResult, RETURN_NUMBER } from './result';

/** Wall clock: nanoseconds since 1970-01-01 UTC. */
export function currentTimeNanoseconds(): u64 {
  clearResult();
  proxy_get_current_time_nanoseconds(RETURN_NUMBER);
  return load<u64>(RETURN_NUMBER);
}

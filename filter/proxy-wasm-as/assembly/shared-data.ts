import { proxy_get_shared_data, proxy_set_shared_data } from './env';
import { clearResult, RETURN_LENGTH, RETURN_NUMBER, RETURN_POINTER } from './result';
import { Status } from './status';

/**
 * The value under `key`, shared by all VMs of one `vm_id`: `result.pointer()`, `result.length()`, and its version
 * `result.cas()`. `NotFound` when nobody has set it. One lock for all workers: keep it off the hot path.
 */
export function getSharedData(key: usize, keyLength: u32): Status {
  clearResult();
  return <Status>proxy_get_shared_data(key, keyLength, RETURN_POINTER, RETURN_LENGTH, RETURN_NUMBER);
}

/**
 * Sets the value under `key`. With the `cas` of the read before, `CasMismatch` says that somebody wrote in between; with
 * 0 it is set in any case.
 */
export function setSharedData(key: usize, keyLength: u32, value: usize, valueLength: u32, cas: u32): Status {
  return <Status>proxy_set_shared_data(key, keyLength, value, valueLength, cas);
}

// The check that a rule names, run on each of its hits.
import * as layout from '../table/layout';
import { base58Check } from './base58-check';
import { bip39 } from './bip39';
import { iban } from './iban';
import { luhn } from './luhn';
import { isMixedPassword, isPassword } from './password';
import { isNamedRandom, isRandom } from './random';
import { isUrlPassword } from './url-password';
import { aba, itin, ssn } from './us-number';
import { isAddress } from './wallet-address';

/** Whether the validator agrees with the hit from `start` to `end` of a text that begins at `begin`. */
export function validate(validator: i32, start: usize, end: usize, begin: usize): bool {
  if (validator == layout.VALIDATOR_NONE) return true;
  if (validator == layout.VALIDATOR_LUHN) return luhn(start, end);
  if (validator == layout.VALIDATOR_IBAN) return iban(start, end);
  if (validator == layout.VALIDATOR_ABA) return aba(start, end);
  if (validator == layout.VALIDATOR_SSN) return ssn(start, end);
  if (validator == layout.VALIDATOR_ITIN) return itin(start, end);
  if (validator == layout.VALIDATOR_RANDOM) return isRandom(start, end);
  if (validator == layout.VALIDATOR_NAMED_RANDOM) return isNamedRandom(start, end, begin);
  if (validator == layout.VALIDATOR_PASSWORD) return isPassword(start, end);
  if (validator == layout.VALIDATOR_MIXED_PASSWORD) return isMixedPassword(start, end);
  if (validator == layout.VALIDATOR_BASE58_CHECK) return base58Check(start, end);
  if (validator == layout.VALIDATOR_BIP39) return bip39(start, end);
  if (validator == layout.VALIDATOR_ADDRESS) return isAddress(start, end);
  return isUrlPassword(start, end);
}

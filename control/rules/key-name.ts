/**
 * How people name a key of an issuer: `ALGOLIA_API_KEY`, `algoliaClientSecret`, `algolia-access-token`. All rules that say
 * `key-of` share these words, and with them one automaton of the table.
 */
const words =
  '(?:[_.-]?(?:access|admin|api|app|auth|bot|client|cloud|consumer|oauth|personal|private|sdk|secret|server|service|user)){0,2}[_.-]?(?:key|token|secret)';

/**
 * The name that a key of an issuer is given, as a pattern without case.
 * @param issuer how names spell the issuer, as a pattern without case, such as `twelve[_-]?data`
 */
export function keyName(issuer: string): string {
  return `${issuer}${words}`;
}

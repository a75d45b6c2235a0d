/**
 * Secrets that have no shape of their own are known by the name they are given: `DD_API_KEY=…`, `"dd_api_key": "…"`,
 * `ddApiKey := "…"`, `<ddApiKey>…`, `setProperty("DD_API_KEY", "…")`. A rule says the name, this file the rest.
 */

/** What stands between a name and its value: a closing quote, a type, a sign of assignment, an opening quote. */
const sign = '["\'`\\])]{0,2}(?:\\sstring)?\\s{0,4}(?:[:?.]{0,3}=[>=]?|[:,>]|\\|\\|)\\s{0,8}["\'`(]{0,3}';

/**
 * The pattern of a value that is given to a name.
 * @param name a pattern without case, such as `dd[_-]?api[_-]?key`
 * @param value the pattern of the value
 */
export function assignmentPattern(name: string, value: string): string {
  return `(?i:${name})${sign}${value}`;
}

/**
 * Secrets that have no shape of their own are known by the name they are given: `DD_API_KEY=…`, `"dd_api_key": "…"`,
 * `ddApiKey := "…"`, `<ddApiKey>…`, `setProperty("DD_API_KEY", "…")`, `<add key="DD_API_KEY" value="…"/>`. A rule
 * says the name, this file the rest.
 */

/** A sign of assignment: = := ::= ?= => : , > ||. It begins with no byte of a name, or names and signs could not part. */
const assign = '(?:[:?]{0,3}=[>=]?|[:,>]|\\|\\|)';
/** A name and its value as two attributes, elements or entries. */
const pair = [
  '["\']\\s{1,8}(?i:value)\\s?=', // <add key="…" value="…"/>
  '</(?i:key|name)>\\s{0,16}<(?i:string|value)>', // <key>…</key><string>…</string>
  '["\']?\\s{1,16}(?i:value):', // - name: …, value: …
  '\\s\\.=', // $name .= …
  '["\']\\s?\\{\\s{0,16}default\\s{0,4}=', // variable "…" { default = "…" }
].join('|');
/** What stands between a name and its value; of the value, the opening quotes. */
const sign = `(?:["'\`\\])]{0,2}(?:\\sstring)?\\s{0,10}${assign}|${pair})\\s{0,8}["'\`(]{0,3}`;

/**
 * The pattern of a value that is given to a name.
 * @param name a pattern without case, such as `dd[_-]?api[_-]?key`
 * @param value the pattern of the value
 */
export function assignmentPattern(name: string, value: string): string {
  return `(?i:${name})${sign}${value}`;
}

import type { KeyPath } from './keys.ts';
import { type Branch, branchAt } from './tree.ts';

/** Keys whose values are credentials, or hold some. No message and no source line shows them. */
const secretKeys: readonly KeyPath[] = [
  ['license_key'],
  ['kill_switch', 'api_token'],
  ['emit', 'webhook', 'url'],
  ['emit', 'webhook', 'auth_token'],
  ['emit', 'otlp', 'endpoint'],
  ['emit', 'otlp', 'headers'],
  ['scan_api', 'auth', 'bearer_tokens'],
  ['sentry', 'dsn'],
];

/** True when a path is, or lies under, a key whose value is a secret. */
export function isSecret(path: KeyPath): boolean {
  return secretKeys.some((key) => key.every((step, i) => path[i] === step));
}

// For texts that do not parse, and for misspelt keys: the names that credentials go by. Every repetition is bounded, so
// that a hostile file costs time in proportion to its size.
const secretLine =
  /((?:token|tokn|passw|secret|dsn|licen[cs]e_?k|api_?key|authorization)[\w-]{0,32}["']?[ \t]{0,8}:)([ \t][^\r\n]*)/gi;

/** The text with every secret value replaced by as many asterisks, so that lines and columns stay. */
export function maskSecrets(text: string, tree: Branch | undefined): string {
  let masked = text;
  for (const key of tree ? secretKeys : []) {
    const branch = branchAt(tree!, key);
    if (!branch) continue;
    const { start, end } = branch.valueSpan;
    masked = masked.slice(0, start) + asterisks(masked.slice(start, end)) + masked.slice(end);
  }
  return masked.replace(secretLine, (whole, key: string, value: string) =>
    /secrets_file|secret_length/i.test(key) ? whole : key + asterisks(value),
  );
}

const asterisks = (value: string) => value.replace(/\S/g, '*');

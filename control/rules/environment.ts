/** dlp.scan_env: the values of environment variables that look like secrets. */
import { leastValueBytes } from './exact.ts';
import { random } from './randomness.ts';

/** Last words of names that are given to secrets. */
const secretWords = new Set(
  'apikey auth credential credentials dsn key keys pass passphrase passwd password pat pwd salt secret token'.split(
    ' ',
  ),
);
/** Words behind them that change nothing. */
const wordsBehind = /^(?:base|value|primary|secondary|current|old|new|\d+)$/;

/** Variables of the system, of shells and of package managers, whatever they hold. */
const systemNames = new Set(
  'home path pwd oldpwd shell user logname username hostname host lang language term mail tmpdir temp tmp tz'.split(
    ' ',
  ),
);
const systemPrefixes = /^(?:LC_|XDG_|SSH_|DBUS_|GPG_|KUBERNETES_|npm_)/;

/** Bits a byte (Shannon) above which a value that is named as a secret counts as one. */
const leastNamedEntropy = 3;
/** The same of a value whose name says nothing. */
const leastEntropy = 3.5;

const path = /^(?:\.{0,2}|~)(?:\/[a-z0-9._-]+)+\/?$/;
const words = /^[a-z]+(?:[-_. ][a-z]+)*$/;
const urlWithPassword = /^[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:([^\s@/]+)@/i;

/**
 * The values to look for: of variables that are named as a secret is, of others where the value alone says so, and the
 * password in an address.
 * @param leastBytes shorter values are left out; under 8 bytes all are
 */
export function secretsInEnvironment(env: NodeJS.ProcessEnv, leastBytes: number): Uint8Array[] {
  const values = Object.entries(env).flatMap(([name, value = '']) => {
    if (systemNames.has(name.toLowerCase()) || systemPrefixes.test(name)) return [];
    const password = urlWithPassword.exec(value)?.[1];
    if (password !== undefined) return Buffer.byteLength(password) >= leastValueBytes ? [password] : [];
    if (Buffer.byteLength(value) < Math.max(leastBytes, leastValueBytes)) return [];
    return looksSecret(name, value) ? [value] : [];
  });
  return [...new Set(values)].map((value) => Buffer.from(value));
}

function looksSecret(name: string, value: string): boolean {
  if (path.test(value) || words.test(value) || value.includes('://')) return false;
  if (isNamedSecret(name)) return entropy(value) > leastNamedEntropy;
  const isDrawn = /[A-Z]/.test(value) && /[a-z]/.test(value) && random(value);
  return /^[A-Za-z0-9_+=~-]+$/.test(value) && isDrawn && entropy(value) > leastEntropy;
}

/** DB_PASSWORD, apiKey, SECRET_KEY_BASE; not TOKEN_FILE. */
function isNamedSecret(name: string): boolean {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return secretWords.has(parts.findLast((part) => part !== '' && !wordsBehind.test(part)) ?? '');
}

/** Shannon entropy of the characters, in bits a character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}

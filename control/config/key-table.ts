/** What `penstock check` says of each key: its value, and by what it is honoured, or why it is refused. */
import { quote } from './complaint.ts';
import { type Standing, standings } from './honoured.ts';
import { allKeys, anyName, isSection, type KeyPath } from './keys.ts';
import { isSecret } from './mask.ts';
import { leavesUnder } from './not-honoured.ts';
import { formatKey, type Notice, type Problem } from './problem.ts';
import { configSchema } from './schema.ts';
import { branchAt, growTree } from './tree.ts';

export interface KeyRow {
  /** Dotted. */
  key: string;
  value: string;
  /** "honoured by the filter", "refused: …", or what a notice says. */
  standing: string;
}

/** A value may be a whole list of rules. */
const maxValueChars = 40;

/**
 * The keys that a pipelock.yaml holds, in its order, and with `all` those that it leaves out, with their defaults.
 * @param said what readConfig has against the text, and what it notes
 */
export function tableOfKeys(
  text: string,
  said: { problems: readonly Problem[]; notices: readonly Notice[] },
  all: boolean,
): KeyRow[] {
  const { tree } = growTree(text.replace(/^\uFEFF/, ''));
  if (!tree) return [];
  const given = leavesUnder(tree, []);
  const names = new Set(given.map(formatKey));
  const unknown = said.problems.filter(({ key, code }) => code === 'unknown-key' && !names.has(key));
  const left = all ? leafKeys().filter((path) => !names.has(formatKey(path))) : [];
  return [
    ...given.map((path) => row(path, branchAt(tree, path)?.value, said)),
    ...unknown.map(({ key, message }) => ({ key, value: '', standing: `refused: ${message}` })),
    ...left.map((path) => row(path, defaultAt(path), said, ' (left out)')),
  ];
}

/** The rows as text, in columns. */
export function formatKeyTable(rows: readonly KeyRow[]): string {
  const width = (column: 'key' | 'value') => Math.max(0, ...rows.map((row) => row[column].length));
  const [keys, values] = [width('key'), width('value')];
  return rows.map(({ key, value, standing }) => `${key.padEnd(keys)}  ${value.padEnd(values)}  ${standing}\n`).join('');
}

function row(
  path: KeyPath,
  value: unknown,
  { problems, notices }: { problems: readonly Problem[]; notices: readonly Notice[] },
  addition = '',
): KeyRow {
  const key = formatKey(path);
  const covers = (other: string) => other === key || key.startsWith(`${other}.`);
  const problem = problems.find(
    (each) => covers(each.key) || each.key.startsWith(`${key}[`) || each.key.startsWith(`${key}.`),
  );
  const notice = notices.find((each) => covers(each.key));
  const standing = standingOf(path);
  return {
    key,
    value: shown(path, value) + addition,
    standing: problem ? `refused: ${problem.message}` : (notice?.message ?? (standing ? words(standing) : '')),
  };
}

function words(standing: Standing): string {
  if (standing.does !== 'nothing') return `honoured by ${standing.by}`;
  return standing.never === undefined ? 'not honoured, and off or at its default' : `off: ${standing.never}`;
}

/** The line of the table that speaks of a key: its own, or that of the nearest section above. */
function standingOf(path: KeyPath) {
  for (let length = path.length; length > 0; length--) {
    const standing = standings[formatKey(path.slice(0, length))];
    if (standing) return standing;
  }
  return undefined;
}

function shown(path: KeyPath, value: unknown): string {
  if (value === undefined) return 'not set';
  if (isSecret(path)) return value === '' ? '""' : '(set)';
  const text =
    typeof value === 'object' ? JSON.stringify(value) : typeof value === 'string' ? quote(value) : String(value);
  return text.length > maxValueChars ? `${text.slice(0, maxValueChars - 1)}…` : text;
}

const leafKeys = () => allKeys().filter((path) => !isSection(path) && !path.includes(0) && !path.includes(anyName));

let defaults: unknown;
function defaultAt(path: KeyPath): unknown {
  defaults ??= configSchema.encode(configSchema.parse({}));
  return path.reduce<unknown>(
    (value, step) => (value as Record<string | number, unknown> | undefined)?.[step],
    defaults,
  );
}

import { allKeys, type KeyPath, namesAt } from './keys.ts';
import { formatKey } from './problem.ts';

// A suggestion further off than a third of the word is a guess; two edits are always worth a question.
const farthest = (name: string) => Math.max(2, Math.floor(name.length / 3));
// What fits on a line.
const longestList = 8;
const mostHomes = 3;

/** What to do about a key that the section at `path` does not have: a near name there, else where it belongs. */
export function suggest(path: KeyPath, unknown: string): string {
  const names = namesAt(path) ?? [];
  const near = nearest(unknown, names);
  if (near !== undefined) return `did you mean ${near}?`;

  const homes = homesByName().get(bareName(unknown)) ?? [];
  if (homes.length > 0) {
    const sections = homes.map((home) => formatKey(home.path).replaceAll('[0]', '[]') || 'no section');
    const more = sections.length > mostHomes ? ` and ${sections.length - mostHomes} more` : '';
    return `move it: ${homes[0]!.name} belongs under ${sections.slice(0, mostHomes).join(', ')}${more}`;
  }
  if (names.length === 0 || names.length > longestList) return 'remove it';
  return `remove it, or write one of ${names.join(', ')}`;
}

/** The name that is fewest edits away, none when all are too far. Case, - and _ do not count: maxBodyBytes is no typo. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = farthest(word) + 1;
  for (const name of names) {
    // A name is never suggested for a word that shares no letter with it: "x" is not a slip of "id".
    const distance = editDistance(bareName(word), bareName(name));
    if (distance < bestDistance && distance < bareName(name).length) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other. */
export function editDistance(from: string, to: string): number {
  // Words of more than 80 letters are no slip of any key; the square of a hostile one would take minutes.
  if (Math.abs(from.length - to.length) > 80) return Number.MAX_SAFE_INTEGER;
  let older: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = last[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        cost = Math.min(cost, older[j - 2]! + 1);
      row.push(cost);
    }
    older = last;
    last = row;
  }
  return last[to.length]!;
}

const bareName = (name: string) => name.toLowerCase().replace(/[-_]/g, '');

interface Home {
  path: KeyPath;
  name: string;
}
let homes: Map<string, Home[]> | undefined;

function homesByName(): Map<string, Home[]> {
  homes ??= Map.groupBy(
    // An agent's sections repeat those of the file; the file's are meant.
    allKeys()
      .filter((key) => key.length === 1 || key[0] !== 'agents')
      .map((key) => ({ path: key.slice(0, -1), name: String(key.at(-1)) })),
    (home) => bareName(home.name),
  );
  return homes;
}

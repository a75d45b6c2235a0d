/** Floors: what each figure had at its best, in floors.yaml, so that it cannot get worse unseen. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Figure, keeps } from './figure.ts';

/**
 * By the figures' keys, in rows: a floor for what is found, a ceiling for false alarms. Not in percent, because a rule
 * that finds more in the open would lower those of the wrappings that do not open for it yet.
 */
export type Floors = Map<string, number>;

/** Reads a file of floors; none where there is no file. */
export function readFloors(file: string): Floors {
  return new Map(existsSync(file) ? Object.entries(parse(readFileSync(file, 'utf8')) as Record<string, number>) : []);
}

/**
 * The figures that are worse than their floors or have none, and the floors of `parts` without a figure; a line each,
 * empty where all is well.
 */
export function breaches(figures: readonly Figure[], floors: Floors, parts: readonly string[]): string[] {
  const keys = new Set(figures.map(({ key }) => key));
  const worse = figures.flatMap((figure) => {
    const { key, bound, count, of } = figure;
    const floor = floors.get(key);
    if (floor === undefined) return [`${key}: has no floor; run with --update`];
    if (keeps(bound, count, floor)) return [];
    const side = bound === 'least' ? 'below the floor' : 'above the ceiling';
    return [
      `${key}: ${count} of ${of} rows, ${side} of ${floor}; see them with ${bound === 'least' ? `--missed "${key}"` : '--alarms'}`,
    ];
  });
  const gone = [...floors.keys()].filter((key) => parts.includes(key.split('/')[0] as string) && !keys.has(key));
  return [...worse, ...gone.map((key) => `${key}: has a floor and no rows; run with --update, or restore the rows`)];
}

/**
 * The floors of `parts` anew: those of better figures raised, those that `mayFall` lowered to what there is, new ones
 * added, and those without a figure taken out.
 */
export function raised(
  figures: readonly Figure[],
  floors: Floors,
  parts: readonly string[],
  mayFall: (figure: Figure) => boolean = () => false,
): Floors {
  const others = [...floors].filter(([key]) => !parts.includes(key.split('/')[0] as string));
  const own = figures.map((figure): [string, number] => {
    const { key, bound, count } = figure;
    const floor = floors.get(key);
    return [key, floor === undefined || keeps(bound, count, floor) || mayFall(figure) ? count : floor];
  });
  return new Map([...others, ...own]);
}

/** Writes a file of floors, a line each, sorted: two branches that raise different ones merge. */
export function writeFloors(file: string, floors: Floors): void {
  const lines = [...floors]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${JSON.stringify(key)}: ${value}\n`);
  const head = '# Rows that `npm run detection` found at its best; of false alarms, the fewest. Raised by --update.\n';
  writeFileSync(file, head + lines.join(''));
}

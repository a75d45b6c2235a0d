/** Floors: what each figure had at its best, in floors.yaml, so that it cannot get worse unseen. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Figure, keeps, percent } from './figure.ts';

/** By the figures' keys, in percent: a floor for what is found, a ceiling for false alarms. */
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
    const { key, bound, complaints } = figure;
    const value = percent(figure) as number;
    const floor = floors.get(key);
    if (floor === undefined) return [`${key}: has no floor; run with --update`];
    if (keeps(bound, value, floor)) return [];
    const side = bound === 'least' ? 'below its floor' : 'above its ceiling';
    return [
      `${key}: ${value.toFixed(2)} % is ${side} of ${floor} %; ${complaints.length} rows, first ${firstRow(figure)}`,
    ];
  });
  const gone = [...floors.keys()].filter((key) => parts.includes(key.split('/')[0] as string) && !keys.has(key));
  return [...worse, ...gone.map((key) => `${key}: has a floor and no rows; run with --update, or restore the rows`)];
}

/** The floors with those of better figures raised, of new ones added, and of `parts` without a figure taken out. */
export function raised(figures: readonly Figure[], floors: Floors, parts: readonly string[]): Floors {
  const others = [...floors].filter(([key]) => !parts.includes(key.split('/')[0] as string));
  const own = figures.map((figure): [string, number] => {
    const value = rounded(figure);
    const floor = floors.get(figure.key);
    return [figure.key, floor === undefined || keeps(figure.bound, value, floor) ? value : floor];
  });
  return new Map([...others, ...own]);
}

/** Writes a file of floors, a line each, sorted: two branches that raise different ones merge. */
export function writeFloors(file: string, floors: Floors): void {
  const lines = [...floors]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${JSON.stringify(key)}: ${value}\n`);
  const head =
    '# What `npm run detection` found at its best, in percent; of false alarms, the fewest. Raised by --update.\n';
  writeFileSync(file, head + lines.join(''));
}

/** To a tenth, to the side on which the figure itself keeps to it. */
function rounded(figure: Figure): number {
  const tenths = (percent(figure) as number) * 10;
  return (figure.bound === 'least' ? Math.floor(tenths) : Math.ceil(tenths)) / 10;
}

function firstRow({ complaints }: Figure): string {
  const row = complaints[0]?.row;
  return row === undefined ? '' : `${row.file}:${row.index + 1}`;
}

/**
 * What the scanner finds in the detection corpora, beside its targets, and against the floors of floors.yaml.
 *
 *   node test/detection/detection.ts [--only PART]… [--missed WORD]… [--alarms] [--update] [--lower WORD]… [--corpora FOLDER]
 *
 * A WORD is part of a figure's key: a family, a class, a wrapping. --update raises floors and --lower takes back those of a
 * figure that had to fall.
 *
 * Exits with 1 where a figure is worse than its floor or the corpora are not as they should be, 2 where an argument is
 * wrong. Without corpora it says so and exits with 0.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format } from '../bench/report.ts';
import { CorporaError, corporaFolder, hasCorpora, readCorpora } from './corpora.ts';
import { type Figure, isNamed } from './figure.ts';
import { breaches, raised, readFloors, writeFloors } from './floors.ts';
import { Judge } from './judge.ts';
import { parts } from './parts.ts';

const floorsFile = join(import.meta.dirname, 'floors.yaml');

function readArguments() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      missed: { type: 'string', multiple: true },
      alarms: { type: 'boolean' },
      update: { type: 'boolean' },
      lower: { type: 'string', multiple: true },
      corpora: { type: 'string' },
    },
  });
  const only = values.only?.flatMap((names) => names.split(','));
  const unknown = only?.filter((name) => !parts.some((part) => part.name === name)) ?? [];
  if (unknown.length > 0) {
    const known = parts.map(({ name, about }) => `\n  ${name.padEnd(12)} ${about}`).join('');
    throw new RangeError(`--only: "${unknown.join('", "')}" is no part; write one of${known}`);
  }
  if (values.corpora !== undefined && !hasCorpora(values.corpora))
    throw new RangeError(`--corpora: ${values.corpora}: no such folder`);
  return { ...values, chosen: parts.filter(({ name }) => only?.includes(name) ?? true) };
}

async function run({ chosen, ...options }: ReturnType<typeof readArguments>): Promise<number> {
  const folder = options.corpora ?? corporaFolder;
  if (!hasCorpora(folder)) {
    process.stdout.write(`detection: no corpora in ${folder}: nothing measured, no floor checked\n`);
    return 0;
  }
  const start = performance.now();
  const corpora = readCorpora(folder);
  const judge = await Judge.load();
  const figures: Figure[] = [];
  for (const part of chosen) {
    const measured = part.measure(corpora, judge);
    figures.push(...measured.figures);
    for (const report of measured.reports) process.stdout.write(`${format(report)}\n`);
  }
  for (const word of options.missed ?? []) show(figuresOf(figures, word, '--missed').filter(isLeast));
  if (options.alarms) show(figures.filter((figure) => !isLeast(figure)));

  const names = chosen.map(({ name }) => name);
  // Floors are of the corpora that everybody has.
  if (options.corpora !== undefined) return 0;
  const lowered = (options.lower ?? []).flatMap((word) => figuresOf(figures, word, '--lower'));
  if (options.update || lowered.length > 0) update(figures, names, lowered);
  const broken = breaches(figures, readFloors(floorsFile), names);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const verdict = broken.length === 0 ? 'every floor holds' : `${broken.length} figures do not hold:`;
  process.stdout.write([`${verdict} (${figures.length} figures, ${seconds} s)`, ...broken, ''].join('\n'));
  return broken.length === 0 ? 0 : 1;
}

/** Writes the floors anew and says which have changed. */
function update(figures: readonly Figure[], names: readonly string[], lowered: readonly Figure[]): void {
  const before = readFloors(floorsFile);
  const after = raised(figures, before, names, (figure) => lowered.includes(figure));
  for (const key of new Set([...before.keys(), ...after.keys()]))
    if (before.get(key) !== after.get(key))
      process.stdout.write(`floor ${key}: ${before.get(key) ?? 'none'} -> ${after.get(key) ?? 'none'}\n`);
  writeFloors(floorsFile, after);
}

const isLeast = ({ bound }: Figure) => bound === 'least';

/** The figures that a word of the command line names. Throws RangeError where there is none. */
function figuresOf(figures: readonly Figure[], words: string, option: string): Figure[] {
  const chosen = figures.filter((figure) => isNamed(figure, words));
  if (chosen.length === 0)
    throw new RangeError(
      `${option}: "${words}" is in no figure; write a family, a class or a wrapping of these tables`,
    );
  return chosen;
}

/** The rows that figures complain of. */
function show(figures: readonly Figure[]): void {
  for (const { key, complaints } of figures) {
    if (complaints.length > 0) process.stdout.write(`${key}: ${complaints.length} rows\n`);
    for (const { row, text } of complaints)
      process.stdout.write(`  ${row.file}:${row.index + 1} (${kindOf(row)}) ${text}: ${JSON.stringify(row.text)}\n`);
  }
}

function kindOf(row: object & { rule: string }): string {
  const { kind, class: name, style } = row as { kind?: string; class?: string; style?: string };
  return `${row.rule}, ${kind ?? name ?? style}`;
}

// Somebody reads the first lines and no more: `| head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
try {
  process.exitCode = await run(readArguments());
} catch (error) {
  const isUsage = error instanceof RangeError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  const isKnown = isUsage || error instanceof CorporaError;
  process.stderr.write(`detection: ${isKnown ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = isUsage ? 2 : 1;
}

/**
 * What the scanner finds in the detection corpora, beside its targets, and against the floors of floors.yaml.
 *
 *   node test/detection/detection.ts [--only PART]… [--update] [--missed WORD]… [--alarms] [--corpora FOLDER]
 *
 * Exits with 1 where a figure is worse than its floor or the corpora are not as they should be, 2 where an argument is
 * wrong. Without corpora it says so and exits with 0.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format } from '../bench/report.ts';
import { CorporaError, corporaFolder, hasCorpora, readCorpora } from './corpora.ts';
import type { Figure } from './figure.ts';
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
  for (const word of options.missed ?? []) show(figuresOf(figures, 'least', word));
  if (options.alarms) show(figures.filter(({ bound }) => bound === 'most'));

  const names = chosen.map(({ name }) => name);
  // Floors are of the corpora that everybody has.
  if (options.corpora !== undefined && !options.update) return 0;
  if (options.update) writeFloors(floorsFile, raised(figures, readFloors(floorsFile), names));
  const broken = breaches(figures, readFloors(floorsFile), names);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const verdict = broken.length === 0 ? 'every floor holds' : `${broken.length} figures do not hold:`;
  process.stdout.write([`${verdict} (${figures.length} figures, ${seconds} s)`, ...broken, ''].join('\n'));
  return broken.length === 0 ? 0 : 1;
}

/** Figures with a word, or several between slashes, in their keys. Throws RangeError where there is none. */
function figuresOf(figures: readonly Figure[], bound: Figure['bound'], words: string): Figure[] {
  const chosen = figures.filter((figure) => figure.bound === bound && `/${figure.key}/`.includes(`/${words}/`));
  if (chosen.length === 0)
    throw new RangeError(`--missed: "${words}" is in no figure; write a family, a class or a wrapping`);
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

try {
  process.exitCode = await run(readArguments());
} catch (error) {
  const isUsage = error instanceof RangeError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  const isKnown = isUsage || error instanceof CorporaError;
  process.stderr.write(`detection: ${isKnown ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = isUsage ? 2 : 1;
}

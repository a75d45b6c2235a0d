/** A part of the measurement, and how its figures are printed. */
import { atLeast, atMost, type Report, type Row } from '../bench/report.ts';
import type { Corpora } from './corpora.ts';
import { type Figure, percent } from './figure.ts';
import type { Judge } from './judge.ts';

export interface Measured {
  /** All figures; those have floors. */
  figures: Figure[];
  /** What of them is shown. */
  reports: Report[];
}

export interface Part {
  name: string;
  /** What it measures, in a line. */
  about: string;
  measure(corpora: Corpora, judge: Judge): Measured;
}

/** One figure as cells: found, rows, percent. */
export function cells(figure: Figure | undefined): string[] {
  if (figure === undefined || figure.of === 0) return ['', '', ''];
  return [String(figure.count), String(figure.of), percentText(figure)];
}

/** A line of a table for one figure, with its target. */
export function line(label: string, figure: Figure): Row {
  const value = percent(figure);
  const row = { cells: [label, ...cells(figure)] };
  if (figure.targetPercent === undefined || value === undefined) return row;
  const bar = figure.bound === 'least' ? atLeast : atMost;
  return { ...row, bar: bar(value, figure.targetPercent, '%') };
}

/** A table of one figure a line. */
export function table(title: string, lines: Row[], first = 'rows', verb = 'found'): Report {
  return { title, columns: [first, verb, 'of', '%'], rows: lines };
}

function percentText(figure: Figure): string {
  return (percent(figure) as number).toFixed(1);
}

/** A figure of detection: so many of so many rows, which may not fall (what is found) or rise (false alarms). */
import type { Row } from './corpora.ts';

/** A row that a figure complains of. */
export interface Complaint {
  row: Omit<Row, 'expect'>;
  /** What was found in it, or was not: rule ids, reasons. */
  text: string;
}

export interface Figure {
  /** Words between slashes, from the part to the smallest: `secrets/aws/literal`. */
  key: string;
  /** Found rows, or false alarms. */
  count: number;
  of: number;
  /** 'least': more is better; 'most': less is better. */
  bound: 'least' | 'most';
  /** What the figure should reach, in percent; undefined where it only may not get worse. */
  targetPercent?: number;
  /** The missed rows or the false alarms. */
  complaints: Complaint[];
}

/** The figure in percent; undefined where there is no row. */
export function percent({ count, of }: Figure): number | undefined {
  return of === 0 ? undefined : (100 * count) / of;
}

/** Whether so many rows keep to a floor, or a ceiling. */
export function keeps(bound: Figure['bound'], count: number, floor: number): boolean {
  return bound === 'least' ? count >= floor : count <= floor;
}

/** Counts rows into a figure: those that `complaintOf` has a word for are missed (least) or false alarms (most). */
export function figureOf<R extends Omit<Row, 'expect'>>(
  key: string,
  bound: Figure['bound'],
  rows: readonly R[],
  complaintOf: (row: R) => string | undefined,
  targetPercent?: number,
): Figure {
  const complaints = rows.flatMap((row) => {
    const text = complaintOf(row);
    return text === undefined ? [] : [{ row, text }];
  });
  const count = bound === 'least' ? rows.length - complaints.length : complaints.length;
  const figure = { key, count, of: rows.length, bound, complaints };
  return targetPercent === undefined ? figure : { ...figure, targetPercent };
}

/** Whether a figure's key has a word, or several with slashes between: `aws`, `header/credentials`. */
export function isNamed({ key }: Figure, words: string): boolean {
  return `/${key}/`.includes(`/${words}/`);
}

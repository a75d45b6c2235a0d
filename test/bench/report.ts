/** What a part of the bench found, and how it is printed. */

/** A figure that must hold. */
export interface Bar {
  /** As printed: ">= 400 MB/s". */
  text: string;
  met: boolean;
}

export interface Row {
  cells: string[];
  bar?: Bar;
}

export interface Report {
  title: string;
  /** Headings, one for each cell; the bar's own columns are added. */
  columns: string[];
  rows: Row[];
  /** Lines below the rows. */
  notes?: string[];
}

/** A part of the bench; `long` asks for the rounds that take longer than everything else together. */
export interface Part {
  name: string;
  /** What it measures, in a line. */
  about: string;
  /** True where it starts a gateway, which must not reach anything outside this machine. */
  needsIsolation: boolean;
  run(options: { long: boolean }): Promise<Report[]>;
}

/** `value` must be `bound` or more. A value that is no number is missed. */
export function atLeast(value: number, bound: number, unit = ''): Bar {
  return { text: `>= ${`${bound} ${unit}`.trim()}`, met: value >= bound };
}

/** `value` must be `bound` or less. A value that is no number is missed. */
export function atMost(value: number, bound: number, unit = ''): Bar {
  return { text: `<= ${`${bound} ${unit}`.trim()}`, met: value <= bound };
}

/** True where every bar is met. */
export function isMet(report: Report): boolean {
  return report.rows.every((row) => row.bar?.met ?? true);
}

/** The report as lines of text, columns aligned: the first to the left, figures to the right. */
export function format({ title, columns, rows, notes = [] }: Report): string {
  const hasBars = rows.some((row) => row.bar);
  const head = hasBars ? [...columns, 'bar', ''] : columns;
  const body = rows.map(({ cells, bar }) => {
    const filled = [...cells, ...Array<string>(Math.max(0, columns.length - cells.length)).fill('')];
    return hasBars ? [...filled, bar?.text ?? '', bar === undefined ? '' : bar.met ? 'ok' : 'MISSED'] : filled;
  });
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((cells) => cells[column]!.length)));
  const line = (cells: string[]) =>
    cells
      .map((cell, column) =>
        column === 0 || column >= columns.length ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [title, line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line), ...notes, ''].join(
    '\n',
  );
}

/** A number for people: 12,345 or 12.3 or 1.23. */
export function figure(value: number, digits = value >= 100 ? 0 : value >= 10 ? 1 : 2): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

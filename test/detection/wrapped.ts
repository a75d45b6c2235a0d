/** Whatever is found in the open, again in each wrapping that makes sense for it. */
import { SURFACE_REQUEST_BODY, VERDICT_ALLOW } from '../../filter/table/layout.ts';
import { Seeded } from '../bench/random.ts';
import type { Report } from '../bench/report.ts';
import type { Corpora, Row } from './corpora.ts';
import { type Figure, figureOf } from './figure.ts';
import { accountNumbers } from './financial.ts';
import { decidingRules, type Judge } from './judge.ts';
import { cells, line, type Measured, type Part } from './part.ts';
import { type Open, wrappings } from './wrap.ts';

/** Of what is found in the open, in every wrapping. */
const targetPercent = 99;

/** A positive of the corpora that is found in the open. */
export interface FoundRow {
  row: Row;
  open: Open;
  verdict: number;
  /** The rules that decided. */
  rules: ReadonlySet<string>;
}

/** The positives that are found as the whole body of a request. */
export function foundInTheOpen(corpora: Corpora, judge: Judge): FoundRow[] {
  const positives: Row[] = [
    ...corpora.secrets.filter(({ expect }) => expect),
    ...accountNumbers(corpora.financial).flatMap(({ rows }) => rows),
  ];
  return positives.flatMap((row) => {
    const bytes = Buffer.from(row.text);
    const outcome = judge.judge(bytes, SURFACE_REQUEST_BODY);
    if (outcome.verdict === VERDICT_ALLOW) return [];
    const deciding = outcome.findings.find(({ verdict }) => verdict === outcome.verdict);
    if (deciding === undefined) return [];
    const { start, end } = judge.span(bytes, deciding, SURFACE_REQUEST_BODY);
    return [{ row, open: { bytes, start, end }, verdict: outcome.verdict, rules: new Set(decidingRules(outcome)) }];
  });
}

/** Found again: by one of the rules that decided in the open, with a verdict as strong. */
function isFoundAgain({ rules, verdict }: FoundRow, judge: Judge, wrapped: Uint8Array, surface: number): boolean {
  const { findings } = judge.judge(wrapped, surface);
  return findings.some((finding) => rules.has(finding.rule) && finding.verdict >= verdict);
}

export const wrapped: Part = {
  name: 'wrappings',
  about: 'what is found in the open, again in JSON, URLs, headers, encodings, and cut in two',
  measure(corpora, judge): Measured {
    const found = foundInTheOpen(corpora, judge);
    const figures = wrappings.map(({ name, surface, suits, wrap }) => {
      const missed = new Set<Row>();
      const suited = found.filter(({ open }) => suits(open));
      for (const one of suited)
        if (!isFoundAgain(one, judge, wrap(one.open, new Seeded(one.row.index)), surface)) missed.add(one.row);
      return perCorpus(`wrappings/${name}`, suited, missed);
    });
    return { figures: figures.flat(), reports: [corpusTable('found again in each wrapping', figures)] };
  },
};

/** Three figures: of credentials, of account numbers, and of both, which has the target. */
export function perCorpus(key: string, suited: readonly FoundRow[], missed: ReadonlySet<Row>): Figure[] {
  const rows = suited.map(({ row }) => row);
  const complaintOf = (row: Row) => (missed.has(row) ? 'found in the open and not here' : undefined);
  const of = (file: string) => rows.filter((row) => row.file === file);
  return [
    figureOf(`${key}/credentials`, 'least', of('secrets.jsonl'), complaintOf),
    figureOf(`${key}/account numbers`, 'least', of('financial.jsonl'), complaintOf),
    figureOf(`${key}/together`, 'least', rows, complaintOf, targetPercent),
  ].filter(({ of }) => of > 0);
}

/** A line for each group of figures that perCorpus made. */
export function corpusTable(title: string, groups: readonly Figure[][]): Report {
  const rows = groups.flatMap((group) => {
    const together = group.at(-1);
    if (together === undefined) return [];
    const label = together.key.split('/')[1] as string;
    const named = (end: string) => group.find(({ key }) => key.endsWith(end));
    const { bar } = line(label, together);
    const row = {
      cells: [label, ...cells(named('/credentials')), ...cells(named('/account numbers')), ...cells(together)],
    };
    return bar ? { ...row, bar } : row;
  });
  return {
    title,
    columns: ['', 'credentials', 'of', '%', 'account numbers', 'of', '%', 'together', 'of', '%'],
    rows,
  };
}

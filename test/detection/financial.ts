/** Account numbers: what is found of each class, false alarms on numbers that are none, and look-alikes. */
import { VERDICT_ALLOW, VERDICT_BLOCK, VERDICT_WARN } from '../../filter/table/layout.ts';
import type { FinancialRow } from './corpora.ts';
import { figureOf } from './figure.ts';
import { alarmOf } from './judge.ts';
import { line, type Measured, type Part, table } from './part.ts';
import { outcomeOf } from './secrets.ts';

/** Classes of account numbers: their name, target in percent, and rows. */
const classes: [name: string, target: number | undefined, isOf: (row: FinancialRow) => boolean][] = [
  ['iban compact', 99, ({ rule, text }) => rule === 'iban' && !/\s/.test(text)],
  ['iban spaced', 99, ({ rule, text }) => rule === 'iban' && /\s/.test(text)],
  ['card', 99, ({ rule }) => rule === 'credit_card'],
  ['ssn', 90, ({ rule }) => rule === 'us_ssn'],
  ['itin', 90, ({ rule }) => rule === 'us_itin'],
  ['routing number', undefined, ({ rule }) => rule === 'aba_routing'],
  ['account number', undefined, ({ rule }) => rule === 'us_bank_account'],
  ['bic', undefined, ({ rule }) => rule === 'bic'],
];

/** Positives of the corpus that are account numbers, with the name of their class. */
export function accountNumbers(
  rows: readonly FinancialRow[],
): { name: string; target: number | undefined; rows: FinancialRow[] }[] {
  const positives = rows.filter(({ expect }) => expect);
  return classes.map(([name, target, isOf]) => ({ name, target, rows: positives.filter(isOf) }));
}

export const financial: Part = {
  name: 'financial',
  about: 'account numbers found, by class, false alarms on wrong ones and on look-alikes',
  measure({ financial: rows }, judge): Measured {
    const outcomes = new Map(rows.map((row) => [row, outcomeOf(row.text, judge)]));
    const found = accountNumbers(rows).map(({ name, target, rows }) =>
      figureOf(
        `financial/${name}`,
        'least',
        rows,
        (row) => (outcomes.get(row)!.verdict === VERDICT_ALLOW ? 'nothing found' : undefined),
        target,
      ),
    );
    const wrong = rows.filter((row) => row.class === 'financial' && !row.expect && row.args === undefined);
    // A JSON web token is a credential, whatever the corpus calls it.
    const lookAlikes = rows.filter((row) => row.class !== 'financial' && row.rule !== 'jwt');
    const alarms = (name: string, of: readonly FinancialRow[], blockedTarget?: number, anyTarget?: number) => [
      figureOf(
        `financial/${name}/blocked`,
        'most',
        of,
        (row) => alarmOf(outcomes.get(row)!, VERDICT_BLOCK),
        blockedTarget,
      ),
      figureOf(
        `financial/${name}/blocked or warned`,
        'most',
        of,
        (row) => alarmOf(outcomes.get(row)!, VERDICT_WARN),
        anyTarget,
      ),
    ];
    const figures = [
      ...found,
      ...alarms('false alarms', wrong, undefined, 1),
      ...alarms('look-alikes', lookAlikes, 0.3),
    ];
    const isFound = (key: string) => found.some((figure) => figure.key === key);
    const lines = figures
      .filter(({ of }) => of > 0)
      .map((figure) => ({ figure, row: line(figure.key.slice(10), figure) }));
    return {
      figures: figures.filter(({ of }) => of > 0),
      reports: [
        table(
          'account numbers',
          lines.filter(({ figure }) => isFound(figure.key)).map(({ row }) => row),
          'class',
        ),
        table(
          'account numbers that are none',
          lines.filter(({ figure }) => !isFound(figure.key)).map(({ row }) => row),
          'rows',
          'alarms',
        ),
      ],
    };
  },
};

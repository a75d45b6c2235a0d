/** Credentials: what is found of each family, and false alarms on texts that are none. */

import { SURFACE_REQUEST_BODY, VERDICT_ALLOW, VERDICT_BLOCK, VERDICT_WARN } from '../../filter/table/layout.ts';
import type { Report } from '../bench/report.ts';
import type { SecretRow } from './corpora.ts';
import { namedFamilies } from './families.ts';
import { type Figure, figureOf } from './figure.ts';
import { alarmOf, type Judge, type Outcome } from './judge.ts';
import { cells, line, type Measured, type Part, table } from './part.ts';

/** A family with this many literal and generated rows has a target of its own. */
const leastRows = 10;

const isLiteral = ({ kind }: SecretRow) => kind !== 'template';
const isTemplate = ({ kind }: SecretRow) => kind === 'template';

export const secrets: Part = {
  name: 'secrets',
  about: 'credentials found, by family and kind, and false alarms on texts without one',
  measure({ secrets: rows }, judge): Measured {
    const outcomes = new Map(rows.map((row) => [row, outcomeOf(row.text, judge)]));
    const missed = (row: SecretRow) => (outcomes.get(row)!.verdict === VERDICT_ALLOW ? 'nothing found' : undefined);
    const positives = rows.filter(({ expect }) => expect);
    const named = positives.filter(({ family }) => namedFamilies.has(family));
    const least = (key: string, of: readonly SecretRow[], target?: number) =>
      figureOf(`secrets/${key}`, 'least', of, missed, target);

    const families = [...Map.groupBy(positives, ({ family }) => family)].map(([family, of]) => {
      const literal = of.filter(isLiteral);
      const hasTarget = namedFamilies.has(family) && literal.length >= leastRows;
      return {
        family,
        literal: least(`${family}/literal`, literal, hasTarget ? 85 : undefined),
        template: least(`${family}/template`, of.filter(isTemplate)),
      };
    });
    const together = [
      least('named families/literal', named.filter(isLiteral), 95),
      least(
        'named families but generic/literal',
        named.filter((row) => isLiteral(row) && row.family !== 'generic'),
      ),
      least('named families/template', named.filter(isTemplate), 85),
      least('all vendors/literal', positives.filter(isLiteral), 75),
      least('all vendors/template', positives.filter(isTemplate)),
    ];
    const clean = rows.filter((row) => row.absolute_negative);
    const alarms = (name: string, isOf: (outcome: Outcome) => boolean, target?: number) =>
      figureOf(
        `secrets/false alarms/${name}`,
        'most',
        clean,
        (row) => (isOf(outcomes.get(row)!) ? alarmOf(outcomes.get(row)!, VERDICT_WARN) : undefined),
        target,
      );
    const blocks = alarms('blocked', ({ verdict }) => verdict === VERDICT_BLOCK, 1);
    const either = alarms('blocked or warned', ({ verdict }) => verdict !== VERDICT_ALLOW);
    // Has no ceiling: it rises where a block becomes a warning.
    const warns = alarms('warned', ({ verdict }) => verdict === VERDICT_WARN, 3);

    const blockedOf = (of: readonly SecretRow[]) =>
      of.filter((row) => outcomes.get(row)!.verdict === VERDICT_BLOCK).length;
    const blocked = new Map(
      families.map(({ family }) => [
        family,
        blockedOf(positives.filter((row) => row.family === family && isLiteral(row))),
      ]),
    );
    const figures = [...families.flatMap(({ literal, template }) => [literal, template]), ...together, blocks, either];
    const shown = (isNamed: boolean) => families.filter(({ family }) => namedFamilies.has(family) === isNamed);
    return {
      figures: figures.filter(({ of }) => of > 0),
      reports: [
        familyTable('secrets of the families that the rules must know', shown(true), blocked),
        familyTable('secrets of other vendors', shown(false), blocked),
        table(
          'secrets, together',
          together.map((figure) => line(figure.key.slice('secrets/'.length), figure)),
        ),
        table(
          'false alarms on texts without a secret',
          [blocks, warns, either].map((figure) => line(figure.key.slice('secrets/false alarms/'.length), figure)),
          'rows',
          'alarms',
        ),
      ],
    };
  },
};

function familyTable(
  title: string,
  families: { family: string; literal: Figure; template: Figure }[],
  blocked: ReadonlyMap<string, number>,
): Report {
  const rows = families
    .toSorted((a, b) => (a.family < b.family ? -1 : 1))
    .map(({ family, literal, template }) => {
      const { bar } = line(family, literal);
      const row = {
        cells: [family, ...cells(literal), literal.of > 0 ? String(blocked.get(family)) : '', ...cells(template)],
      };
      return bar ? { ...row, bar } : row;
    });
  return { title, columns: ['family', 'literal', 'of', '%', 'blocked', 'template', 'of', '%'], rows };
}

/** A row as the whole body of a request. */
export function outcomeOf(text: string, judge: Judge): Outcome {
  return judge.judge(Buffer.from(text), SURFACE_REQUEST_BODY);
}

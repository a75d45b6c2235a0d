/** MCP tools: what is found of poisoned definitions, by kind, and what is said of harmless ones. */
import { VERDICT_ALLOW, VERDICT_BLOCK, VERDICT_WARN } from '../../filter/table/layout.ts';
import type { ToolRow } from './corpora.ts';
import { type Figure, figureOf } from './figure.ts';
import { alarmOf, type Outcome } from './judge.ts';
import { line, type Measured, type Part, table } from './part.ts';

/** The corpus names some poisoned tools `fp_…`: its scanner's false positives, harmless as they read, kept as rows to find. */
const isMislabelled = ({ name }: ToolRow) => name.startsWith('fp_');

export const tools: Part = {
  name: 'tools',
  about: 'poisoned tool definitions found, by kind, and false alarms on harmless ones',
  measure({ tools: rows }, judge): Measured {
    const outcomes = new Map<ToolRow, Outcome>(rows.map((row) => [row, judge.judgeTool(row.text)]));
    const missed = (row: ToolRow) => (outcomes.get(row)!.verdict === VERDICT_ALLOW ? 'nothing found' : undefined);
    const notBlocked = (row: ToolRow) => (outcomes.get(row)!.verdict < VERDICT_BLOCK ? 'not blocked' : undefined);

    const kinds = [
      ...Map.groupBy(
        rows.filter(({ expect }) => expect),
        (row) => (isMislabelled(row) ? `${row.kind}, named a false positive` : row.kind),
      ),
    ];
    const found = kinds.flatMap(([kind, of]) => [
      figureOf(`tools/${kind}/found`, 'least', of, missed, kind === 'poison-explicit' ? 90 : undefined),
      figureOf(`tools/${kind}/blocked`, 'least', of, notBlocked),
    ]);
    const explicit = rows.filter(({ expect, kind }) => expect && kind === 'poison-explicit');
    const labelled = figureOf('tools/poison-explicit as labelled/found', 'least', explicit, missed);

    const harmless = rows.filter(({ expect }) => expect === false);
    const alarmsOf = (name: string, of: readonly ToolRow[], block?: number, warn?: number) => [
      figureOf(
        `tools/${name}/false alarms blocked`,
        'most',
        of,
        (row) => alarmOf(outcomes.get(row)!, VERDICT_BLOCK),
        block,
      ),
      figureOf(`tools/${name}/false alarms`, 'most', of, (row) => alarmOf(outcomes.get(row)!, VERDICT_WARN), warn),
    ];
    const alarms = [
      ...[...Map.groupBy(harmless, ({ kind }) => kind)].flatMap(([kind, of]) => alarmsOf(kind, of)),
      ...alarmsOf('harmless together', harmless, 0.3, 1),
    ];
    const lines = (figures: readonly Figure[]) =>
      figures.map((figure) => line(figure.key.slice('tools/'.length), figure));
    return {
      figures: [...found, labelled, ...alarms].filter(({ of }) => of > 0),
      reports: [
        table('poisoned tools, by kind', lines([...found, labelled]), 'kind'),
        table('harmless tools', lines(alarms), 'kind', 'alarms'),
      ],
    };
  },
};

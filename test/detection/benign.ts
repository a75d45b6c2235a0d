/** What people and models write every day, sent as requests: chat, outputs of tools, replies. */
import { SURFACE_REQUEST_BODY, VERDICT_BLOCK, VERDICT_WARN } from '../../filter/table/layout.ts';
import { figureOf } from './figure.ts';
import { alarmOf } from './judge.ts';
import { line, type Measured, type Part, table } from './part.ts';

import { chatRequest } from './wrap.ts';

export const benign: Part = {
  name: 'benign',
  about: 'false alarms on chat, outputs of tools and replies of models, sent as chat requests',
  measure({ injection }, judge): Measured {
    const rows = injection.filter(({ expect }) => !expect);
    const outcomes = new Map(
      rows.map((row) => [row, judge.judge(Buffer.from(chatRequest(row.text)), SURFACE_REQUEST_BODY)]),
    );
    const both = (name: string, of: typeof rows, target?: number) => [
      figureOf(`benign/${name}/blocked`, 'most', of, (row) => alarmOf(outcomes.get(row)!, VERDICT_BLOCK), target),
      figureOf(`benign/${name}/blocked or warned`, 'most', of, (row) => alarmOf(outcomes.get(row)!, VERDICT_WARN)),
    ];
    const figures = [
      ...[...Map.groupBy(rows, ({ style }) => style)].flatMap(([style, of]) => both(style, of)),
      ...both('together', rows, 0.1),
    ];
    return {
      figures,
      reports: [
        table(
          'benign texts as chat requests',
          figures.map((figure) => line(figure.key.slice(7), figure)),
          'style',
          'alarms',
        ),
      ],
    };
  },
};

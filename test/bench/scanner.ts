import { base64Heavy, chat, hex, numbers, source } from './clean-text.ts';
import { atLeast, type Bar, figure, type Part, type Report } from './report.ts';
import { measure, type Speed } from './speed.ts';

/** Least speed on a clean 10 KB chat request, MB/s. */
const chatBar = 400;
/** What is aimed at, MB/s: missed where detection costs more (README.md), so no bar. */
const aims = new Map([
  ['chat request, 10 KB', 1500],
  ['chat request, 1 MB', 1300],
  ['base64-heavy, 1 MB', 500],
]);

export const scanner: Part = {
  name: 'scanner',
  about: 'the scanner alone in V8, all rules and views, on texts without a secret',
  needsIsolation: false,
  async run(): Promise<Report[]> {
    const texts = new Map<string, Uint8Array>([
      ['chat request, 10 KB', chat(10_000)],
      ['chat request, 1 KB', chat(1_000)],
      ['chat request, 100 KB', chat(100_000)],
      ['chat request, 1 MB', chat(1_000_000)],
      ['base64-heavy, 1 MB', base64Heavy(1_000_000)],
      ['hex, 1 MB', hex(1_000_000)],
      ['CSV of numbers, 1 MB', numbers(1_000_000)],
      ['source code, 1 MB', source(1_000_000)],
    ]);
    const speeds = await measure(texts);
    const rows = speeds.flatMap((speed, index) => [
      { cells: [...cells(speed), aimOf(speed)], ...(index === 0 ? { bar: atLeast(speed.best, chatBar, 'MB/s') } : {}) },
    ]);
    const found = speeds.reduce((sum, { findings, wasCut }) => sum + findings + (wasCut ? 1 : 0), 0);
    const clean: Bar = { text: '= 0', met: found === 0 };
    return [
      {
        title: 'scanner: clean texts, request body, all rules and views',
        columns: ['text', 'best MB/s', 'median', 'memory read', 'read / best', 'findings', 'aim'],
        rows: [...rows, { cells: ['findings and unread ends, together', '', '', '', '', String(found)], bar: clean }],
      },
    ];
  },
};

function aimOf({ name }: Speed): string {
  const aim = aims.get(name);
  return aim === undefined ? '' : figure(aim, 0);
}

export function cells({ name, best, median, readBest, findings, wasCut }: Speed): string[] {
  const counted = wasCut ? `${findings}, not read to its end` : String(findings);
  return [name, figure(best, 0), figure(median, 0), figure(readBest, 0), figure(readBest / best, 0), counted];
}

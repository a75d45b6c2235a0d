import { Seeded } from './random.ts';
import type { Part, Report } from './report.ts';
import { cells } from './scanner.ts';
import { measure } from './speed.ts';

const length = 100_000;

/** Texts made to cost: beginnings of secrets without the secret, and encodings in encodings. */
function texts(): Map<string, Uint8Array> {
  const seeded = new Seeded(6);
  const letters = (count: number) => seeded.letters(count, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
  let nested = Buffer.from(seeded.letters(length / 3));
  for (let depth = 0; depth < 3; depth++) nested = Buffer.from(nested.toString('base64'));
  return new Map<string, Uint8Array>([
    ['AKIAAKIA…', repeat('AKIA')],
    [' ghp_ and 35 letters', pieces(() => ` ghp_${letters(35)}`)],
    ['ghp_ghp_…', repeat('ghp_')],
    ['eyJ-eyJ-…', repeat('eyJ-')],
    ['sk-sk-…', repeat('sk-')],
    ['hf_/hf_/…', repeat('hf_/')],
    ['://://…', repeat('://')],
    ['http://a:b@http://a:b@…', repeat('http://a:b@')],
    ['token= and 19 letters', pieces(() => `token=${letters(19)} `)],
    ['%25%25…', repeat('%25')],
    ['%2525…, one run', Buffer.from(`%${'25'.repeat(length / 2)}`)],
    [String.raw`\u0041\u0041…`, repeat(String.raw`\u0041`)],
    [String.raw`\\\\…`, repeat('\\')],
    ['base64 in base64 in base64', nested],
    ['digits in groups of four', pieces(() => `${seeded.integer(1000, 9999)} `)],
    ['one digit, repeated', repeat('4')],
    ['GB00GB00…', repeat('GB00')],
    ['-----BEGIN …', repeat('-----BEGIN ')],
  ]);
}

function repeat(text: string): Buffer {
  return Buffer.from(text.repeat(Math.ceil(length / text.length)).slice(0, length));
}

function pieces(piece: () => string): Buffer {
  let text = '';
  while (text.length < length) text += piece();
  return Buffer.from(text.slice(0, length));
}

export const adversarial: Part = {
  name: 'adversarial',
  about: 'the scanner alone in V8, on 100 KB texts made to cost',
  needsIsolation: false,
  async run(): Promise<Report[]> {
    const speeds = await measure(texts());
    const worst = speeds.reduce((least, speed) => (speed.best < least.best ? speed : least));
    return [
      {
        title: 'adversarial: 100 KB, request body, all rules and views',
        columns: ['text', 'best MB/s', 'median', 'memory read', 'read / best', 'findings'],
        rows: speeds.map((speed) => ({ cells: cells(speed) })),
        notes: [`worst: ${worst.name}, ${worst.best.toFixed(0)} MB/s`],
      },
    ];
  },
};

import { Seeded } from './random.ts';
import { atLeast, type Part, type Report } from './report.ts';
import { cells } from './scanner.ts';
import { defaultTable, measure, quickSpeed } from './speed.ts';

const length = 100_000;
/** Least speed on the worst text, MB/s. */
const worstBar = 100;
/** Units that the search draws, and changes that it then makes to the slowest. */
const drawn = 80;
const changes = 160;
/** How many of the slowest are changed further. */
const kept = 6;

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

/** What a text to search for is made of, again and again: fixed pieces, and runs of drawn letters (`[kind, count]`). */
type Unit = (string | [kind: number, count: number])[];

const pieceTexts = [
  ...[
    'ghp_',
    'AKIA',
    'sk-',
    'hf_/',
    'eyJ',
    'xoxb-',
    '://',
    'token=',
    'password: ',
    'secret":"',
    'Bearer ',
    '-----BEGIN ',
  ],
  ...[
    'GB00',
    '4',
    '%25',
    String.raw`\u0041`,
    '\\',
    '&#65;',
    '=41',
    '0x',
    ' ',
    '"',
    '","',
    '=',
    ':',
    ',',
    '.',
    '-',
    '_',
    '/',
    '&',
    '\n',
  ],
];
const runLetters = [
  'abcdefghijklmnopqrstuvwxyz',
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  '0123456789abcdef',
  '0123456789',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
];

function drawPiece(seeded: Seeded): Unit[number] {
  if (seeded.next() < 0.5) return seeded.pick(pieceTexts);
  return [seeded.integer(0, runLetters.length - 1), seeded.integer(1, seeded.pick([4, 16, 40, 200]))];
}

function changed(unit: Unit, seeded: Seeded): Unit {
  const at = seeded.integer(0, unit.length - 1);
  const kind = seeded.integer(0, 2);
  if (kind === 0 && unit.length > 1) return unit.toSpliced(at, 1);
  return unit.toSpliced(at, kind === 1 ? 1 : 0, drawPiece(seeded));
}

function toText(unit: Unit): Buffer {
  const seeded = new Seeded(8);
  return pieces(() =>
    unit.map((one) => (typeof one === 'string' ? one : seeded.letters(one[1], runLetters[one[0]]))).join(''),
  );
}

function nameOf(unit: Unit): string {
  return unit.map((one) => (typeof one === 'string' ? JSON.stringify(one).slice(1, -1) : `<${one[1]}>`)).join('');
}

/** The slowest texts that a search finds: units drawn, the slowest changed, and changed again. */
async function search(table: Uint8Array): Promise<Map<string, Uint8Array>> {
  const seeded = new Seeded(7);
  const speedOf = await quickSpeed(table);
  let slowest: { unit: Unit; speed: number }[] = [];
  const look = (unit: Unit) => {
    if (slowest.some((one) => nameOf(one.unit) === nameOf(unit))) return;
    slowest.push({ unit, speed: speedOf(toText(unit)) });
    slowest = slowest.toSorted((a, b) => a.speed - b.speed).slice(0, kept);
  };
  for (let i = 0; i < drawn; i++) look(Array.from({ length: seeded.integer(1, 4) }, () => drawPiece(seeded)));
  for (let i = 0; i < changes; i++) look(changed(seeded.pick(slowest).unit, seeded));
  return new Map(slowest.slice(0, 3).map(({ unit }) => [`found: ${nameOf(unit)}`, toText(unit)]));
}

export const adversarial: Part = {
  name: 'adversarial',
  about: 'the scanner alone in V8, on 100 KB texts made to cost',
  needsIsolation: false,
  async run(): Promise<Report[]> {
    const table = defaultTable();
    const speeds = await measure(new Map([...texts(), ...(await search(table))]), table);
    const worst = speeds.reduce((least, speed) => (speed.best < least.best ? speed : least));
    return [
      {
        title: 'adversarial: 100 KB, request body, all rules and views',
        columns: ['text', 'best MB/s', 'median', 'memory read', 'read / best', 'findings'],
        rows: [
          ...speeds.map((speed) => ({ cells: cells(speed) })),
          { cells: [`worst: ${worst.name}`, worst.best.toFixed(0)], bar: atLeast(worst.best, worstBar, 'MB/s') },
        ],
        notes: [`found: by a search over ${drawn} drawn units and ${changes} changes; <n> is a run of n drawn letters`],
      },
    ];
  },
};

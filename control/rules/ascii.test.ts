import { expect, test } from 'vitest';
import { asciiRuns } from './ascii.ts';

const runs = asciiRuns();

function readAs(character: string): string {
  const code = character.codePointAt(0)!;
  const run = runs.find(({ first, count }) => code >= first && code < first + count);
  if (run === undefined) return character;
  return run.ascii === 0 ? '' : String.fromCharCode(run.ascii + code - run.first);
}

test.each([
  ...[
    ['ｇｈｐ＿', 'ghp_'],
    ['𝐀𝐊𝟏', 'AK1'],
    ['𝒶𝓏ℊ', 'azg'],
    ['ⒶⓏ①', 'AZ1'],
    ['²₂', '22'],
    ['🅰🇿', 'AZ'],
  ],
  ...[
    ['АКІа', 'AKIa'],
    ['ΑΒο', 'ABo'],
    ['sk‑ant', 'sk-ant'],
  ],
  ...[
    ['a\u200bb\u00ad\u2060\ufe0f\u0301c', 'abc'],
    ['\u{e0067}\u{e0068}\u{e0070}', 'ghp'],
  ],
  ...[
    ['für łódź', 'für łódź'],
    ['жизнь 漢字 한글 हिन्दी', 'жuзhь 漢字 한글 हिन्दी'],
  ],
])('%s', (written, read) => {
  expect([...written!].map(readAs).join('')).toBe(read);
});

test('runs are in ascending order, and of ASCII to their ends', () => {
  for (const [i, { first, count, ascii }] of runs.entries()) {
    const last = runs[i - 1];
    expect(first).toBeGreaterThanOrEqual(last ? last.first + last.count : 0x80);
    expect(ascii === 0 || (ascii >= 0x20 && ascii + count <= 0x7f)).toBe(true);
  }
});

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openKey } from './key.ts';
import { verifyFiles } from './verify.ts';
import { openReceipts, type ReceiptWriter, type WriterOptions } from './writer.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-receipts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const key = () => openKey(join(folder, 'receipts.key'), folder, true);
const files = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(folder, name));

function open(more: Partial<WriterOptions> = {}): ReceiptWriter {
  const silent = { onWritten() {}, onFailure() {} };
  return openReceipts({ directory: folder, instance: 'one', key: key(), ...silent, ...more });
}

/** Writes receipts, the first of which has number `from`, and waits for them. */
async function written(count: number, from = 1, more: Partial<WriterOptions> = {}): Promise<void> {
  const writer = open(more);
  for (let i = 0; i < count; i++) writer.add([{ request: `r${from + i}`, verdict: 'allow' }]);
  while (writer.written < count) await sleep(1);
}

/** The lines of the only file after a change. */
function changed(change: (lines: string[]) => string[]): string[] {
  const [file] = files();
  const lines = readFileSync(file!, 'utf8').trimEnd().split('\n');
  writeFileSync(file!, `${change(lines).join('\n')}\n`);
  return verifyFiles([file!]).problems.map((problem) => problem.slice(file!.length + 1));
}

test('what was written verifies, over restarts and from file to file', async () => {
  await written(20);
  await written(20, 21, { fileBytes: 1_000 });
  expect(files().length).toBeGreaterThan(1);
  expect(verifyFiles(files().toReversed())).toEqual({ receipts: 40, last: 40, problems: [], notices: [] });
  // A chain may be looked at from the middle on.
  expect(verifyFiles(files().slice(1)).problems).toEqual([]);
});

test.each<[string, (lines: string[]) => string[], string[]]>([
  [
    'a changed line',
    (lines) => lines.map((line, i) => (i === 4 ? line.replace('allow', 'block') : line)),
    ['5: receipt 5: changed after it was signed, or signed with another key'],
  ],
  ['a missing line', (lines) => lines.toSpliced(4, 1), ['5: receipt 5: is missing before it']],
  ['missing lines', (lines) => lines.toSpliced(4, 3), ['5: receipts 5 to 7: are missing before it']],
  [
    'lines that changed places',
    (lines) => [...lines.slice(0, 4), lines[5]!, lines[4]!, ...lines.slice(6)],
    ['5: receipt 5: is missing before it', '6: receipt 5: out of order, after receipt 6'],
  ],
  ['a line twice', (lines) => lines.toSpliced(4, 0, lines[3]!), ['5: receipt 4: stands there twice']],
  [
    'a line that is none',
    (lines) => lines.with(4, '{}'),
    ['5: changed: it is no receipt', '6: receipt 5: is missing before it'],
  ],
])('%s is found, and where', async (_what, change, problems) => {
  await written(10);
  expect(changed(change)).toEqual(problems);
});

test('a line of another chain is found', async () => {
  await written(5);
  const [mine] = files();
  const stranger = readFileSync(mine!, 'utf8').split('\n')[3]!;
  rmSync(mine!);
  await written(5, 50);
  expect(changed((lines) => lines.with(3, stranger))).toEqual([
    '4: receipt 4: follows another receipt 3',
    '5: receipt 5: follows another receipt 4',
  ]);
});

test('another key does not verify', async () => {
  await written(3);
  const other = mkdtempSync(join(tmpdir(), 'penstock-receipts-'));
  openKey(join(other, 'k'), other, true);
  expect(verifyFiles(files(), join(other, 'receipts.pub')).problems).toHaveLength(3);
  rmSync(other, { recursive: true });
});

test('cut at any byte, a file verifies up to its last whole line, and the next start goes on from there', {
  timeout: 60_000,
}, async () => {
  await written(4);
  const [file] = files();
  const bytes = readFileSync(file!);
  for (let length = 0; length < bytes.length; length++) {
    writeFileSync(file!, bytes.subarray(0, length));
    const { receipts, problems } = verifyFiles([file!]);
    expect({ length, problems }).toEqual({ length, problems: [] });
    expect(receipts).toBe(bytes.subarray(0, length).toString().split('\n').length - 1);
    if (length % 97 !== 0) continue;
    await written(2, 90);
    expect(verifyFiles([file!])).toMatchObject({ receipts: receipts + 2, problems: [], notices: [] });
  }
});

test('killed again and again while it writes, what is there verifies', { timeout: 60_000 }, async () => {
  const program = join(folder, 'writer.mjs');
  writeFileSync(
    program,
    `import { openKey } from ${JSON.stringify(join(import.meta.dirname, 'key.ts'))};
     import { openReceipts } from ${JSON.stringify(join(import.meta.dirname, 'writer.ts'))};
     const writer = openReceipts({ directory: ${JSON.stringify(folder)}, instance: 'one', fileBytes: 4000,
       key: openKey(${JSON.stringify(join(folder, 'receipts.key'))}, ${JSON.stringify(folder)}, true),
       onWritten() { process.send('written'); }, onFailure() {} });
     setInterval(() => { for (let i = 0; i < 50; i++) writer.add([{ request: 'x'.repeat(i), verdict: 'warn' }]); }, 1);`,
  );
  let before = 0;
  for (let round = 0; round < 12; round++) {
    const child = fork(program, { stdio: 'ignore' });
    await once(child, 'message');
    await sleep((round * 37) % 60);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { receipts, last, problems } = verifyFiles(files());
    expect(problems).toEqual([]);
    expect(receipts).toBe(last);
    expect(receipts).toBeGreaterThan(before);
    before = receipts;
  }
});

test('what cannot be written is told of, kept, and written when it can be', async () => {
  const told: (string | undefined)[] = [];
  const writer = open({ onFailure: (failure) => told.push(failure), fileBytes: 1 });
  writer.add([{ request: 'a' }]);
  while (writer.written < 1) await sleep(1);
  // The name of the next file is taken.
  const next = join(folder, 'receipts-one-000000000002.jsonl');
  writeFileSync(next, '');
  writer.add([{ request: 'b' }]);
  while (told.length < 1) await sleep(1);
  expect(told[0]).toContain('EEXIST');
  rmSync(next);
  while (writer.written < 2) await sleep(10);
  expect(told.at(-1)).toBeUndefined();
  expect(verifyFiles(files())).toMatchObject({ receipts: 2, problems: [] });
});

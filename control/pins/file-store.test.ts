import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileStore } from './file-store.ts';
import { formatPins, type Pins, parsePins } from './pins.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-pins-'));
  file = join(folder, 'state', 'pins.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pinsOf = (count: number, filler = ''): Pins =>
  new Map([
    [
      'mcp',
      {
        isWhole: true,
        tools: new Map(
          Array.from({ length: count }, (_, i) => [
            `tool ${i}`,
            { name: `tool ${i}`, pinned: JSON.stringify({ name: `tool ${i}`, description: filler }) },
          ]),
        ),
      },
    ],
  ]);

test('a first start has no pins; what is written is read, by this store and by another', async () => {
  const store = new FileStore(file);
  expect((await store.read()).size).toBe(0);
  await store.update(() => pinsOf(3));
  expect(await store.read()).toEqual(pinsOf(3));
  expect(await new FileStore(file).read()).toEqual(pinsOf(3));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
});

test('what another process writes is seen at once', async () => {
  const [one, two] = [new FileStore(file), new FileStore(file)];
  await one.update(() => pinsOf(1));
  await two.update((pins) => pinsOf((pins.get('mcp')?.tools.size ?? 0) + 1));
  expect(await one.read()).toEqual(pinsOf(2));
  // Nothing is parsed again while nothing changes.
  expect(await one.read()).toBe(await one.read());
});

test('changes of one process come one after the other', async () => {
  const store = new FileStore(file);
  const grow = () => store.update((pins) => pinsOf((pins.get('mcp')?.tools.size ?? 0) + 1));
  await Promise.all(Array.from({ length: 20 }, grow));
  expect((await store.read()).get('mcp')?.tools.size).toBe(20);
});

test('a damaged file, a folder in its place and a file that is gone are errors and not an empty store', async () => {
  const store = new FileStore(file);
  await store.update(() => pinsOf(1));
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, 40));
  await expect(store.read()).rejects.toThrow('is no JSON');
  await expect(new FileStore(file).read()).rejects.toThrow('is no JSON');
  await expect(store.update(() => pinsOf(9))).rejects.toThrow('is no JSON');
  rmSync(file);
  mkdirSync(file);
  await expect(store.read()).rejects.toThrow('EISDIR');
  rmSync(file, { recursive: true });
  await expect(store.read()).rejects.toThrow('is gone');
  writeFileSync(file, text);
  expect(await store.read()).toEqual(pinsOf(1));
});

test('what cannot be written is an error, and the old pins stay', async () => {
  const store = new FileStore(file);
  await store.update(() => pinsOf(1));
  renameSync(join(folder, 'state'), join(folder, 'away'));
  writeFileSync(join(folder, 'state'), 'no folder');
  await expect(store.update(() => pinsOf(2))).rejects.toThrow(file);
  rmSync(join(folder, 'state'));
  renameSync(join(folder, 'away'), join(folder, 'state'));
  expect(await store.read()).toEqual(pinsOf(1));
  await expect(store.update(() => pinsOf(1_000, 'x'.repeat(20_000)))).rejects.toThrow('would be larger than');
  expect(readdirSync(join(folder, 'state'))).toEqual(['pins.json']);
});

test('a writer that is killed leaves the old pins or the new ones, and its rests are taken away', {
  timeout: 120_000,
}, async () => {
  // Each round writes larger pins than the one before, over and over, and is killed at some moment of it.
  const writer = join(folder, 'writer.ts');
  writeFileSync(
    writer,
    `import { FileStore } from ${JSON.stringify(join(import.meta.dirname, 'file-store.ts'))};
     const store = new FileStore(${JSON.stringify(file)});
     process.stdout.write('ready');
     for (let i = 0; ; i++) {
       const filler = String(i).repeat(40_000);
       const tools = new Map([['big', { name: 'big', pinned: JSON.stringify({ name: 'big', description: filler }) }]]);
       await store.update(() => new Map([['mcp', { isWhole: true, tools }]]));
     }`,
  );
  mkdirSync(join(folder, 'state'));
  let leftovers = 0;
  const rounds = 12;
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, [writer], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await new Promise((settle) => setTimeout(settle, 5 + round * 6));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const entries = readdirSync(join(folder, 'state'));
    leftovers += entries.filter((name) => name.endsWith('.new')).length;
    if (!entries.includes('pins.json')) continue;
    const pins = parsePins(readFileSync(file, 'utf8'), file);
    const { pinned } = pins.get('mcp')!.tools.get('big')!;
    // Whole: one number, repeated to its end.
    expect(JSON.parse(pinned!).description).toMatch(/^(\d+)\1{39999}$/);
    expect(formatPins(pins)).toBe(readFileSync(file, 'utf8'));
  }
  expect(leftovers, 'no writer was killed while it wrote').toBeGreaterThan(0);
  await new FileStore(file).update(() => pinsOf(1));
  expect(readdirSync(join(folder, 'state'))).toEqual(['pins.json']);
});

// The structure of the repository, as ARCHITECTURE.md states it: which folder may import which, what a file is called,
// and that a long file says why it is long.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
  .toString()
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

interface Import {
  from: string;
  to: string;
  /** `filter/view/list.ts:3: import …` */
  line: string;
}

/** The imports of a file that lead to another file, as paths from the root without extension. */
function importsOf(file: string): Import[] {
  return [...read(file).matchAll(/(?:^|\n)(?:import|export)\b[^;]*?from '(\.[^']*)'|\bimport\('(\.[^']*)'\)/g)].map(
    (match) => {
      const path = (match[1] ?? match[2]) as string;
      const number = read(file)
        .slice(0, match.index + match[0].indexOf(path))
        .split('\n').length;
      const to = relative(root, join(root, dirname(file), path)).replace(/\.ts$/, '');
      return { from: file, to, line: `${file}:${number}: imports ${path}` };
    },
  );
}

const imports = sources.flatMap(importsOf);

/** The stages of a list in ARCHITECTURE.md, first to last. */
function orderOf(name: string): string[] {
  const line = new RegExp(`^\`\`\`\\n(?:.*\\n)*?${name} order: (.*)\\n`, 'm').exec(read('ARCHITECTURE.md'))?.[1];
  return line?.split(' → ') ?? [];
}

/** The stage of a file: its folder below `top`, or its name where it stands in `top` itself. */
function stageOf(path: string, top: string): string | undefined {
  const [first, second] = path.replace(/\.ts$/, '').split('/');
  return first === top ? second : undefined;
}

test('imports are found', () => {
  expect(imports.length).toBeGreaterThan(300);
  const lines = imports.map(({ line }) => line);
  expect(lines).toContainEqual(expect.stringMatching(/^filter\/callbacks\.ts:\d+: imports \.\/stream$/));
  expect(lines).toContainEqual(expect.stringMatching(/^control\/main\.ts:\d+: imports \.\/serve\//));
});

test('the filter imports one way', () => {
  const order = orderOf('filter');
  expect(order).toHaveLength(9);
  // The two entries of the compiler and the SDK stand outside the order.
  const outside = new Set(['index', 'scanner', 'proxy-wasm-as']);
  const wrong = imports.filter(({ from, to }) => {
    const [importer, imported] = [stageOf(from, 'filter'), stageOf(to, 'filter')];
    if (importer === undefined || outside.has(importer)) return false;
    if (imported === undefined) return true;
    return imported !== 'proxy-wasm-as' && order.indexOf(imported) > order.indexOf(importer);
  });
  expect(wrong.map(({ line }) => line)).toEqual([]);
  const unknown = new Set(
    sources.flatMap((file) => stageOf(file, 'filter') ?? []).filter((stage) => !order.includes(stage)),
  );
  expect(unknown).toEqual(outside);
});

test('in the filter only action, stream and callbacks know the host', () => {
  const wrong = imports.filter(({ from, to }) => {
    const stage = stageOf(from, 'filter');
    if (stage === undefined || stage === 'proxy-wasm-as') return false;
    return to.startsWith('filter/proxy-wasm-as') && !['action', 'stream', 'callbacks'].includes(stage);
  });
  expect(wrong.map(({ line }) => line)).toEqual([]);
});

test('the SDK imports nothing of the filter', () => {
  const wrong = imports.filter(
    ({ from, to }) => from.startsWith('filter/proxy-wasm-as/') && !to.startsWith('filter/proxy-wasm-as/'),
  );
  // Its conformance test runs in an Envoy that somebody has to find.
  expect(wrong.filter(({ to }) => to !== 'envoy/find').map(({ line }) => line)).toEqual([]);
});

test('control imports one way', () => {
  const order = orderOf('control');
  expect(order).toHaveLength(9);
  const place = (path: string) =>
    order.indexOf(path.startsWith('filter/table/') ? 'filter/table' : (stageOf(path, 'control') ?? ''));
  const aside = ['certs', 'values', 'pins', 'receipts', 'emit', 'redirect'];
  const wrong = imports.filter(({ from, to }) => {
    const importer = stageOf(from, 'control');
    // A program of its own: it loads main so that the next start finds it compiled.
    if (importer === undefined || from === 'control/serve/warm.ts') return false;
    const imported = stageOf(to, 'control');
    if (aside.includes(imported ?? '')) return ![imported, 'serve', 'main'].includes(importer);
    if (aside.includes(importer)) return imported !== 'config';
    // `penstock trace` plays a message in the host emulator, and Envoy has to be found.
    if (importer === 'serve' && (to.startsWith('filter/proxy-wasm-as/host/') || to.startsWith('envoy/'))) return false;
    return place(to) < 0 || place(to) > place(from);
  });
  expect(wrong.map(({ line }) => line)).toEqual([]);
});

test('nothing but tests imports tests', () => {
  const wrong = imports.filter(({ from, to }) => !from.startsWith('test/') && to.startsWith('test/'));
  expect(wrong.map(({ line }) => line)).toEqual([]);
});

test('no folder or file is called by what everything could be called', () => {
  const names = /(^|\/)[^/]*\b(?:utils?|helpers?|common|types|managers?)\b[^/]*(\/|$)/;
  expect(files.filter((file) => names.test(file))).toEqual([]);
});

test('a file of more than 250 lines says at its top why', () => {
  const long = sources.filter((file) => read(file).split('\n').length > 251);
  const silent = long.filter((file) => {
    const comment = /^(?:\/\*[\s\S]*?\*\/|(?:\/\/.*\n)+)/.exec(read(file))?.[0] ?? '';
    return !/\b[Ll]ong(?:er)?\b/.test(comment);
  });
  expect(silent).toEqual([]);
});

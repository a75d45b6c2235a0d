import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setUp } from './setup.mjs';

let root: string;
let commands: string[];
let failing: string | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'setup-'));
  commands = [];
  failing = undefined;
  write('package.json', '{}');
  write('package-lock.json', '{}');
  write('asconfig.json', '{}');
  write('filter/index.ts', 'export {}');
  write('filter/proxy-wasm-as/host/host.ts', '');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Sets up with commands that leave behind what the real ones do. */
function run(): string[] {
  return setUp(root, {
    say: () => {},
    run: (command: string, args: string[]) => {
      const line = [command.replace(`${root}/`, ''), ...args].join(' ');
      commands.push(line);
      if (failing !== undefined && line.includes(failing)) throw new Error(line);
      if (command === 'npm') mkdirSync(join(root, 'node_modules'), { recursive: true });
      if (command.endsWith('asc')) write('build/filter.wasm', '');
      if (line.includes('warm.ts')) mkdirSync(join(root, 'build', 'compile-cache'));
    },
  });
}

test('a fresh clone gets everything, and a second run does nothing', () => {
  expect(run()).toEqual(['packages', 'filter', 'compile-cache']);
  expect(commands).toEqual([
    'npm ci --no-audit --no-fund --loglevel=error',
    'node_modules/.bin/asc --config asconfig.json --target release',
    'node_modules/.bin/asc --config asconfig.scanner.json --target release',
    'node_modules/.bin/node control/serve/warm.ts',
  ]);
  expect(run()).toEqual([]);
});

test.for([
  ['package-lock.json', ['packages', 'filter']],
  ['package.json', ['packages']],
  ['asconfig.json', ['filter']],
  ['filter/view/json.ts', ['filter']],
  ['filter/index.test.ts', []],
  ['filter/proxy-wasm-as/host/host.ts', []],
] as const)('a change of %s needs %s', ([path, needed]) => {
  run();
  write(path, 'changed');
  expect(run()).toEqual(needed);
});

test('what is gone is made again', () => {
  run();
  rmSync(join(root, 'node_modules'), { recursive: true });
  rmSync(join(root, 'build', 'filter.wasm'));
  expect(run()).toEqual(['packages', 'filter']);
});

test('a step that failed is done again', () => {
  failing = 'asc';
  expect(run).toThrow('asc');
  failing = undefined;
  expect(existsSync(join(root, 'build', 'filter.wasm'))).toBe(false);
  expect(run()).toEqual(['filter', 'compile-cache']);
});

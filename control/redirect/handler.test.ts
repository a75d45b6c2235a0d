import { expect, test } from 'vitest';
import { isAlive } from '../../test/harness/process-tree.ts';
import { mostBytes, runHandler } from './handler.ts';
import { resultOf } from './result.ts';
import { Turns } from './turns.ts';

const run = (script: string, input = '', limitMs = 5_000) =>
  runHandler({
    handler: { profile: 'p', exec: ['/bin/sh', '-c', script], reason: '' },
    input,
    limitMs,
    guard: () => {},
  });

test('a handler gets its input on stdin and gives its output', async () => {
  expect(await run('read -r line; printf "<%s>" "$line"', 'hello\n')).toEqual({ output: Buffer.from('<hello>') });
});

test('a shell has no part in its arguments', async () => {
  const outcome = await runHandler({
    handler: { profile: 'p', exec: ['/bin/echo', '$HOME; true', '*'], reason: '' },
    ...{ input: '', limitMs: 5_000, guard: () => {} },
  });
  expect(outcome).toEqual({ output: Buffer.from('$HOME; true *\n') });
});

test.each([
  ['exit 4', 'exit code 4'],
  ['kill -TERM $$', 'SIGTERM'],
  ['sleep 30', 'no end within 200 ms'],
  // Its own end does not help while something of it holds stdout.
  ['sleep 30 & sleep 30', 'no end within 200 ms'],
  [`head -c ${mostBytes + 1} /dev/zero`, `over ${mostBytes} bytes of output`],
])('%s is no answer', async (script, failure) => {
  const limitMs = script.startsWith('sleep') ? 200 : 5_000;
  expect(await run(script, '', limitMs)).toEqual({ failure });
});

test('what a handler leaves behind ends with it', async () => {
  const start = performance.now();
  const outcome = await run('sleep 30 & echo $!');
  expect(performance.now() - start).toBeLessThan(4_000);
  const left = Number(String('output' in outcome && outcome.output));
  expect(left).toBeGreaterThan(0);
  await expect.poll(() => isAlive(left)).toBe(false);
});

test('a program that is not there is no answer', async () => {
  const handler = { profile: 'p', exec: ['/no/such/program'], reason: '' };
  const outcome = await runHandler({ handler, input: 'x', limitMs: 5_000, guard: () => {} });
  expect(outcome).toEqual({ failure: 'cannot be run: ENOENT' });
});

test.each([
  ['plain words\n', '{"content":[{"type":"text","text":"plain words"}],"isError":false}'],
  ['{"balance":17}', '{"content":[{"type":"text","text":"{\\"balance\\":17}"}],"isError":false}'],
  ['["a"]', '{"content":[{"type":"text","text":"[\\"a\\"]"}],"isError":false}'],
  // As it was written, to the letter.
  [' {"content": [], "n": 1.0 }\n', '{"content": [], "n": 1.0 }'],
  [
    '{"content":[{"type":"text","text":"x"}],"isError":true,"structuredContent":{}}',
    '{"content":[{"type":"text","text":"x"}],"isError":true,"structuredContent":{}}',
  ],
  ['', undefined],
  [' \n', undefined],
  ['{"content":"x"}', undefined],
  ['{"content":["x"]}', undefined],
  ['{"content":[],"isError":"no"}', undefined],
  ['{"content":[],"structuredContent":[]}', undefined],
])('the output %j is the result %j', (output, result) => {
  expect(resultOf(Buffer.from(output))).toBe(result);
});

test('what is not UTF-8 is no result', () => {
  expect(resultOf(Uint8Array.of(0x61, 0xff))).toBeUndefined();
});

test('so many run at once, some more wait, the rest is turned away', async () => {
  const turns = new Turns(2, 3);
  const gates: (() => void)[] = [];
  let most = 0;
  let running = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((go) => gates.push(go));
    running--;
    return 'done';
  };
  const all = Array.from({ length: 7 }, () => turns.take(work));
  expect(await Promise.all(all.slice(5))).toEqual([undefined, undefined]);
  for (let i = 0; i < 5; i++) {
    await expect.poll(() => gates.length).toBeGreaterThan(0);
    gates.shift()!();
  }
  expect(await Promise.all(all.slice(0, 5))).toEqual(Array(5).fill('done'));
  expect(most).toBe(2);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout } from '../harness/command.ts';
import { leaksIn } from '../harness/leak.ts';
import { cardNumber, githubToken } from '../harness/secret.ts';
import { playStory } from './story.ts';

test('the story goes as it is told', async () => {
  const told: string[] = [];
  const ending = await playStory({
    chapter: (title) => told.push(title),
    says: (speaker, text) => told.push(`${speaker}: ${text}`),
    waits: (text) => told.push(text),
  });
  expect(ending.passed).toMatchObject({ status: 200, requestsSeen: 1 });
  expect(ending.passed.body).toContain('Cold and clear.');
  expect(ending.leak).toMatchObject({ status: 403, requestsSeen: 0, rule: 'credential.github.token' });
  expect(JSON.parse(ending.leak.body)).toMatchObject({
    error: { type: 'penstock_block', code: 'credential.github.token' },
  });
  expect(ending.stream).toEqual({ words: ['Snow ', 'until ', 'noon, ', 'then ', 'sun.'], eventsHeldAhead: 0 });
  expect(ending.mcp).toEqual({ id: 7, code: -32001, rule: 'financial.payment-card.number', callsSeen: 1 });
  expect(ending.exit).toBe(0);
  expect(leaksIn(new Map([['what was told', told.join('\n')]]), [githubToken(), cardNumber])).toEqual([]);
});

test('npm run demo prints it and ends by itself within 20 s', async () => {
  const started = performance.now();
  const child = spawn(process.execPath, [join(checkout, 'test/demo/demo.ts')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const [exit] = (await once(child, 'close')) as [number | null];
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(performance.now() - started).toBeLessThan(20_000);
  for (const chapter of ['1. ', '2. ', '3. ', '4. ']) expect(stdout).toContain(`\n${chapter}`);
  expect(stdout).toContain('credential.github.token');
});

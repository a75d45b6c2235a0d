import { expect, test } from 'vitest';
import { keepRecords, type NumberedLine } from './records.ts';

const turn = () => new Promise((settle) => setImmediate(settle));

/** Records with a worker that is there or not, and what it got. */
function records() {
  const worker = { isThere: true, got: [] as number[][] };
  let full = 0;
  const kept = keepRecords(
    () => true,
    (lines: NumberedLine[]) => {
      if (worker.isThere) worker.got.push(lines.map(({ number }) => number));
      return worker.isThere;
    },
    () => full++,
  );
  return { worker, kept, full: () => full };
}

test('lines of one turn go in one message, and are forgotten when they are written', async () => {
  const { worker, kept } = records();
  kept.take('a');
  kept.take('b');
  await turn();
  kept.take('c');
  await turn();
  expect(worker.got).toEqual([[1, 2], [3]]);
  kept.heard({ type: 'written', number: 2 });
  expect(kept.waiting).toBe(1);
  kept.heard({ type: 'written', number: 3 });
  expect(kept.waiting).toBe(0);
});

test('a new worker gets all that is not known to be written', async () => {
  const { worker, kept } = records();
  kept.take('a');
  kept.take('b');
  await turn();
  kept.heard({ type: 'written', number: 1 });
  worker.isThere = false;
  kept.take('c');
  await turn();
  worker.isThere = true;
  kept.begin();
  expect(worker.got).toEqual([
    [1, 2],
    [2, 3],
  ]);
});

test('with no worker for long, what has no room is dropped, counted and told of', () => {
  const { worker, kept, full } = records();
  worker.isThere = false;
  for (let i = 0; i < 20_005; i++) kept.take('x');
  expect(kept).toMatchObject({ waiting: 20_000, dropped: 5 });
  expect(full()).toBe(5);
});

test('nothing is kept that nobody wants', () => {
  const kept = keepRecords(
    () => false,
    () => true,
    () => {},
  );
  kept.take('x');
  expect(kept.waiting).toBe(0);
});

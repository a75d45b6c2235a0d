import { expect, test } from 'vitest';
import { Keeper } from './keeper.ts';
import { approve, type Pins } from './pins.ts';
import { type PinStore, StoreError } from './store.ts';

/** A store in memory that can fail, and counts. */
class Memory implements PinStore {
  readonly place = 'memory';
  readonly maxBytes = 1_000_000;
  pins: Pins = new Map();
  reads = 0;
  writes = 0;
  failure: { read?: boolean; write?: boolean } = {};
  async read(): Promise<Pins> {
    this.reads++;
    if (this.failure.read) throw new StoreError('memory: cannot be read');
    return this.pins;
  }
  async update(change: (pins: Pins) => Pins | undefined): Promise<Pins> {
    if (this.failure.write) throw new StoreError('memory: cannot be written');
    // Nothing comes between reading and writing, as in a real store.
    const next = change(this.pins);
    if (next) this.writes++;
    this.pins = next ?? this.pins;
    return this.pins;
  }
}

function setUp() {
  const store = new Memory();
  const told: string[] = [];
  const keeper = new Keeper({
    store,
    firstSeen: () => 'trust',
    tell: (level, message) => told.push(`${level} ${message}`),
  });
  const standings = async (...tools: object[]) =>
    (await keeper.judge('mcp', JSON.stringify({ tools })))?.map(({ standing }) => standing);
  return { store, told, keeper, standings };
}

const echo = { name: 'echo', description: 'Says it again' };
const other = { name: 'other', description: 'Another' };
const changed = (i: number) => ({ ...echo, description: `number ${i}` });

test('what is trusted is on record before it is answered', async () => {
  const { store, standings } = setUp();
  expect(await standings(echo)).toEqual(['new']);
  expect(store.writes).toBe(1);
  expect(await standings(echo)).toEqual(['known']);
  expect(store.writes).toBe(1);
});

test('what cannot be put on record is held', async () => {
  const { store, told, standings } = setUp();
  store.failure.write = true;
  expect(await standings(echo, other)).toEqual(['held', 'held']);
  store.failure.write = false;
  expect(await standings(echo, other)).toEqual(['new', 'new']);
  expect(told).toEqual(['error memory: cannot be written; until then all tools are held', 'info memory: works again']);
});

test('where the store cannot be read all are held, those that were known too, and it is told once', async () => {
  const { store, told, standings } = setUp();
  await standings(echo);
  expect(await standings(echo)).toEqual(['known']);
  store.failure.read = true;
  for (let i = 0; i < 3; i++) expect(await standings(echo)).toEqual(['held']);
  expect(told).toHaveLength(1);
});

test('a server that changes with each list does not make a write each time', async () => {
  const { store, keeper, standings } = setUp();
  await standings(echo);
  const before = store.writes;
  for (let i = 0; i < 50; i++) expect(await standings(changed(i))).toEqual(['drifted']);
  const pins = await keeper.read();
  expect(store.writes - before).toBeLessThanOrEqual(2);
  // What was seen last waits for approval.
  expect(pins.get('mcp')?.tools.get('echo')?.seen).toContain('number 49');
  await keeper.update((now) => approve(now, { upstream: 'mcp', tool: 'echo' }, new Date(0)));
  expect(await standings(changed(49))).toEqual(['known']);
  expect(await standings(echo)).toEqual(['drifted']);
});

test('two pods that see a tool first at once agree on one pin', async () => {
  const { store, standings } = setUp();
  const second = new Keeper({ store, firstSeen: () => 'trust', tell: () => {} });
  const [one, two] = await Promise.all([
    standings(changed(1)),
    second
      .judge('mcp', JSON.stringify({ tools: [changed(2)] }))
      .then((sights) => sights?.map(({ standing }) => standing)),
  ]);
  expect([one, two].flat().sort()).toEqual(['drifted', 'new']);
});

test('a text without a list is no list, and what is no JSON is an error', async () => {
  const { keeper } = setUp();
  expect(await keeper.judge('mcp', '{}')).toBeUndefined();
  await expect(keeper.judge('mcp', '{')).rejects.toThrow(SyntaxError);
  await expect(keeper.judge('mcp', `{"tools":[${'['.repeat(200_000)}${']'.repeat(200_000)}]}`)).rejects.toThrow();
});

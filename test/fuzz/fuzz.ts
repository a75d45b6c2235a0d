// `npm run fuzz`: the scanner, the filter and the configuration reader on inputs that nobody thought of, until the time is over or one of them fails.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigTarget } from './config-target.ts';
import { FilterTarget } from './filter-target.ts';
import { JsonRpcTarget } from './json-rpc-target.ts';
import { Rounds } from './rounds.ts';
import { ScannerTarget } from './scanner-target.ts';
import { seedTexts } from './seeds.ts';
import { WebSocketTarget } from './websocket-target.ts';

const usage =
  'usage: npm run fuzz -- [--seconds 60] [--seed N] [--only scanner|filter|websocket|json-rpc|config] [--replay FILE]';
/** Short rounds: the pool grows between them. */
const runsOfRound = 500;
const maxRoundMilliseconds = 10_000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    only: { type: 'string' },
    replay: { type: 'string' },
  },
});
const seeds = seedTexts();
const all = [
  new ScannerTarget(),
  new FilterTarget(),
  new WebSocketTarget(),
  new JsonRpcTarget(),
  new ConfigTarget(),
].map((target) => new Rounds<unknown>(target, seeds));

async function fuzz(seconds: number, firstSeed: number): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  const chosen = all.filter(({ target }) => values.only === undefined || target.name === values.only);
  for (let seed = firstSeed; chosen.length > 0 && Date.now() < end; seed++) {
    for (const rounds of chosen) {
      const milliseconds = Math.min(Math.max(1, end - Date.now()), maxRoundMilliseconds);
      const failure = await rounds.run({ seed, runs: runsOfRound, milliseconds });
      if (!failure) continue;
      console.error(`${rounds.target.name}: failed in the round of seed ${seed}, of a run from seed ${firstSeed}`);
      console.error(failure.message);
      console.error(`again: npm run fuzz -- --replay ${failure.file}`);
      return false;
    }
  }
  for (const { target, runs, reached, poolSize } of chosen)
    console.log(`${target.name}: ${runs} inputs, ${reached.size} things reached, ${poolSize} texts in the pool`);
  console.log(`seed ${firstSeed}: nothing failed in ${seconds} s`);
  return true;
}

/** Checks the input of a file; its name begins with the target's. */
async function replay(file: string): Promise<void> {
  const rounds = all.find(({ target }) => basename(file).startsWith(`${target.name}-`));
  if (!rounds) throw new Error(`${file}: no target is called so`);
  await rounds.replay(readFileSync(file, 'utf8'));
  console.log(`${file}: does not fail`);
}

const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
if (!(seconds > 0) || !Number.isInteger(seed)) {
  console.error(usage);
  process.exitCode = 2;
} else if (values.replay !== undefined) await replay(values.replay);
else if (!(await fuzz(seconds, seed))) process.exitCode = 1;

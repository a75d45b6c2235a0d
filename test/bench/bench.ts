/**
 * The bench: figures of this machine beside the bars that must hold.
 *
 *   node test/bench/bench.ts [--only NAME]… [--long]
 *
 * Exits with 1 where a bar is missed, 2 where an argument is wrong. Parts that start a gateway run where no packet can
 * leave the machine (test/isolate.ts).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { whyNotIsolated } from '../harness/isolated.ts';
import { ablation } from './ablation.ts';
import { adversarial } from './adversarial.ts';
import { answers } from './answers.ts';
import { mcp } from './mcp.ts';
import { memory } from './memory.ts';
import { names } from './names.ts';
import { proxy } from './proxy.ts';
import { receipts } from './receipts.ts';
import { format, isMet, type Part } from './report.ts';
import { scanner } from './scanner.ts';
import { sessionsPart } from './sessions.ts';
import { sockets } from './sockets.ts';
import { table } from './table.ts';
import { tunnels } from './tunnels.ts';

const parts: Part[] = [
  scanner,
  table,
  adversarial,
  proxy,
  ablation,
  answers,
  mcp,
  receipts,
  tunnels,
  sockets,
  names,
  sessionsPart,
  memory,
];

function readArguments(): { chosen: Part[]; long: boolean } {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, long: { type: 'boolean' } } });
  const names = values.only ?? parts.map((part) => part.name);
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    const known = parts.map(({ name, about }) => `\n  ${name.padEnd(12)} ${about}`).join('');
    throw new RangeError(`--only: "${unknown.join('", "')}" is no part; write one of${known}`);
  }
  return { chosen: parts.filter((part) => names.includes(part.name)), long: values.long ?? false };
}

/** Runs this bench again in a network namespace of its own; gives its exit code. */
async function runIsolated(): Promise<number> {
  const isolate = join(import.meta.dirname, '../isolate.ts');
  const child = spawn(process.execPath, [isolate, '--', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

async function run(chosen: Part[], long: boolean): Promise<number> {
  const start = performance.now();
  const missed: string[] = [];
  for (const part of chosen) {
    for (const report of await part.run({ long })) {
      process.stdout.write(`${format(report)}\n`);
      for (const row of report.rows) if (row.bar?.met === false) missed.push(`${part.name}: ${row.cells[0]}`);
      if (!isMet(report)) process.exitCode = 1;
    }
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  process.stdout.write(`${missed.length === 0 ? 'every bar holds' : `MISSED: ${missed.join('; ')}`} (${seconds} s)\n`);
  return missed.length === 0 ? 0 : 1;
}

try {
  const { chosen, long } = readArguments();
  const isIsolated = !chosen.some((part) => part.needsIsolation) || (await whyNotIsolated()) === undefined;
  process.exitCode = isIsolated ? await run(chosen, long) : await runIsolated();
} catch (error) {
  const isUsage = error instanceof RangeError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`bench: ${isUsage ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = isUsage ? 2 : 1;
}

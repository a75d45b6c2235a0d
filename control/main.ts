/** The command line: arguments in, exit code out (0 done, 1 failed, 2 bad configuration or usage). */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { parseListen, parseUpstream, type RunOptions, StartError } from './serve/options.ts';
import type { PinOptions } from './serve/pin-commands.ts';

/**
 * Each of Envoy's workers holds its own copy of the filter and its tables (some 15 MB), and two of them fill a gigabit:
 * more than four only by --concurrency.
 */
const mostWorkersByDefault = 4;

/** An image names one that it can write to. */
const stateDirectory = process.env.PENSTOCK_STATE_DIR || '.penstock';

const program = new Command('penstock')
  .description('Egress gateway for AI assistants')
  .version('0.1.0')
  .showHelpAfterError('(penstock --help shows the commands)')
  .exitOverride();

function withGatewayOptions(command: Command): Command {
  return command
    .option('--config <file>', 'pipelock.yaml (default: intercept TLS, mode balanced)')
    .option(
      '--listen <address>',
      'forward proxy, ADDRESS:PORT',
      (text: string) => parseListen(text, '--listen'),
      parseListen('127.0.0.1:8888', ''),
    )
    .option(
      '--mcp-listen <address>',
      'MCP reverse proxy, ADDRESS:PORT',
      (text: string) => parseListen(text, '--mcp-listen'),
      parseListen('127.0.0.1:8889', ''),
    )
    .option('--mcp-upstream <url>', 'where the MCP reverse proxy leads', (text: string) => parseUpstream(text).href)
    .option('--state-dir <directory>', 'CA, pins, and what Envoy reads ($PENSTOCK_STATE_DIR)', stateDirectory)
    .option('--pins-config-map <name>', 'the ConfigMap of pins.store: configMap', 'penstock-pins')
    .option(
      '--concurrency <threads>',
      "Envoy's worker threads",
      parseThreads,
      Math.min(availableParallelism(), mostWorkersByDefault),
    );
}

withGatewayOptions(program.command('run').description('run the gateway'))
  .option('--log-format <format>', 'text or json (default: logging.format, else text on a terminal)', parseLogFormat)
  .action(async (options: Parsed) => {
    const { supervise } = await import('./serve/supervise.ts');
    process.exitCode = await supervise(runOptions(options));
  });

withGatewayOptions(program.command('render').description("print pipelock.yaml and Envoy's files"))
  .option('--values <file>', "Helm values instead of --config: what the chart writes, with the chart's addresses")
  .option('--output <directory>', 'write them there instead')
  .action(async ({ output, values, ...options }: Parsed & { output?: string; values?: string }) => {
    const { renderFiles } = await import('./serve/inspect.ts');
    renderFiles(runOptions(options), output, values);
  });

program
  .command('check')
  .description('say what becomes of each key of a pipelock.yaml, and report every problem of it or of Helm values')
  .argument('<file>')
  .option('--values', 'the file holds Helm values, whatever it looks like')
  .option('--all', 'say what becomes of the keys that are left out, too')
  .action(async (file: string, options: { values?: boolean; all?: boolean }) => {
    const { checkFile } = await import('./serve/inspect.ts');
    checkFile(file, options.values === true, options.all === true);
  });

program
  .command('trace')
  .description('run one message through the filter and print the stage log')
  .argument('<file>', 'a Markdown file as in test/stream')
  .action(async (file: string) => {
    const [{ traceMessage }, { readFile }] = await Promise.all([
      import('./serve/trace.ts'),
      import('node:fs/promises'),
    ]);
    const text = await readFile(file, 'utf8').catch((error: Error) => {
      throw new StartError([`${file}: ${error.message}; give a Markdown file as in test/stream`]);
    });
    process.stdout.write(await traceMessage(text, file));
  });

program
  .command('ca')
  .description('print the CA, made on first use')
  .option('--bundle', "the system's roots and the CA, for clients that take one file")
  .option('--config <file>', 'pipelock.yaml, where it names the CA')
  .option('--state-dir <directory>', 'where the CA is', stateDirectory)
  .action(async (options: { bundle?: boolean; config?: string; stateDir: string }) => {
    const { printAuthority } = await import('./serve/inspect.ts');
    await printAuthority({
      config: options.config,
      stateDirectory: options.stateDir,
      bundled: options.bundle === true,
    });
  });

program
  .command('receipts')
  .description('look at receipts')
  .command('verify')
  .description('say which lines of receipts were changed, are missing or out of order')
  .argument('<file...>', 'files of one chain, in any order')
  .option('--key <file>', 'the public key (default: receipts.pub beside the first file)')
  .action(async (files: string[], options: { key?: string }) => {
    const { verifyReceipts } = await import('./serve/inspect.ts');
    process.exitCode = verifyReceipts(files, options.key);
  });

const pins = program
  .command('pins')
  .description('approved tool definitions of MCP servers, and what differs from them');

/** A command of `pins`: it prints what `run` gives. */
function pinsCommand(
  name: string,
  about: string,
  run: (tools: string[], options: PinOptions & PinFlags) => Promise<string>,
) {
  return pins
    .command(name)
    .description(about)
    .option(
      '--state-dir <directory>',
      "the gateway's, which is asked where it runs ($PENSTOCK_STATE_DIR)",
      stateDirectory,
    )
    .action(async (...given: unknown[]) => {
      const { stateDir, ...flags } = given.at(-2) as PinFlags & { stateDir: string };
      const tools = given.slice(0, -2).flat() as string[];
      // https://no-color.org
      const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
      process.stdout.write(await run(tools, { ...flags, stateDirectory: stateDir, isColoured }));
    });
}

interface PinFlags {
  all?: boolean;
  digest?: string;
}

const pinCommands = () => import('./serve/pin-commands.ts');
pinsCommand('list', 'all tools that were seen, and which of them wait for approval', async (_, options) =>
  (await pinCommands()).listPins(options),
);
pinsCommand('show <tool>', 'the approved definition of a tool', async ([tool], options) =>
  (await pinCommands()).showTool(tool!, options),
);
pinsCommand('diff <tool>', 'what has changed since a tool was pinned', async ([tool], options) =>
  (await pinCommands()).diffTool(tool!, options),
);
pinsCommand('approve [tools...]', 'let what was seen last pass', async (tools, { all = false, digest, ...options }) =>
  (await pinCommands()).approveTools(tools, { ...options, all, digest }),
)
  .option('--all', 'every tool that waits')
  .option('--digest <digest>', 'only if this is what was seen last; diff prints it');
pinsCommand('revoke <tools...>', 'hold tools until they are approved again', async (tools, options) =>
  (await pinCommands()).revokeTools(tools, options),
);
pinsCommand('export', 'print all pins', async (_, options) => (await pinCommands()).exportPins(options));
pinsCommand('import <file>', 'take over the pins of an export; - reads stdin', async ([file], options) =>
  (await pinCommands()).importPins(file!, options),
);

interface Parsed {
  config?: string;
  listen: RunOptions['listen'];
  mcpListen: RunOptions['mcpListen'];
  mcpUpstream?: string;
  stateDir: string;
  pinsConfigMap: string;
  concurrency: number;
  logFormat?: RunOptions['logFormat'];
}

function runOptions({ stateDir, logFormat, ...rest }: Parsed): RunOptions {
  return { ...rest, stateDirectory: stateDir, ...(logFormat && { logFormat }) };
}

function parseThreads(text: string): number {
  const threads = Number(text);
  // Envoy takes more; a number past this is a slip.
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw new StartError([`--concurrency: "${text}" is not a number of threads; write one from 1 to 256`]);
  }
  return threads;
}

function parseLogFormat(text: string): 'text' | 'json' {
  if (text === 'text' || text === 'json') return text;
  throw new StartError([`--log-format: "${text}" is not a format; write text or json`]);
}

async function exitCodeOf(error: unknown): Promise<number> {
  const { code, exitCode } = error as { code?: unknown; exitCode?: number };
  // commander has printed what there was to say; help and version are no errors.
  if (typeof code === 'string' && code.startsWith('commander.')) return exitCode === 0 ? 0 : 2;
  const { explainStart } = await import('./serve/explain.ts');
  const text = explainStart(error);
  if (text === undefined) throw error;
  process.stderr.write(`${text}\n`);
  return 2;
}

if (import.meta.main) {
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = await exitCodeOf(error);
  }
}

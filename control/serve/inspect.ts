/** The commands that look and start nothing: render, check, ca. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle, findSystemRoots } from '../certs/bundle.ts';
import { openAuthority } from '../certs/ca.ts';
import { formatKeyTable, tableOfKeys } from '../config/key-table.ts';
import { ConfigError, formatNotice } from '../config/problem.ts';
import { readConfig } from '../config/read.ts';
import { verifyFiles } from '../receipts/verify.ts';
import { checkValues, looksLikeValues } from '../values/read.ts';
import { assemble, type ConfigSource, configSource, readText } from './assemble.ts';
import { load } from './load.ts';
import { type RunOptions, StartError } from './options.ts';
import { stateLayout } from './plan.ts';

/**
 * Prints pipelock.yaml as used and Envoy's files, each under a line with its name; or writes them to a directory.
 * @param valuesFile Helm values instead of a pipelock.yaml: what the chart writes, with the chart's addresses
 */
export function renderFiles(options: RunOptions, output: string | undefined, valuesFile?: string): void {
  const { settled, source } = valuesFile === undefined ? { settled: options } : fromValues(options, valuesFile);
  const { configText, files, notices } = assembleFor(settled, source);
  for (const notice of notices) process.stderr.write(`${notice}\n`);
  const named: [name: string, text: string][] = [
    ['pipelock.yaml', configText],
    ['bootstrap.yaml', files.bootstrap],
    ['listeners.yaml', files.listeners],
    ['clusters.yaml', files.clusters],
    ['filter.yaml', files.filter],
  ];
  if (output === undefined) {
    // YAML documents of one stream, so that the whole can be read by machine too.
    for (const [name, text] of named) process.stdout.write(`--- # ${name}\n${text.trimEnd()}\n`);
    return;
  }
  mkdirSync(output, { recursive: true });
  for (const [name, text] of named) writeFileSync(join(output, name), text);
}

function assembleFor(options: RunOptions, source?: ConfigSource) {
  return assemble(options, stateLayout(resolve(options.stateDirectory)), process.env, undefined, source);
}

/** What the chart makes of a values file: the configuration, and the options that it starts the gateway with. */
function fromValues(options: RunOptions, file: string): { settled: RunOptions; source: ConfigSource } {
  const { read } = checkValues(readText(file, 'give the path of a Helm values file'), file);
  if (!read.hasGateway)
    throw new StartError([`${file}: pipelock.enabled: is false, so the chart writes no pipelock.yaml`]);
  const { pipelockYaml, ports, mcpUpstream } = read;
  const at = (port: number) => ({ address: '0.0.0.0', port });
  const addresses = { listen: at(ports.proxy), mcpListen: at(ports.mcp) };
  return {
    settled: { ...options, ...addresses, ...(mcpUpstream !== '' && { mcpUpstream }) },
    source: { text: pipelockYaml, place: 'pipelock.yaml' },
  };
}

/**
 * Prints what becomes of each key, and the notices; then that all is well, or throws every problem. All stages run, with
 * the options of `run` at their defaults, so that the guard has its say too.
 * @param asValues the file holds Helm values whatever it looks like
 * @param all the keys that are left out as well
 */
export function checkFile(file: string, asValues: boolean, all: boolean): void {
  const options: RunOptions = {
    config: file,
    listen: { address: '127.0.0.1', port: 8888 },
    mcpListen: { address: '127.0.0.1', port: 8889 },
    stateDirectory: '.penstock',
    pinsConfigMap: 'penstock-pins',
    concurrency: 1,
  };
  const text = readText(file, 'give the path of a pipelock.yaml or of a Helm values file');
  const notices =
    asValues || looksLikeValues(text) ? checkAsValues(text, options, all) : checkConfig(text, options, all);
  for (const notice of notices) process.stdout.write(`${notice}\n`);
  process.stdout.write(`${file}: no problems\n`);
}

function checkConfig(text: string, options: RunOptions, all: boolean, source?: ConfigSource): string[] {
  const print = (said: Parameters<typeof tableOfKeys>[1]) =>
    process.stdout.write(formatKeyTable(tableOfKeys(text, said, all)));
  try {
    const { notices } = load(text, source?.place ?? options.config!, process.env);
    print({ problems: [], notices });
  } catch (error) {
    if (error instanceof ConfigError) print({ problems: error.problems, notices: [] });
    throw error;
  }
  return assembleFor(options, source).notices;
}

function checkAsValues(text: string, options: RunOptions, all: boolean): string[] {
  const { read, notices } = checkValues(text, options.config!);
  if (!read.hasGateway) return [`${options.config}: the gateway is not enabled`];
  checkConfig(read.pipelockYaml, options, all, { text: read.pipelockYaml, place: 'pipelock.yaml' });
  return notices.map(formatNotice);
}

/** Prints the CA's certificate, or the system's roots and it. A CA in the state directory is made where there is none. */
export async function printAuthority(options: {
  config: string | undefined;
  stateDirectory: string;
  bundled: boolean;
}): Promise<void> {
  const { text, place } = configSource(options.config);
  const { ca_cert, ca_key } = readConfig(text, place).config.tls_interception;
  const layout = stateLayout(resolve(options.stateDirectory));
  const authority = await openAuthority({
    certFile: ca_cert || layout.certFile,
    keyFile: ca_key || layout.keyFile,
    create: ca_cert === '' && ca_key === '',
  });
  process.stdout.write(
    options.bundled ? bundle(authority, findSystemRoots(process.env)) : authority.certificate.toString(),
  );
}

/** Prints what is wrong with files of receipts; gives the exit code. */
export function verifyReceipts(files: readonly string[], keyFile: string | undefined): number {
  let verified: ReturnType<typeof verifyFiles>;
  try {
    verified = verifyFiles(files, keyFile);
  } catch (error) {
    throw new StartError([(error as Error).message]);
  }
  const { receipts, last, problems, notices } = verified;
  for (const line of [...problems, ...notices]) process.stdout.write(`${line}\n`);
  process.stdout.write(`${receipts} receipts are as they were written; the last is ${last}\n`);
  return problems.length === 0 ? 0 : 1;
}

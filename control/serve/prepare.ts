/**
 * All that happens before something is started, in a process that ends afterwards: the stages, Envoy's files, the CA,
 * the ports. Run as `node prepare.ts OPTIONS RECOVERED`, JSON both; prints the Plan as one line of JSON, or every problem
 * on stderr and exits with 2.
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { findEnvoy } from '../../envoy/find.ts';
import { openAuthority } from '../certs/ca.ts';
import type { ListenAddress } from '../policy/policy.ts';
import { type Assembly, assemble } from './assemble.ts';
import { envoyLogFormat } from './event.ts';
import { explainStart } from './explain.ts';
import { formatAddress, type RunOptions, StartError } from './options.ts';
import { type Plan, stateLayout } from './plan.ts';

/** How long the ports of a gateway that was killed are waited for: its Envoy is ended by its guard within milliseconds. */
const recoveryMs = 4_000;

/** Envoy's own bound on a drain; the supervisor ends it earlier (drain.ts). */
const drainSeconds = 30;

/**
 * Prepares a start.
 * @param recovered a gateway before this one was killed, and its ports may need a moment
 * @throws StartError, ConfigError, RuleError, SystemRootsError, AuthorityError, EnvoyError
 */
export async function prepare(options: RunOptions, recovered: boolean, env: NodeJS.ProcessEnv): Promise<Plan> {
  const layout = stateLayout(resolve(options.stateDirectory));
  const [proxy, mcp] = await claimPorts(options, recovered ? recoveryMs : 0);
  const settled = { ...options, listen: proxy, mcpListen: mcp };
  const { config, policy, files, notices } = assemble(settled, layout, env, layout.tableDirectory);
  requireFilter(layout.filterWasm);

  const { ca_cert, ca_key } = config.tls_interception;
  const certFile = ca_cert || layout.certFile;
  const keyFile = ca_key || layout.keyFile;
  if (policy.tls.intercept) await openAuthority({ certFile, keyFile, create: ca_cert === '' && ca_key === '' });

  const envoy = await findEnvoy({ env, log: (line) => process.stderr.write(`penstock: ${line}\n`) });
  writeFiles(files, layout);
  return {
    runtime: layout,
    envoy: { ...envoy, args: envoyArguments(join(layout.directory, 'bootstrap.yaml'), options.concurrency) },
    listeners: (parseDocument(files.listeners).toJS() as { resources: unknown[] }).resources.length,
    listen: { proxy, mcp },
    mcpUpstream: options.mcpUpstream,
    mode: policy.mode,
    authority: policy.tls.intercept
      ? { certFile, keyFile, leafTtlSeconds: policy.tls.leafTtlSeconds, maxLeaves: policy.tls.maxLeaves }
      : undefined,
    destinations: { allowed: policy.destinations.allowed, blocked: policy.destinations.blocked },
    notices,
  };
}

function envoyArguments(bootstrap: string, concurrency: number): string[] {
  return [
    ...['--config-path', bootstrap],
    // Shared memory is not there on a read-only root, and nothing restarts hot.
    '--disable-hot-restart',
    ...['--concurrency', String(concurrency)],
    // A refusal is read in the log when it happens; Envoy's own interval is 10 s.
    ...['--file-flush-interval-msec', '100'],
    // The filter reports findings at info; event.ts drops what else is below warning.
    ...['--log-level', 'warning', '--component-log-level', 'wasm:info', '--log-format', envoyLogFormat],
    // Every answer during a drain says that the connection ends.
    ...['--drain-time-s', String(drainSeconds), '--drain-strategy', 'immediate'],
  ];
}

/** Both addresses, with a port chosen for 0. They are free when this returns; Envoy takes them a moment later. */
async function claimPorts(options: RunOptions, patienceMs: number): Promise<[ListenAddress, ListenAddress]> {
  const wanted = [
    { option: '--listen', listen: options.listen },
    { option: '--mcp-listen', listen: options.mcpListen },
  ];
  const deadline = performance.now() + patienceMs;
  const servers: Server[] = [];
  const problems: string[] = [];
  const claimed: ListenAddress[] = [];
  for (const { option, listen } of wanted) {
    let result = await tryPort(listen);
    while (result.problem?.code === 'EADDRINUSE' && performance.now() < deadline) {
      await new Promise((settle) => setTimeout(settle, 100));
      result = await tryPort(listen);
    }
    if (result.problem) problems.push(`${option}: ${formatAddress(listen)}: ${portProblem(result.problem, option)}`);
    servers.push(result.server);
    claimed.push({ ...listen, port: result.port });
  }
  await Promise.all(servers.map((server) => new Promise((settle) => server.close(settle))));
  if (problems.length > 0) throw new StartError(problems);
  return claimed as [ListenAddress, ListenAddress];
}

interface PortTrial {
  server: Server;
  port: number;
  problem?: NodeJS.ErrnoException;
}

function tryPort({ address, port }: ListenAddress): Promise<PortTrial> {
  const server = createServer();
  return new Promise((settle) => {
    server.once('error', (problem) => settle({ server, port, problem }));
    server.listen({ host: address, port, exclusive: true, ipv6Only: false }, () => {
      const bound = server.address();
      settle({ server, port: typeof bound === 'object' && bound ? bound.port : port });
    });
  });
}

function portProblem({ code, message }: NodeJS.ErrnoException, option: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `the port is in use; end the program that listens there, or give ${option} another`;
    case 'EADDRNOTAVAIL':
      return `this machine has no such address; give ${option} one of its own, such as 127.0.0.1`;
    case 'EACCES':
      return `this user may not listen there; give ${option} a port above 1023`;
    default:
      return `${message}; give ${option} another address`;
  }
}

function requireFilter(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return;
  throw new StartError([`${file}: the compiled filter is missing; run: node setup.mjs`]);
}

function writeFiles(files: Assembly['files'], layout: ReturnType<typeof stateLayout>): void {
  const { directory, filterDirectory } = layout;
  try {
    // What a killed gateway left; its lock, which is ours by then, stays.
    for (const name of readdirSync(directory)) {
      if (join(directory, name) !== layout.lockSocket) rmSync(join(directory, name), { recursive: true, force: true });
    }
    mkdirSync(filterDirectory, { mode: 0o700 });
    for (const [path, text] of [
      [join(directory, 'bootstrap.yaml'), files.bootstrap],
      [join(directory, 'listeners.yaml'), files.listeners],
      [join(directory, 'clusters.yaml'), files.clusters],
      [join(filterDirectory, 'filter.yaml'), files.filter],
    ] as const) {
      writeFileSync(path, text, { mode: 0o600 });
    }
  } catch (error) {
    throw new StartError([`--state-dir: ${(error as Error).message}; choose a directory that this user can write to`]);
  }
}

if (import.meta.main) {
  const [options, recovered] = process.argv.slice(2);
  try {
    const plan = await prepare(JSON.parse(options!) as RunOptions, recovered === 'true', process.env);
    process.stdout.write(`${JSON.stringify(plan)}\n`);
  } catch (error) {
    const text = explainStart(error);
    if (text === undefined) throw error;
    process.stderr.write(`${text}\n`);
    process.exitCode = 2;
  }
}

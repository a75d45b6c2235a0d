/**
 * All that happens before something is started, in a process that ends afterwards: the stages, Envoy's files, the CA,
 * the ports. Run as `node prepare.ts OPTIONS WHEN`, JSON and a word; prints the Plan as one line of JSON, or every problem
 * on stderr and exits with 2. WHEN is "start"; "recover" where a gateway before this one was killed; "reload" where one is
 * running, whose ports OPTIONS name: then the files are put beside those in use (apply.ts). Long, since what may go wrong
 * before a start is told here, all at once.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { findEnvoy } from '../../envoy/find.ts';
import { openAuthority } from '../certs/ca.ts';
import { emitPlan } from '../emit/plan.ts';
import type { ListenAddress } from '../policy/policy.ts';
import { bothClusters, nextDirectory } from './apply.ts';
import { type Assembly, assemble } from './assemble.ts';
import { envoyLogFormat } from './event.ts';
import { explainStart } from './explain.ts';
import { handlersOf, requireHandlers } from './handlers.ts';
import { healthFacts } from './health.ts';
import { formatAddress, parseListen, type RunOptions, StartError } from './options.ts';
import { requireLogFile } from './output.ts';
import { pinsOf } from './pin-place.ts';
import { type Plan, stateLayout } from './plan.ts';
import { receiptPlan } from './receipts.ts';
import { stopPlan, writeStopFiles } from './stop-files.ts';

/** How long the ports of a gateway that was killed are waited for: its Envoy is ended by its guard within milliseconds. */
const recoveryMs = 4_000;

/**
 * How long a connection of a listener that a reload replaced may go on: as long as an event stream may be silent
 * (envoy/egress.yaml). Its answers say that it ends, so only what is under way stays. The end of the gateway is bounded by
 * the supervisor (drain.ts).
 */
const drainSeconds = 3_600;

export type When = 'start' | 'recover' | 'reload';

/**
 * Prepares a start or a reload.
 * @throws StartError, ConfigError, RuleError, SystemRootsError, AuthorityError, EnvoyError
 */
export async function prepare(options: RunOptions, when: When, env: NodeJS.ProcessEnv): Promise<Plan> {
  if (when === 'reload') offerMemory();
  const layout = stateLayout(resolve(options.stateDirectory));
  const [proxy, mcp] =
    when === 'reload'
      ? [options.listen, options.mcpListen]
      : await claimPorts(options, when === 'recover' ? recoveryMs : 0);
  const settled = { ...options, listen: proxy, mcpListen: mcp };
  const { config, policy, files, notices } = assemble(settled, layout, env, layout.tableDirectory);
  requireFilter(layout.filterWasm);
  requireLogFile(config.logging);
  requireHandlers(config);

  const { ca_cert, ca_key } = config.tls_interception;
  const certFile = ca_cert || layout.certFile;
  const keyFile = ca_key || layout.keyFile;
  const opened = policy.tls.intercept
    ? await openAuthority({ certFile, keyFile, create: ca_cert === '' && ca_key === '' })
    : undefined;

  const envoy = await findEnvoy({ env, log: (line) => process.stderr.write(`penstock: ${line}\n`) });
  if (when === 'reload') writeNext(files, layout);
  else writeFiles(files, layout);
  if (policy.stop) writeStopFiles(policy.stop.allowed, layout);
  const { upstream_ca_file } = config.tls_interception;
  const sources = [
    options.config ?? '',
    ca_cert,
    ca_key,
    upstream_ca_file,
    config.dlp.secrets_file,
    config.mcp_auth.token_file,
  ];
  return {
    runtime: layout,
    envoy: { ...envoy, args: envoyArguments(join(layout.directory, 'bootstrap.yaml'), options.concurrency) },
    listeners: resourcesOf(files.listeners).length,
    listenerDigests: digestsOf(files.listeners),
    sources: sources.filter((file) => file !== ''),
    listen: { proxy, mcp },
    mcpUpstream: options.mcpUpstream,
    mcpUpstreams: config.mcp_upstreams,
    mode: policy.mode,
    authority: opened
      ? { certFile, keyFile, id: opened.id, leafTtlSeconds: policy.tls.leafTtlSeconds, maxLeaves: policy.tls.maxLeaves }
      : undefined,
    emit: emitPlan(config.emit, env),
    stop: stopPlan(config.kill_switch, config.flight_recorder.require_receipts, env),
    metricsListen: config.metrics_listen === '' ? undefined : parseListen(config.metrics_listen, 'metrics_listen'),
    receipts: receiptPlan(config.flight_recorder, layout.receiptKeyFile),
    logging: {
      format: config.logging.format,
      output: config.logging.output,
      file: config.logging.file,
      includesAllowed: config.logging.include_allowed,
      includesBlocked: config.logging.include_blocked,
    },
    watchdog: {
      silentSeconds: config.health_watchdog.interval_seconds,
      replaces: config.health_watchdog.enabled,
      tellsSubsystems: config.health_watchdog.expose_subsystems,
    },
    health: healthFacts(config, policy),
    pins: pinsOf(config, options),
    handlers: handlersOf(config),
    destinations: { allowed: policy.destinations.allowed, blocked: policy.destinations.blocked },
    webSocketHosts: policy.webSocket.servesUrlForm ? config.forward_proxy.redirect_websocket_hosts : [],
    notices,
  };
}

/** Where memory runs out beside a running gateway, the kernel takes this process: the last good configuration stays in use. */
function offerMemory(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not on Linux.
  }
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

/** The files of a reload, beside those in use. Clusters are written twice: with those of the running configuration, and without. */
function writeNext(files: Assembly['files'], layout: ReturnType<typeof stateLayout>): void {
  const next = nextDirectory(layout);
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { mode: 0o700 });
  const wanted = resourcesOf(files.clusters);
  const names = new Set(wanted.map(({ name }) => name));
  const running = resourcesOf(readFileSync(join(layout.directory, 'clusters.yaml'), 'utf8'));
  const leaving = running.filter(({ name }) => !names.has(name));
  // Where none leaves, the file is the wanted one to the letter, and is not handed over twice.
  const both =
    leaving.length === 0
      ? files.clusters
      : stringify({ resources: [...wanted, ...leaving] }, { aliasDuplicateObjects: false, lineWidth: 0 });
  for (const [name, text] of [
    ['listeners.yaml', files.listeners],
    ['clusters.yaml', files.clusters],
    [bothClusters, both],
    ['filter.yaml', files.filter],
  ] as const) {
    writeFileSync(join(next, name), text, { mode: 0o600 });
  }
}

function digestsOf(listeners: string): Record<string, string> {
  const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
  return Object.fromEntries(resourcesOf(listeners).map((listener) => [listener.name, digest(listener)]));
}

function resourcesOf(text: string): { name: string }[] {
  return (parse(text) as { resources: { name: string }[] }).resources;
}

if (import.meta.main) {
  const [options, when] = process.argv.slice(2);
  try {
    const plan = await prepare(JSON.parse(options!) as RunOptions, when as When, process.env);
    process.stdout.write(`${JSON.stringify(plan)}\n`);
  } catch (error) {
    const text = explainStart(error);
    if (text === undefined) throw error;
    process.stderr.write(`${text}\n`);
    process.exitCode = 2;
  }
}

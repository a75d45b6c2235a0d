/** A gateway under test as a child process. Long, since everything that a test asks of one is asked here. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { checkout, cleanEnvironment } from './command.ts';
import { type Expected, holds, LogCollector, type LogLine } from './log.ts';
import { descendants, isAlive, type ProcessEntry } from './process-tree.ts';
import type { Endpoint, Route } from './tunnel.ts';
import { waitFor } from './wait.ts';

/** A start takes 1 to 3 s; a machine that runs other tests beside it is much slower. */
const readyMillis = 60_000;
/** Compiled tables, kept from one gateway under test to the next. */
const tables = join(checkout, 'build/tables');
/** The gateway drains before it exits. */
const stopMillis = 20_000;

export interface GatewayOptions {
  /** Text of pipelock.yaml; left out: no --config. */
  configuration?: string | undefined;
  mcpUpstream?: string | undefined;
  /** The default is a new folder, removed by stop(). */
  stateDir?: string | undefined;
  /** Ports of 127.0.0.1 to listen on; the default is two free ones. */
  ports?: { proxy: number; mcp: number };
  /** More arguments for `run`. */
  more?: string[];
  env?: NodeJS.ProcessEnv;
  /** Another checkout than the tested one. */
  root?: string;
}

/** The gateway ended before it was ready. */
export class GatewayFailed extends Error {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;

  constructor(exit: number, stdout: string, stderr: string) {
    super(`gateway exited with ${exit} before it was ready\n${stderr}\n${stdout}`);
    this.exit = exit;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** A running gateway: `penstock run` as a child process. */
export class Gateway {
  readonly proxy: Endpoint;
  readonly mcp: Endpoint;
  readonly stateDir: string;
  readonly log = new LogCollector();
  stderr = '';
  private readonly child: ChildProcess;
  private readonly folder: string;
  private readonly seen = new Set<number>();
  /** The exit code once it has ended; a signal's number plus 128 when one ended it. */
  exit: number | undefined;

  private constructor(child: ChildProcess, proxy: Endpoint, mcp: Endpoint, stateDir: string, folder: string) {
    this.child = child;
    this.proxy = proxy;
    this.mcp = mcp;
    this.stateDir = stateDir;
    this.folder = folder;
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.log.feed(chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk;
    });
    child.once('exit', (code, signal) => {
      this.exit = code ?? 128 + (signal === 'SIGKILL' ? 9 : 15);
    });
  }

  /** Starts a gateway and resolves when it says that it is ready and /health answers 200. Throws GatewayFailed when it ends before. */
  static async start(options: GatewayOptions = {}): Promise<Gateway> {
    const gateway = await Gateway.launch(options);
    try {
      const isReady = async (): Promise<boolean> =>
        gateway.logged({ event: 'ready' }).length > 0 && (await gateway.isHealthy());
      await waitFor('the gateway to be ready', () => gateway.exit !== undefined || isReady(), readyMillis);
    } catch (error) {
      await gateway.destroy();
      throw new Error(`${(error as Error).message}\n${gateway.stderr}\n${gateway.log.text}`);
    }
    if (gateway.exit !== undefined) {
      const failed = new GatewayFailed(gateway.exit, gateway.log.text, gateway.stderr);
      await gateway.destroy();
      throw failed;
    }
    gateway.processes();
    return gateway;
  }

  /** Starts a gateway without waiting for it. */
  static async launch(options: GatewayOptions): Promise<Gateway> {
    const root = options.root ?? checkout;
    const folder = mkdtempSync(join(tmpdir(), 'penstock-gateway-'));
    const stateDir = options.stateDir ?? join(folder, 'state');
    if (options.stateDir === undefined) {
      mkdirSync(stateDir);
      // Compiling takes seconds, and most scenarios have the same rules.
      mkdirSync(tables, { recursive: true, mode: 0o700 });
      symlinkSync(tables, join(stateDir, 'tables'));
    }
    const [proxyPort, mcpPort] = options.ports ? [options.ports.proxy, options.ports.mcp] : await freePorts(2);
    const proxy = { address: '127.0.0.1', port: proxyPort! };
    const mcp = { address: '127.0.0.1', port: mcpPort! };
    const config = join(folder, 'pipelock.yaml');
    if (options.configuration !== undefined) writeFileSync(config, options.configuration);
    const child = spawn(
      join(root, 'node_modules/.bin/node'),
      [
        join(root, 'control/main.ts'),
        'run',
        ...(options.configuration === undefined ? [] : ['--config', config]),
        ...['--listen', `${proxy.address}:${proxy.port}`, '--mcp-listen', `${mcp.address}:${mcp.port}`],
        ...(options.mcpUpstream === undefined ? [] : ['--mcp-upstream', options.mcpUpstream]),
        ...['--state-dir', stateDir, '--log-format', 'json'],
        ...(options.more ?? []),
      ],
      {
        cwd: folder, // As control/penstock sets it: what a user's gateway costs is what is measured.
        env: cleanEnvironment({ NODE_COMPILE_CACHE: join(root, 'build/compile-cache'), ...options.env }),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    return new Gateway(child, proxy, mcp, stateDir, folder);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** pipelock.yaml, where the gateway was started with one. */
  get configFile(): string {
    return join(this.folder, 'pipelock.yaml');
  }

  /** The gateway's CA in PEM. */
  get ca(): string {
    return readFileSync(this.caFile, 'utf8');
  }

  get caFile(): string {
    return join(this.stateDir, 'ca.crt');
  }

  /** The way of a client that trusts the gateway's CA. */
  get route(): Route {
    return { proxy: this.proxy, ca: this.ca };
  }

  get proxyUrl(): string {
    return `http://${this.proxy.address}:${this.proxy.port}`;
  }

  get mcpUrl(): string {
    return `http://${this.mcp.address}:${this.mcp.port}`;
  }

  /** Living processes below the supervisor. */
  processes(): ProcessEntry[] {
    const list = descendants(this.pid);
    for (const entry of list) this.seen.add(entry.pid);
    return list;
  }

  /** Pid of Envoy. Throws when none runs. */
  envoyPid(): number {
    const found = this.processes().find((entry) => basename(entry.executable).startsWith('envoy'));
    if (found === undefined) throw new Error('no envoy runs below the gateway');
    return found.pid;
  }

  /** Pid of the control worker. Throws when none runs. */
  workerPid(): number {
    const found = this.processes().find((entry) => basename(entry.executable).startsWith('node'));
    if (found === undefined) throw new Error('no worker runs below the gateway');
    return found.pid;
  }

  async isHealthy(): Promise<boolean> {
    return (await this.page('/health')).status === 200;
  }

  /** A page of the gateway's own on 8888; status 0 when nothing answers. */
  async page(path: string): Promise<{ status: number; body: string }> {
    try {
      const response = await fetch(`${this.proxyUrl}${path}`, { signal: AbortSignal.timeout(5_000) });
      return { status: response.status, body: await response.text() };
    } catch {
      return { status: 0, body: '' };
    }
  }

  /** A place in the log to look from later. */
  mark(): number {
    return this.log.lines.length;
  }

  /** Lines since `mark` that hold what is expected. */
  logged(expected: Expected, mark = 0): LogLine[] {
    return this.log.lines.slice(mark).filter((line) => holds(line, expected));
  }

  /** The first line since `mark` that holds what is expected; waits for it. */
  async waitForLog(expected: Expected, mark = 0, withinMillis = 5_000): Promise<LogLine> {
    const what = (): string =>
      `a log line ${JSON.stringify(expected)}; there were ${JSON.stringify(this.log.lines.slice(mark), null, 1)} ${this.stderr.slice(-2_000)}`;
    try {
      return await waitFor('a log line', () => this.logged(expected, mark)[0], withinMillis);
    } catch {
      throw new Error(`waited ${withinMillis} ms for ${what()}`);
    }
  }

  /** Sends SIGTERM and resolves with the exit code; kills what is left after a while. */
  async stop(): Promise<number> {
    if (this.exit === undefined) {
      this.processes();
      this.child.kill('SIGTERM');
      await Promise.race([
        once(this.child, 'exit'),
        waitFor('the end', () => this.exit !== undefined, stopMillis),
      ]).catch(() => {});
    }
    const exit = this.exit ?? -1;
    await this.destroy();
    return exit;
  }

  /** Kills everything that was ever seen of this gateway and removes its folder. */
  async destroy(): Promise<void> {
    this.processes();
    for (const pid of [this.pid, ...this.seen]) {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
    await waitFor('the gateway to end', () => [this.pid, ...this.seen].every((pid) => !isAlive(pid)), 5_000);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = net.createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The running gateway, from outside: what it survives, how it ends, and what keeps it from starting. Real Envoy. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const main = join(import.meta.dirname, '..', 'main.ts');
let directory: string;
let running: ChildProcess[];
let servers: Server[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ps-'));
  running = [];
  servers = [];
});

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await eventually(() => processesOf(directory).length === 0);
  rmSync(directory, { recursive: true, force: true });
});

interface Gateway {
  child: ChildProcess;
  lines: Record<string, unknown>[];
  proxy: string;
  mcp: string;
  exited: Promise<number | null>;
}

function launch(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(
    process.execPath,
    [main, 'run', '--state-dir', join(directory, 'state'), '--log-format', 'json', ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: directory,
      env: { ...process.env, ...env },
    },
  );
  running.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const exited = new Promise<number | null>((settle) => child.on('close', (code) => settle(code)));
  return { child, output, exited };
}

async function start(args: string[] = []): Promise<Gateway> {
  const ports = args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0', '--mcp-listen', '127.0.0.1:0'];
  const { child, output, exited } = launch(['--concurrency', '1', ...ports, ...args]);
  const lines = () =>
    output.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`exit ${child.exitCode}: ${output.stderr}`);
    return lines().some((line) => line.event === 'ready');
  }, 40_000);
  const ready = lines().find((line) => line.event === 'ready')!;
  return {
    child,
    exited,
    proxy: String(ready.proxy),
    mcp: String(ready.mcp),
    get lines() {
      return lines();
    },
  };
}

async function eventually(condition: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms`);
    await new Promise((settle) => setTimeout(settle, 50));
  }
}

/** Processes whose command line names the directory, and the workers below them. */
function processesOf(path: string): { pid: number; parent: number; args: string }[] {
  const all = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && !match[3]!.startsWith('Z'))
    .map((match) => ({ pid: Number(match![1]), parent: Number(match![2]), args: match![4]! }));
  const named = all.filter(({ args }) => args.includes(path) && !args.startsWith('ps '));
  const pids = new Set(named.map(({ pid }) => pid));
  return [...named, ...all.filter(({ pid, parent }) => pids.has(parent) && !pids.has(pid))];
}

function pidOf(part: string): number {
  const found = processesOf(directory).find(({ args }) => args.includes(part) && !args.includes('guard'));
  if (!found) throw new Error(`no process with ${part}`);
  return found.pid;
}
const workerPid = () => pidOf('worker.ts');
const envoyPid = () => pidOf('bootstrap.yaml');

async function status(url: string): Promise<number | string> {
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.status;
    },
    (error: Error) => error.message,
  );
}

/** An origin on loopback; `answer` gets the response. */
async function origin(answer: (response: import('node:http').ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  servers.push(server);
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('a running gateway', { timeout: 90_000 }, () => {
  test('answers /health and /metrics, and ends in order on SIGTERM', async () => {
    const gateway = await start();
    expect(await status(`http://${gateway.proxy}/health`)).toBe(200);
    const metrics = await (await fetch(`http://${gateway.proxy}/metrics`)).text();
    expect(metrics).toContain('penstock_info{mode="balanced",envoy="1.40.0"} 1');
    expect(metrics).toContain('penstock_envoy_up 1');
    expect(metrics).toMatch(/^envoy_server_live\S* 1$/m);
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    expect(processesOf(directory)).toEqual([]);
  });

  test.for(['SIGKILL', 'SIGSTOP'] as const)('replaces a worker that got %s, and leaves Envoy alone', async (signal) => {
    const gateway = await start();
    const [worker, envoy] = [workerPid(), envoyPid()];
    process.kill(worker, signal);
    await eventually(async () => {
      const now = processesOf(directory).find(({ args }) => args.includes('worker.ts'))?.pid;
      return now !== undefined && now !== worker && (await status(`http://${gateway.proxy}/metrics`)) === 200;
    }, 15_000);
    expect(envoyPid()).toBe(envoy);
    expect(await status(`http://${gateway.proxy}/health`)).toBe(200);
    await eventually(() => gateway.lines.some((line) => line.message === 'the control worker is back'));
    expect(await (await fetch(`http://${gateway.proxy}/metrics`)).text()).toContain(
      'penstock_control_restarts_total 1',
    );
  });

  test('starts Envoy again when it is killed', async () => {
    const gateway = await start();
    const envoy = envoyPid();
    process.kill(envoy, 'SIGKILL');
    await eventually(async () => (await status(`http://${gateway.proxy}/health`)) === 200, 15_000);
    expect(envoyPid()).not.toBe(envoy);
  });

  test('leaves nothing behind when the supervisor is killed, and starts again on the same ports', async () => {
    const gateway = await start();
    process.kill(workerPid(), 'SIGSTOP');
    gateway.child.kill('SIGKILL');
    const again = start(['--listen', gateway.proxy, '--mcp-listen', gateway.mcp]);
    await gateway.exited;
    const next = await again;
    expect(await status(`http://${next.proxy}/health`)).toBe(200);
    // The next one's: supervisor, worker, Envoy and two guards. Nothing of the one before.
    expect(processesOf(directory)).toHaveLength(5);
  });

  test('an answer that is under way arrives before the gateway ends', async () => {
    const held = Promise.withResolvers<import('node:http').ServerResponse>();
    const upstream = await origin((response) => {
      response.writeHead(200).flushHeaders();
      held.resolve(response);
    });
    const gateway = await start(['--mcp-upstream', upstream]);
    const call = fetch(`http://${gateway.mcp}/`, { headers: { accept: 'text/event-stream' } });
    const response = await held.promise;
    gateway.child.kill('SIGTERM');
    await eventually(() => gateway.lines.some((line) => line.event === 'draining'));
    response.end('the end');
    expect(await (await call).text()).toBe('the end');
    expect(await gateway.exited).toBe(0);
  });

  test('a second signal does not wait', async () => {
    const held = Promise.withResolvers<void>();
    const upstream = await origin(() => held.resolve());
    const gateway = await start(['--mcp-upstream', upstream]);
    const call = fetch(`http://${gateway.mcp}/`).catch(() => undefined);
    await held.promise;
    gateway.child.kill('SIGINT');
    await eventually(() => gateway.lines.some((line) => line.event === 'draining'));
    await new Promise((settle) => setTimeout(settle, 600));
    const askedMs = performance.now();
    gateway.child.kill('SIGINT');
    expect(await gateway.exited).toBe(0);
    // Half of the ten seconds that one signal waits.
    expect(performance.now() - askedMs).toBeLessThan(5_000);
    await call;
  });

  test('a second gateway on the same state directory is refused, and the first goes on', async () => {
    const gateway = await start();
    const second = launch(['--listen', '127.0.0.1:0', '--mcp-listen', '127.0.0.1:0']);
    expect(await second.exited).toBe(2);
    expect(second.output.stderr).toBe(
      `--state-dir: another gateway (process ${gateway.child.pid}) is running on ${join(directory, 'state')}; end it, or choose another directory\n`,
    );
    expect(await status(`http://${gateway.proxy}/health`)).toBe(200);
  });
});

describe('what keeps a gateway from starting', { timeout: 60_000 }, () => {
  const free = ['--listen', '127.0.0.1:0', '--mcp-listen', '127.0.0.1:0'];

  async function refusal(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const { exited, output } = launch(args, env);
    expect(await exited).toBe(2);
    expect(output.stdout).toBe('');
    return output.stderr;
  }

  test('a configuration with problems: all of them, with line, column and caret', async () => {
    const file = join(directory, 'pipelock.yaml');
    writeFileSync(file, 'mode: balanced\nrequest_body_scanning:\n  action: deny\n  max_body_byte: 5\n');
    const text = await refusal([...free, '--config', file]);
    expect(text).toContain(`${file}:3:11: request_body_scanning.action`);
    expect(text).toContain(`${file}:4:3: request_body_scanning.max_body_byte`);
    expect(text).toContain('did you mean max_body_bytes');
    expect(text).toContain('^^^^');
  });

  test('a configuration that is not there', async () => {
    expect(await refusal([...free, '--config', 'missing.yaml'])).toBe(
      'missing.yaml: no such file; give --config the path of a pipelock.yaml\n',
    );
  });

  test('a port in use', async () => {
    const holder = createTcpServer();
    await new Promise<void>((settle) => holder.listen(0, '127.0.0.1', settle));
    const { port } = holder.address() as AddressInfo;
    const text = await refusal(['--listen', `127.0.0.1:${port}`, '--mcp-listen', `127.0.0.1:${port}`]);
    holder.close();
    expect(text).toBe(
      ['--listen', '--mcp-listen']
        .map(
          (option) =>
            `${option}: 127.0.0.1:${port}: the port is in use; end the program that listens there, or give ${option} another\n`,
        )
        .join(''),
    );
  });

  test('an upstream that is no URL', async () => {
    expect(await refusal([...free, '--mcp-upstream', 'sure:3000/mcp'])).toContain(
      '--mcp-upstream: not an http or https URL',
    );
  });

  test('an Envoy that is not there or too old', async () => {
    expect(await refusal(free, { ENVOY_PATH: '/nowhere/envoy' })).toBe(
      'ENVOY_PATH: /nowhere/envoy: no such file; unset ENVOY_PATH to fetch one\n',
    );
  });

  test('a CA key that cannot be read', async () => {
    const [cert, key] = [join(directory, 'own.crt'), join(directory, 'own.key')];
    const config = join(directory, 'pipelock.yaml');
    writeFileSync(config, `tls_interception:\n  enabled: true\n  ca_cert: ${cert}\n  ca_key: ${key}\n`);
    expect(await refusal([...free, '--config', config])).toContain(cert);
  });

  test('a state directory that cannot be one', async () => {
    writeFileSync(join(directory, 'state'), '');
    expect(await refusal(free)).toMatch(/^--state-dir: .*; choose a directory that this user can write to\n$/);
    expect(await refusal([...free, '--state-dir', join(directory, 'x'.repeat(100))])).toMatch(
      /^--state-dir: the socket .*choose a shorter/,
    );
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real Envoy with one filter in front of one origin. */
export interface RunningEnvoy {
  readonly port: number;
  /** What the filter has logged, without Envoy's prefix. */
  readonly logs: string[];
  stop(): Promise<void>;
}

const logPrefix = /^wasm log [^:]*: /;
/** Loading and compiling takes about a second; a busy machine may need several times that. */
const startTimeoutMs = 30_000;

/** The one that Envoy tries the code with, the main thread's and the worker's. The probe (probe.ts) ends what it says when it starts with its root id and the length of that. */
const startedVms = 3;

/** Starts Envoy with the filter's bytes on a free port of 127.0.0.1, in front of the origin at `originPort`. */
export async function startEnvoy(filter: Uint8Array, originPort: number): Promise<RunningEnvoy> {
  const directory = await mkdtemp(join(tmpdir(), 'proxy-wasm-as-envoy-'));
  const port = await freePort();
  const filterFile = join(directory, 'filter.wasm');
  await writeFile(filterFile, filter);
  const configFile = join(directory, 'envoy.json');
  await writeFile(configFile, JSON.stringify(bootstrap(port, originPort, filterFile)));
  const envoy = spawn(
    await envoyPath(),
    [
      '-c',
      configFile,
      '--concurrency',
      '1',
      '--use-dynamic-base-id',
      '--log-format',
      '%v',
      '--log-level',
      'warning',
    ].concat(['--component-log-level', 'wasm:info']),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const logs: string[] = [];
  const others: string[] = [];
  createInterface({ input: envoy.stderr! }).on('line', (line) => {
    if (logPrefix.test(line)) logs.push(line.replace(logPrefix, ''));
    else others.push(line);
  });
  const stop = async () => {
    await end(envoy);
    await rm(directory, { recursive: true });
  };
  const deadline = Date.now() + startTimeoutMs;
  // The kernel takes connections before the worker has its VM, and what that says when it starts belongs to no exchange.
  const areConfigured = () => logs.filter((line) => line.startsWith('root id')).length === startedVms;
  while (!areConfigured() || logs.at(-1)?.startsWith('root id') || !(await accepts(port))) {
    if (envoy.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`envoy: did not start\n${others.join('\n')}`);
    }
    await sleep(50);
  }
  return { port, logs, stop };
}

/** ENVOY_PATH, else what the repository around this package finds. */
async function envoyPath(): Promise<string> {
  const named = process.env['ENVOY_PATH'];
  if (named) return named;
  const finder = join(import.meta.dirname, '../../../envoy/find.ts');
  if (!existsSync(finder)) throw new Error('ENVOY_PATH: not set; name an Envoy 1.40 or later');
  const { findEnvoy } = await import(finder);
  return (await findEnvoy({ env: process.env, log: () => {} })).path;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

async function freePort(): Promise<number> {
  const server = await new Promise<Server>((resolve) => {
    const opened = createServer().listen(0, '127.0.0.1', () => resolve(opened));
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.end(() => resolve(true)));
    socket.once('error', () => resolve(false));
  });
}

function bootstrap(port: number, originPort: number, filterFile: string): object {
  const text = (value: string) => ({ '@type': 'type.googleapis.com/google.protobuf.StringValue', value });
  const socket = (portValue: number) => ({ socket_address: { address: '127.0.0.1', port_value: portValue } });
  const wasm = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm',
    config: {
      name: 'probe',
      root_id: 'probe_root',
      failure_policy: 'FAIL_CLOSED',
      allow_on_headers_stop_iteration: true,
      configuration: text('configured'),
      vm_config: {
        vm_id: 'probe_vm',
        runtime: 'envoy.wasm.runtime.v8',
        configuration: text('vm'),
        code: { local: { filename: filterFile } },
      },
    },
  };
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'probe',
    delayed_close_timeout: '0.05s', // the default would keep the client of a reset stream waiting for a second
    http_protocol_options: { enable_trailers: true },
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'origin' } }] },
      ],
    },
    http_filters: [
      { name: 'probe', typed_config: wasm },
      {
        name: 'router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  const http = {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http_protocol_options: { enable_trailers: true } },
    },
  };
  const endpoint = { endpoint: { address: socket(originPort) } };
  return {
    static_resources: {
      listeners: [
        {
          name: 'probe',
          address: socket(port),
          filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
        },
      ],
      clusters: [
        {
          name: 'origin',
          type: 'STATIC',
          typed_extension_protocol_options: http,
          load_assignment: { cluster_name: 'origin', endpoints: [{ lb_endpoints: [endpoint] }] },
        },
      ],
    },
  };
}

/**
 * The same Envoy with the filter off: a second process of the gateway's own Envoy, on the gateway's own files with what
 * reads messages (envoy/reading.yaml) taken out of them, and served by the gateway's own control worker.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { spawnGuarded } from '../../control/serve/child.ts';
import { freePorts, type Gateway } from '../harness/gateway.ts';
import { readProcess } from '../harness/process-tree.ts';
import { dial, type Endpoint } from '../harness/tunnel.ts';
import { waitFor } from '../harness/wait.ts';

export interface BareEnvoy {
  proxy: Endpoint;
  mcp: Endpoint;
  pid: number;
  stop(): void;
}

interface HttpFilter {
  name: string;
}

interface Listener {
  address?: { socket_address: { address: string; port_value: number } };
  filter_chains: {
    filters: { name: string; typed_config: { http_filters?: HttpFilter[]; route_config?: RouteConfig } }[];
  }[];
}

interface RouteConfig {
  virtual_hosts: { routes: { typed_per_filter_config?: Record<string, unknown> }[] }[];
}

/** The filter as an HTTP filter of Envoy's, in a VM of its own. */
function put({ wasm, configuration }: OtherFilter): HttpFilter & Record<string, unknown> {
  const text = (value: string) => ({ '@type': 'type.googleapis.com/google.protobuf.StringValue', value });
  return {
    name: 'other',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm',
      config: {
        name: configuration,
        allow_on_headers_stop_iteration: true,
        configuration: text(configuration),
        vm_config: { vm_id: configuration, runtime: 'envoy.wasm.runtime.v8', code: { local: { filename: wasm } } },
      },
    },
  };
}

const readingFile = join(import.meta.dirname, '../../envoy/reading.yaml');

/** Another filter in the place of the gateway's: its file, and the configuration that it gets. */
export interface OtherFilter {
  wasm: string;
  configuration: string;
}

/**
 * Starts it beside a gateway and resolves when it accepts connections.
 * @param isKept filters of envoy/reading.yaml that stay, to see what each of them costs
 * @param other what stands in the place of `penstock`, which must be kept then
 */
export async function startBare(
  gateway: Gateway,
  isKept: (name: string) => boolean = () => false,
  other?: OtherFilter,
): Promise<BareEnvoy> {
  const from = join(gateway.stateDir, 'run');
  const to = mkdtempSync(join(gateway.stateDir, 'bare-'));
  const reading = (parse(readFileSync(readingFile, 'utf8')) as HttpFilter[]).map(({ name }) => name);
  const removed = new Set(reading.filter((name) => !isKept(name)));
  const [proxyPort, mcpPort] = (await freePorts(2)) as [number, number];
  const ports = new Map([
    [gateway.proxy.port, proxyPort],
    [gateway.mcp.port, mcpPort],
  ]);
  const listeners = parse(readFileSync(join(from, 'listeners.yaml'), 'utf8')) as { resources: Listener[] };
  let count = 0;
  for (const listener of listeners.resources) {
    const address = listener.address?.socket_address;
    if (address) address.port_value = ports.get(address.port_value)!;
    // The instance below HTTP (envoy/end.yaml).
    for (const chain of listener.filter_chains)
      chain.filters = chain.filters.filter(({ name }) => name !== 'penstock.end' || isKept(name));
    for (const { typed_config: manager } of listener.filter_chains.flatMap((chain) => chain.filters)) {
      const filters = manager.http_filters;
      if (!filters) continue;
      manager.http_filters = filters.filter(({ name }) => !removed.has(name));
      count += filters.length - manager.http_filters.length;
      if (other) manager.http_filters = manager.http_filters.map((one) => (one.name === 'penstock' ? put(other) : one));
      for (const route of manager.route_config?.virtual_hosts.flatMap((host) => host.routes) ?? []) {
        for (const name of removed) delete route.typed_per_filter_config?.[name];
      }
    }
  }
  if (count === 0) {
    throw new Error(
      `bare Envoy: ${count} filters taken out of ${listeners.resources.length} listeners; is envoy/reading.yaml still what is put in?`,
    );
  }
  writeFileSync(join(to, 'listeners.yaml'), stringify(listeners, { aliasDuplicateObjects: false, lineWidth: 0 }));
  for (const name of ['bootstrap.yaml', 'clusters.yaml']) {
    const text = readFileSync(join(from, name), 'utf8');
    // The sockets of the control worker stay those of the gateway.
    const own = ['admin.sock', 'listeners.yaml', 'clusters.yaml'];
    writeFileSync(
      join(to, name),
      own.reduce((all, file) => all.replaceAll(join(from, file), join(to, file)), text),
    );
  }
  const envoy = readProcess(gateway.envoyPid())!;
  const args = envoy.commandLine.slice(1).map((argument) => argument.replace(from, to));
  const child: ChildProcess = spawnGuarded(envoy.executable, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-4_000);
  });
  const proxy = { address: gateway.proxy.address, port: proxyPort };
  const accepts = async () => {
    if (child.exitCode !== null) throw new Error(`bare Envoy ended with ${child.exitCode}\n${output}`);
    const socket = await dial(proxy).catch(() => undefined);
    socket?.destroy();
    return socket !== undefined;
  };
  await waitFor('the bare Envoy', accepts, 20_000);
  const mcp = { address: gateway.mcp.address, port: mcpPort };
  return { proxy, mcp, pid: child.pid!, stop: () => child.kill('SIGKILL') };
}

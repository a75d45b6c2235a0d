/** A real Envoy with one TLS listener whose leaves come from the certificate service; for tests and measurements. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { noSniName } from './name.ts';

export interface EnvoyProbe {
  port: number;
  process: ChildProcess;
  /** Asks the admin interface, a Unix socket in the probe's folder. */
  admin(path: string): Promise<string>;
  /** Resident memory in MiB. */
  residentMiB(): number;
  stop(): Promise<void>;
}

/** Starts Envoy in `folder`, its ADS on `socketPath`; resolves when it is ready. */
export async function startEnvoy(envoyPath: string, folder: string, socketPath: string): Promise<EnvoyProbe> {
  mkdirSync(folder, { recursive: true });
  const adminPath = join(folder, 'admin.sock');
  const configPath = join(folder, 'envoy.json');
  writeFileSync(configPath, JSON.stringify(bootstrap(adminPath, socketPath)));
  const child = spawn(
    envoyPath,
    ['-c', configPath, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let output = '';
  child.stderr.on('data', (chunk) => {
    output = (output + chunk).slice(-4000);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const deadline = Date.now() + 20_000;
  let listeners: string | undefined;
  while (!listeners && child.exitCode === null && Date.now() < deadline) {
    await sleep(50);
    const ready = await adminGet(adminPath, '/ready').catch(() => '');
    if (ready.includes('LIVE')) listeners = await adminGet(adminPath, '/listeners?format=json');
  }
  if (!listeners) {
    child.kill('SIGKILL');
    throw new Error(`envoy did not start: ${output}`);
  }
  const port: number = JSON.parse(listeners).listener_statuses[0].local_address.socket_address.port_value;
  return {
    port,
    process: child,
    admin: (path) => adminGet(adminPath, path),
    residentMiB: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** What a handshake ended with. */
export type Handshake =
  | { certificate: PeerCertificate; authorized: boolean; ms: number }
  | { error: string; ms: number };

/**
 * Makes one TLS connection and closes it. `serverName` '' sends no SNI. Verifies against `caPem`, and the name if there
 * is one.
 */
export function handshake(port: number, serverName: string, caPem: string, timeoutMs = 20_000): Promise<Handshake> {
  const startMs = performance.now();
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({
      host: '127.0.0.1',
      port,
      servername: serverName,
      ca: caPem,
      rejectUnauthorized: false,
      timeout: timeoutMs,
    });
    const elapsed = () => performance.now() - startMs;
    socket.once('secureConnect', () => {
      resolve({ certificate: socket.getPeerCertificate(), authorized: socket.authorized, ms: elapsed() });
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'TIMEOUT' })));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ error: error.code ?? error.message, ms: elapsed() }),
    );
    socket.once('close', () => resolve({ error: 'closed', ms: elapsed() }));
  });
}

function adminGet(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    call.on('error', reject);
    call.end();
  });
}

function any(type: string, fields: object = {}): object {
  return { '@type': `type.googleapis.com/${type}`, ...fields };
}

function cluster(name: string, pipe: string): object {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        { explicit_http_config: { http2_protocol_options: {} } },
      ),
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: pipe } } } }] }],
    },
  };
}

function bootstrap(adminPath: string, socketPath: string): object {
  const selector = any('envoy.extensions.transport_sockets.tls.cert_selectors.on_demand_secret.v3.Config', {
    config_source: { resource_api_version: 'V3', initial_fetch_timeout: '10s', ads: {} },
    certificate_mapper: {
      name: 'sni',
      typed_config: any('envoy.extensions.transport_sockets.tls.cert_mappers.sni.v3.SNI', {
        default_value: noSniName,
      }),
    },
  });
  const tls = any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    disable_stateless_session_resumption: true,
    disable_stateful_session_resumption: true,
    common_tls_context: { custom_tls_certificate_selector: { name: 'on-demand', typed_config: selector } },
  });
  const http = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'probe',
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'ok\n' } } }],
        },
      ],
    },
    http_filters: [
      { name: 'envoy.filters.http.router', typed_config: any('envoy.extensions.filters.http.router.v3.Router') },
    ],
  });
  const retry = { retry_back_off: { base_interval: '0.1s', max_interval: '1s' } };
  return {
    node: { id: 'probe', cluster: 'probe' },
    admin: { address: { pipe: { path: adminPath, mode: 0o600 } } },
    stats_config: {
      stats_matcher: {
        exclusion_list: {
          patterns: [{ prefix: 'sds.' }, { safe_regex: { regex: '.*\\.ssl\\.certificate\\..*' } }],
        },
      },
    },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'control', retry_policy: retry } }],
      },
    },
    static_resources: {
      listeners: [
        {
          name: 'probe',
          address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
          filter_chains: [
            {
              transport_socket_connect_timeout: '5s',
              transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: tls },
              filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: http }],
            },
          ],
        },
      ],
      clusters: [cluster('control', socketPath)],
    },
  };
}

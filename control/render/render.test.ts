import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findEnvoy } from '../../envoy/find.ts';
import { examplePolicies, examplePolicy, exampleRuntime } from './example.ts';
import { field, list, type Resource, resource, type Value } from './field.ts';
import { joinStatic, render } from './render.ts';
import { source, sourceDirectory } from './sources.ts';

const run = promisify(execFile);
const table = new TextEncoder().encode('a table');
const httpType =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const router = {
  name: 'router',
  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
};

// A wasm module that Envoy loads: it exports the ABI version and an allocator, and does nothing (envoy/probe.yaml).
const probe = field(
  parse(readFileSync(join(sourceDirectory, 'probe.yaml'), 'utf8')) as Value,
  'static_resources.listeners[probe].filter_chains[0].filters[0].typed_config.http_filters[wasm].typed_config.config.vm_config.code.local.inline_bytes',
) as string;

let directory: string;
let envoy: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'render-'));
  mkdirSync(join(directory, 'filter'));
  writeFileSync(join(directory, 'filter.wasm'), Buffer.from(probe, 'base64'));
  envoy = (await findEnvoy({ env: process.env, log: () => {} })).path;
}, 300_000);

afterAll(() => rmSync(directory, { recursive: true }));

const runtime = () => exampleRuntime(directory, join(directory, 'filter.wasm'));

async function validate(text: string): Promise<string> {
  const file = join(directory, 'envoy.yaml');
  writeFileSync(file, text);
  const done = await run(envoy, ['--mode', 'validate', '-c', file, '--disable-hot-restart', '-l', 'error']).catch(
    (e) => e,
  );
  return `${done.stdout}${done.stderr}`.slice(0, 2000);
}

describe.sequential('Envoy accepts', () => {
  it.each(Object.keys(examplePolicies))(
    'the files of a policy: %s',
    async (name) => {
      const files = render(examplePolicies[name]!, table, runtime());
      writeFileSync(join(directory, 'listeners.yaml'), files.listeners);
      writeFileSync(join(directory, 'clusters.yaml'), files.clusters);
      writeFileSync(join(directory, 'filter/filter.yaml'), files.filter);
      expect(await validate(joinStatic(files))).toContain('OK');
      expect(await validate(files.bootstrap)).toContain('OK');
    },
    60_000,
  );

  it('two thousand names in every list', async () => {
    const names = Array.from({ length: 2000 }, (_, i) => `*.name-${i}.some-domain.example`);
    const policy = examplePolicy({
      tls: { passthrough: names },
      destinations: { allowed: names, blocked: names, trusted: names },
    });
    expect(await validate(joinStatic(render(policy, table, runtime())))).toContain('OK');
  }, 60_000);

  // What a file in envoy/ needs around it to be a whole configuration.
  const whole: Record<string, () => Resource> = {
    egress: () => ({ static_resources: { listeners: [withoutType(source('egress'))], clusters: clusters() } }),
    intercept: () => ({ static_resources: { listeners: [withoutType(source('intercept'))], clusters: clusters() } }),
    mcp: () => ({ static_resources: { listeners: [withoutType(source('mcp'))], clusters: clusters() } }),
    clusters: () => ({ static_resources: { clusters: clusters() } }),
    reading: () => listenerOf({ http_filters: [...source('reading'), router] }),
    replies: () => listenerOf({ http_filters: [router], ...source('replies') }),
    filter: () =>
      listenerOf({ http_filters: [resource(source('filter'), 'resources[penstock]'), router].map(withoutType) }),
  };

  it.each(Object.keys(whole))(
    'envoy/%s.yaml as it is written',
    async (name) => {
      writeFileSync(
        join(directory, 'filter/filter.yaml'),
        inDirectory(readFileSync(join(sourceDirectory, 'filter.yaml'), 'utf8')),
      );
      const bootstrap = source('bootstrap');
      const config = whole[name]!();
      const named = list(config, 'static_resources.clusters');
      named.push(...list(bootstrap, 'static_resources.clusters'));
      const dynamic = { ads_config: field(bootstrap, 'dynamic_resources.ads_config') };
      const rest = {
        node: bootstrap.node!,
        bootstrap_extensions: bootstrap.bootstrap_extensions!,
        layered_runtime: bootstrap.layered_runtime!,
        dynamic_resources: dynamic,
      };
      expect(await validate(inDirectory(JSON.stringify({ ...rest, ...config })))).toContain('OK');
    },
    60_000,
  );

  it('envoy/bootstrap.yaml as it is written', async () => {
    for (const name of ['listeners.yaml', 'clusters.yaml']) writeFileSync(join(directory, name), 'resources: []');
    expect(await validate(inDirectory(readFileSync(join(sourceDirectory, 'bootstrap.yaml'), 'utf8')))).toContain('OK');
  }, 60_000);

  function clusters(): Resource[] {
    const all = list(source('clusters'), 'resources').map(withoutType);
    // The routes for trusted names lead to twins that render makes.
    return [...all, ...['plain', 'tls', 'tls_h1'].map((n) => ({ ...resource(all, `[${n}]`), name: `${n}-trusted` }))];
  }

  function listenerOf(manager: Resource): Resource {
    const http = { '@type': httpType, stat_prefix: 'test', route_config: {}, ...manager };
    const listener = { name: 'test', address: { pipe: { path: join(directory, 'test.sock') } } };
    const chains = [{ filters: [{ name: 'http', typed_config: http }] }];
    return { static_resources: { listeners: [{ ...listener, filter_chains: chains }], clusters: [] } };
  }

  const withoutType = (value: Value): Resource => {
    const { '@type': type, ...rest } = value as Resource;
    return type === 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig' || String(type).includes('config.')
      ? rest
      : (value as Resource);
  };

  function inDirectory(text: string): string {
    return text
      .replaceAll('/run/penstock', directory)
      .replaceAll('/opt/penstock/filter.wasm', join(directory, 'filter.wasm'));
  }
});

describe('render', () => {
  const listener = (name: string, policy = examplePolicy()) =>
    resource(parse(render(policy, table, runtime()).listeners) as Value, `resources[${name}]`);
  const http = (name: string, policy = examplePolicy()) =>
    resource(listener(name, policy), `filter_chains[${name}].filters[http].typed_config`);
  const routeNames = (name: string, policy = examplePolicy()) =>
    list(http(name, policy), 'route_config.virtual_hosts[any].routes').map((route) => (route as Resource).name);
  const clusterNames = (policy = examplePolicy()) =>
    list(parse(render(policy, table, runtime()).clusters) as Value, 'resources').map((c) => (c as Resource).name);

  it('puts the table into the filter, and the filter between the decompressors', () => {
    const filter = parse(render(examplePolicy(), table, runtime()).filter) as Value;
    const value = field(filter, 'resources[penstock].typed_config.config.configuration.value') as string;
    expect(Buffer.from(value, 'base64').toString()).toBe('a table');
    const names = list(http('egress'), 'http_filters').map((f) => (f as Resource).name);
    expect(names.slice(-5)).toEqual([
      ...['request-decompression', 'penstock', 'response-decompression', 'penstock.probe', 'router'],
    ]);
  });

  it('has the routes that the policy has a use for', () => {
    expect(routeNames('egress')).toEqual(['health', 'metrics', 'intercept', 'forward-encoded', 'forward']);
    const off = examplePolicies['interception off']!;
    expect(routeNames('egress', off)).toEqual(['health', 'metrics', 'passthrough', 'forward-encoded', 'forward']);
    expect(clusterNames(off)).toEqual(['plain', 'health', 'control']);
    const all = examplePolicies['blocked, trusted and passthrough names']!;
    expect(routeNames('egress', all)).toEqual([
      ...['health', 'metrics', 'passthrough-trusted', 'passthrough', 'intercept'],
      ...['forward-trusted-encoded', 'forward-trusted', 'forward-encoded', 'forward'],
    ]);
    expect(routeNames('intercept', all)).toEqual([
      ...['websocket-trusted-encoded', 'websocket-trusted', 'websocket-encoded', 'websocket'],
      ...['forward-trusted-encoded', 'forward-trusted', 'forward-encoded', 'forward'],
    ]);
    expect(clusterNames(all)).toEqual([
      ...['plain', 'tls', 'tls_h1', 'intercept', 'health', 'control', 'plain-trusted', 'tls-trusted', 'tls_h1-trusted'],
    ]);
  });

  it('leads 8889 to the path and name of the upstream', () => {
    expect(routeNames('mcp')).toEqual(['no-upstream']);
    const policy = examplePolicies['mcp over https']!;
    const route = field(http('mcp', policy), 'route_config.virtual_hosts[any].routes[upstream].route');
    expect(route).toMatchObject({ host_rewrite_literal: 'mcp.example', regex_rewrite: { substitution: '/api/mcp' } });
    const mcp = resource(parse(render(policy, table, runtime()).clusters) as Value, 'resources[mcp]');
    expect(JSON.stringify(mcp.load_assignment)).toContain('"address":"mcp.example","port_value":443');
    expect(mcp.transport_socket).toBeDefined();
  });

  it('holds a body a little longer than the filter does', () => {
    const policy = examplePolicy({ maxRequestBodyBytes: 1000, maxResponseBytes: 1000 });
    for (const name of ['egress', 'intercept', 'mcp']) {
      expect(field(http(name, policy), 'route_config.virtual_hosts[any].request_body_buffer_limit')).toBe(
        1000 + 1_048_576,
      );
    }
  });

  it('gives the tunnel its limits where requests under way are seen', () => {
    const policy = examplePolicy({
      tunnel: { enabled: true, maxSeconds: 7, idleSeconds: 3 },
      tls: { passthrough: ['a.example'] },
    });
    expect(field(http('intercept', policy), 'common_http_protocol_options')).toMatchObject({
      idle_timeout: '3s',
      max_connection_duration: '7s',
    });
    expect(field(http('egress', policy), 'route_config.virtual_hosts[any].routes[passthrough].route')).toMatchObject({
      idle_timeout: '3s',
      max_stream_duration: { max_stream_duration: '7s' },
    });
  });

  it('joins the files into one without xDS', () => {
    const joined = parse(joinStatic(render(examplePolicy(), table, runtime()))) as Value;
    expect(Object.keys(resource(joined, 'dynamic_resources'))).toEqual(['ads_config']);
    expect(JSON.stringify(joined)).not.toContain('"config_discovery"');
    expect(list(joined, 'static_resources.listeners').map((l) => (l as Resource).name)).toEqual([
      'egress',
      'intercept',
      'mcp',
    ]);
  });
});

describe('refusals of destinations', () => {
  const messages = (explainsBlocks: boolean) => {
    const files = render(examplePolicy({ explainsBlocks }), table, runtime());
    return list(parse(files.listeners) as Value, 'resources').flatMap((listener) => {
      const mappers = list(
        listener,
        `filter_chains[${(listener as Resource).name}].filters[http].typed_config.local_reply_config.mappers`,
      );
      return mappers.map((mapper) => field(mapper, 'body_format_override.json_format.error.message') as string);
    });
  };
  it('name the key that decides where blocked answers say what to do', () => {
    const named = messages(true).filter((message) => message.includes('in pipelock.yaml'));
    // Five on egress and on intercept.
    expect(named).toHaveLength(10);
    expect(named.filter((message) => message.includes('trusted_domains'))).toHaveLength(2);
    // What can be read on the wire differs by nothing else.
    expect(messages(true).map((message) => message.replace(/; in pipelock\.yaml .*/, ''))).toEqual(messages(false));
  });
});

import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Policy } from '../policy/policy.ts';
import { examplePolicies, examplePolicy, exampleRuntime } from '../render/example.ts';
import { field, fill, list, type Resource, resource, takeOut, type Value } from '../render/field.ts';
import { type EnvoyFiles, render } from '../render/render.ts';
import { guard } from './guard.ts';

const honest = (policy: Policy): EnvoyFiles =>
  render(policy, new TextEncoder().encode('a table'), exampleRuntime('/run/x', '/opt/x/filter.wasm'));

/** The messages of the breaches after one file was changed. */
function breaches(file: keyof EnvoyFiles, change: (root: Value) => void, policy = examplePolicy()): string[] {
  const files = honest(policy);
  const root = parse(files[file]) as Value;
  change(root);
  return guard({ ...files, [file]: stringify(root) }, policy).map((b) => b.message);
}

const http = (root: Value, listener: string) =>
  resource(root, `resources[${listener}].filter_chains[${listener}].filters[http].typed_config`);
const route = (root: Value, listener: string, name: string) =>
  resource(http(root, listener), `route_config.virtual_hosts[any].routes[${name}]`);
const destinations = 'http_filters[destination].typed_config.rules';
const wasm = 'typed_config.config';
const options = 'typed_extension_protocol_options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]';

describe('the rendered files keep every promise', () => {
  it.each(Object.entries(examplePolicies))('%s', (_name, policy) => {
    expect(guard(honest(policy), policy)).toEqual([]);
  });
});

describe('fail-closed', () => {
  it('sees a filter that fails open', () => {
    const found = breaches('filter', (f) => fill(f, `resources[penstock].${wasm}.failure_policy`, 'FAIL_OPEN'));
    expect(found).toEqual(['guard: fail-closed: filter penstock: failure_policy FAIL_OPEN would let traffic through']);
  });

  it('sees a probe that fails open', () => {
    const found = breaches('listeners', (l) => {
      fill(http(l, 'mcp'), `http_filters[penstock.probe].${wasm}.failure_policy`, 'FAIL_OPEN');
    });
    expect(found).toEqual([
      'guard: fail-closed: listener mcp, filter penstock.probe: failure_policy FAIL_OPEN would let traffic through',
    ]);
  });

  it('sees an instance below HTTP that fails open, or runs in a VM of its own', () => {
    const end = (l: Value) =>
      resource(l, `resources[intercept].filter_chains[intercept].filters[penstock.end].${wasm}`);
    expect(breaches('listeners', (l) => fill(end(l), 'failure_policy', 'FAIL_OPEN'))).toEqual([
      'guard: fail-closed: listener intercept, filter penstock.end: failure_policy FAIL_OPEN would let traffic through',
    ]);
    expect(breaches('listeners', (l) => fill(end(l), 'vm_config.vm_id', 'other')).join()).toContain(
      'vm_config differs',
    );
  });

  it.each<[string, (config: Resource) => unknown, string]>([
    ['fail_open', (c) => (c.fail_open = true), 'fail_open would let traffic through'],
    ['headers let go', (c) => delete c.allow_on_headers_stop_iteration, 'headers would leave before the body is read'],
    ['no failure_policy', (c) => delete c.failure_policy, 'failure_policy (none)'],
    ['another VM', (c) => fill(c, 'vm_config.vm_id', 'other'), 'vm_config differs'],
  ])('sees %s', (_name, change, message) => {
    expect(breaches('filter', (f) => change(resource(f, `resources[penstock].${wasm}`))).join()).toContain(message);
  });

  it('sees a default that stands in for the filter, and a filter that is missing', () => {
    const discovery = (l: Value) => resource(http(l, 'intercept'), 'http_filters[penstock].config_discovery');
    expect(breaches('listeners', (l) => (discovery(l).default_config = {})).join()).toContain('default_config would');
    expect(breaches('listeners', (l) => (discovery(l).apply_default_config_without_warming = true)).join()).toContain(
      'serve before the filter is there',
    );
    expect(breaches('filter', (f) => takeOut(f, 'resources', 'penstock')).join()).toContain('holds no filter penstock');
  });
});

describe('no-bypass', () => {
  it.each(['egress', 'intercept', 'mcp'])('sees a filter gone or out of order on %s', (listener) => {
    for (const name of ['penstock', 'penstock.probe', 'request-decompression', 'response-decompression']) {
      const found = breaches('listeners', (l) => takeOut(http(l, listener), 'http_filters', name));
      expect(found.join(), name).toContain(`guard: no-bypass: listener ${listener}: filters end in`);
    }
    const found = breaches('listeners', (l) => {
      const filters = list(http(l, listener), 'http_filters');
      filters.splice(-3, 1, ...filters.splice(-2, 1, filters.at(-3)!));
    });
    expect(found.join()).toContain('filters end in');
  });

  const matchers = (l: Value, direction: string) =>
    list(
      http(l, 'egress'),
      `http_filters[${direction}-decompression].typed_config.xds_matcher.matcher_list.matchers`,
    ) as Resource[];
  const decompressor = (l: Value, direction: string, i: number) =>
    resource(
      matchers(l, direction)[i]!,
      `on_match.action.typed_config.typed_config.typed_config.${direction}_direction_config.common_config`,
    );

  it('sees a route, a filter or an upgrade that goes round the filter', () => {
    const off = { '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', disabled: true };
    const cases: ((l: Value) => void)[] = [
      (l) => (route(l, 'intercept', 'forward').typed_per_filter_config = { penstock: off }),
      (l) => (route(l, 'egress', 'forward').typed_per_filter_config = { destination: off }),
      (l) => (resource(http(l, 'mcp'), 'http_filters[penstock]').disabled = true),
      (l) => takeOut(http(l, 'intercept'), 'route_config.virtual_hosts[any].routes', 'forward-encoded'),
      (l) => delete route(l, 'egress', 'forward-encoded').typed_per_filter_config,
      (l) => (route(l, 'egress', 'forward-encoded').match = { prefix: '/none' }),
      (l) => (resource(http(l, 'egress'), 'upgrade_configs[websocket]').filters = []),
      (l) => delete decompressor(l, 'request', 0).ignore_no_transform_header,
      (l) => (decompressor(l, 'response', 0).enabled = {}),
      (l) => matchers(l, 'response').pop(),
      (l) => fill(matchers(l, 'request')[1]!, 'predicate.single_predicate.value_match.ignore_case', false),
      (l) => (http(l, 'egress').normalize_path = true),
      (l) => (resource(l, 'resources[egress].filter_chains[egress]').filters = []),
    ];
    for (const change of cases)
      expect(breaches('listeners', change).join(), String(change)).toContain('guard: no-bypass:');
  });

  it('sees a tunnel that passes unread against the policy', () => {
    const toPlain = (l: Value) => fill(route(l, 'egress', 'intercept'), 'route.cluster', 'plain');
    expect(breaches('listeners', toPlain).join()).toContain(
      'route intercept: tunnels of names that are not in the passthrough',
    );
    const policy = examplePolicies['blocked, trusted and passthrough names']!;
    const wider = (l: Value) =>
      fill(route(l, 'egress', 'passthrough'), 'match.headers[0].string_match.safe_regex.regex', '.*');
    expect(breaches('listeners', wider, policy).join()).toContain('would pass unread');
  });

  it('sees tunnels that pass unopened without a look at their beginning', () => {
    const policy = examplePolicies['blocked, trusted and passthrough names']!;
    expect(breaches('listeners', () => {}, policy)).toEqual([]);
    const unseen = (l: Value) => takeOut(http(l, 'egress'), 'upgrade_configs[CONNECT].filters', 'penstock');
    expect(breaches('listeners', unseen, policy).join()).toContain('tunnels that are not opened would pass unseen');
    const off = { penstock: { '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', disabled: true } };
    const spared = (l: Value) => Object.assign(route(l, 'egress', 'passthrough'), { typed_per_filter_config: off });
    expect(breaches('listeners', spared, policy).join()).toContain('overrides filter penstock');
  });

  it('sees destination rules that are not the policy', () => {
    const policy = examplePolicy({
      destinations: { allowed: ['a.example'], blocked: ['b.example'] },
      tunnel: { enabled: false, ports: [443] },
    });
    for (const name of ['malformed', 'blocked', 'not-allowed', 'address', 'port']
      .map((n) => `destination-${n}`)
      .concat('tunnel-disabled')) {
      for (const [at, filters] of [
        ['http_filters', 'egress'],
        ['upgrade_configs[CONNECT].filters', 'egress'],
        ['http_filters', 'intercept'],
      ]) {
        const rules = `${at}[destination].typed_config.rules.policies`;
        const found = breaches('listeners', (l) => delete resource(http(l, filters!), rules)[name], policy);
        expect(found.join(), `${name} of ${filters}`).toContain(`rule ${name}:`);
      }
    }
    expect(breaches('listeners', (l) => fill(http(l, 'egress'), `${destinations}.action`, 'ALLOW')).join()).toContain(
      'refuses anything',
    );
    const never = (l: Value) =>
      fill(
        http(l, 'egress'),
        `${destinations}.policies.destination-not-allowed.permissions[0].header.invert_match`,
        false,
      );
    expect(breaches('listeners', never, policy).join()).toContain('destinations that are not listed');
  });
});

describe('admin-closed', () => {
  it.each<[string, (admin: Resource) => unknown, string]>([
    ['a network address', (a) => (a.address = { socket_address: { address: '127.0.0.1', port_value: 1 } }), 'network'],
    ['a socket for all', (a) => fill(a, 'address.pipe.mode', 0o666), 'socket mode 438'],
    ['every command', (a) => delete a.allow_paths, 'allow_paths is empty'],
    ['a dump', (a) => list(a, 'allow_paths').push({ prefix: '/config_dump' }), 'opens /config_dump'],
  ])('sees %s', (_name, change, message) => {
    expect(breaches('bootstrap', (b) => change(resource(b, 'admin'))).join()).toContain(message);
  });

  it.each<[string, (l: Value) => unknown]>([
    ['another path', (l) => fill(route(l, 'egress', 'health'), 'match', { prefix: '/' })],
    ['another page', (l) => fill(route(l, 'egress', 'health'), 'route.prefix_rewrite', '/quitquitquit')],
    ['any method', (l) => takeOut(route(l, 'egress', 'health'), 'match.headers', ':method')],
    ['another route', (l) => fill(route(l, 'intercept', 'forward'), 'route.cluster', 'health')],
    ['the certificate socket', (l) => fill(route(l, 'egress', 'forward'), 'route.cluster', 'certificates')],
    ['a cluster of the request', (l) => fill(route(l, 'egress', 'forward'), 'route', { cluster_header: 'x' })],
  ])('sees a route to it: %s', (_name, change) => {
    expect(breaches('listeners', change).join()).toContain('guard: admin-closed: listener');
  });

  it('sees another cluster on its socket', () => {
    const found = breaches('clusters', (c) =>
      fill(
        c,
        'resources[control].load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.pipe.path',
        '/run/x/admin.sock',
      ),
    );
    expect(found).toEqual(['guard: admin-closed: cluster control: leads to the admin socket']);
  });
});

describe('no-key-in-config', () => {
  const key = ['-----BEGIN ', 'PRIVATE KEY-----'].join('');

  it('sees a key as text, as bytes and as a file', () => {
    const tls = 'resources[intercept].filter_chains[intercept].transport_socket.typed_config.common_tls_context';
    const table = Buffer.from(`x${key}`).toString('base64');
    const found = [
      breaches('bootstrap', (b) => ((b as Resource).x = key)),
      breaches('filter', (f) => fill(f, `resources[penstock].${wasm}.configuration.value`, table)),
      breaches('listeners', (l) => (resource(l, tls).tls_certificates = [{ private_key: { filename: 'ca.key' } }])),
    ];
    for (const messages of found) expect(messages.join()).toContain('guard: no-key-in-config:');
  });
});

describe('upstream-verified', () => {
  const tls = 'transport_socket.typed_config.common_tls_context.validation_context';

  it.each<[string, (cluster: Resource) => unknown, string]>([
    ['no roots', (c) => delete resource(c, tls).trusted_ca, 'checked against nothing'],
    ['other roots', (c) => fill(c, `${tls}.trusted_ca.filename`, '/x.pem'), 'checked against /x.pem'],
    ['untrusted roots', (c) => (resource(c, tls).trust_chain_verification = 'ACCEPT_UNTRUSTED'), 'ACCEPT_UNTRUSTED'],
    ['expired', (c) => (resource(c, tls).allow_expired_certificate = true), 'expired'],
    [
      'any name',
      (c) => fill(c, `${options}.upstream_http_protocol_options.auto_san_validation`, false),
      'another name',
    ],
    ['no SNI', (c) => delete resource(c, `${options}.upstream_http_protocol_options`).auto_sni, 'auto_sni is off'],
    ['insecure', (c) => (resource(c, 'cluster_type.typed_config').allow_insecure_cluster_options = true), 'insecure'],
    ['no TLS', (c) => delete c.transport_socket, 'does not use TLS'],
  ])('sees %s', (_name, change, message) => {
    for (const name of ['tls', 'tls_h1']) {
      expect(breaches('clusters', (c) => change(resource(c, `resources[${name}]`))).join(), name).toContain(message);
    }
  });

  it('sees https that goes on in the clear', () => {
    const toPlain = (l: Value) => fill(route(l, 'intercept', 'forward'), 'route.cluster', 'plain');
    expect(breaches('listeners', toPlain).join()).toContain('route forward: sends to cluster plain');
    const policy = examplePolicies['mcp over https']!;
    const clear = (c: Value) => delete resource(c, 'resources[mcp]').transport_socket;
    expect(breaches('clusters', clear, policy).join()).toContain('sends to cluster mcp, which does not use TLS');
    const named = examplePolicies['mcp by names']!;
    const clearNamed = (c: Value) => delete resource(c, 'resources[mcp-files]').transport_socket;
    expect(breaches('clusters', clearNamed, named).join()).toContain('sends to cluster mcp-files, which does not');
  });
});

describe('private-refused', () => {
  const cache = 'cluster_type.typed_config.dns_cache_config';
  const denied = `${options}.http_filters[private].typed_config.rules`;

  it.each<[string, (cluster: Resource) => unknown, string]>([
    ['a range gone', (c) => list(c, `${cache}.resolved_address_filter.ranges`).pop(), 'does not refuse fc00::/7'],
    ['no filter', (c) => delete resource(c, cache).resolved_address_filter, 'does not refuse 0.0.0.0/8'],
    ['the inverse', (c) => (resource(c, `${cache}.resolved_address_filter`).invert_match = true), 'does not refuse'],
    ['the second layer gone', (c) => takeOut(c, `${options}.http_filters`, 'private'), 'does not refuse'],
    ['the second layer open', (c) => fill(c, `${denied}.action`, 'ALLOW'), 'does not refuse'],
    ['a permission gone', (c) => list(c, `${denied}.policies.destination-private.permissions`).pop(), 'fc00::/7'],
    ['c-ares', (c) => delete resource(c, cache).typed_dns_resolver_config, 'resolved by c-ares'],
  ])('sees %s', (_name, change, message) => {
    for (const name of ['plain', 'tls', 'tls_h1']) {
      expect(breaches('clusters', (c) => change(resource(c, `resources[${name}]`))).join(), name).toContain(message);
    }
  });

  it('sees a name that is not trusted on its way to a cluster without refusals', () => {
    const policy = examplePolicies['blocked, trusted and passthrough names']!;
    const found = breaches(
      'listeners',
      (l) => fill(route(l, 'intercept', 'forward'), 'route.cluster', 'tls-trusted'),
      policy,
    );
    expect(found).toContain(
      'guard: private-refused: listener intercept, route forward: names that are not trusted would reach cluster tls-trusted',
    );
    const wider = (l: Value) =>
      fill(route(l, 'egress', 'forward-trusted'), 'match.headers[0].string_match.safe_regex.regex', '.*');
    expect(breaches('listeners', wider, policy).join()).toContain(
      'names that are not trusted would reach cluster plain-trusted',
    );
  });
});

describe('quiet-log', () => {
  it.each(['%REQ(:PATH)%', '%REQ(AUTHORIZATION)%', '%RESP(SET-COOKIE)%', '%QUERY_PARAM(key)%', '%PATH(NQ)%'])(
    'sees %s in a log line and in an answer',
    (operator) => {
      const log = (l: Value) =>
        fill(http(l, 'egress'), 'access_log[0].typed_config.log_format.json_format.host', operator);
      expect(breaches('listeners', log).join()).toContain(`would write ${operator}`);
      const reply = (l: Value) =>
        fill(http(l, 'mcp'), 'local_reply_config.mappers[0].body_format_override.json_format.error.message', operator);
      expect(breaches('listeners', reply).join()).toContain(`would write ${operator}`);
    },
  );

  it('sees a log with the default format', () => {
    const bare = (l: Value) => delete resource(http(l, 'egress'), 'access_log[1].typed_config').log_format;
    expect(breaches('listeners', bare).join()).toContain('the default one writes the path');
  });
});

it('reads the files as they are, and field names no file has are no reason to throw', () => {
  const files = honest(examplePolicy());
  expect(
    guard({ ...files, listeners: 'resources: []', clusters: '{}', bootstrap: '{}', filter: '{}' }, examplePolicy())
      .length,
  ).toBeGreaterThan(0);
  expect(field(parse(files.filter) as Value, 'resources[penstock].name')).toBe('penstock');
});

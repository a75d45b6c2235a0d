/**
 * egress.yaml, intercept.yaml and mcp.yaml: where to listen, which destinations are refused, which routes there are. Long, since
 * what one listener is given mostly stands in the others as well.
 */
import { join } from 'node:path';
import type { ListenAddress, Policy } from '../policy/policy.ts';
import { authorityPattern, loopPattern, ownAuthorityPattern, portPattern } from './authority.ts';
import { field, fill, isResource, list, type Resource, resource, takeOut, type Value } from './field.ts';
import { localReplies } from './local-replies.ts';
import { fillServers } from './mcp-routes.ts';
import type { Runtime } from './runtime.ts';
import { source } from './sources.ts';
import { putStop } from './stop.ts';

/**
 * What a held request may take above the body limit: the filter has to see that a body is over the limit before Envoy
 * does, whose own answer is a bare 413, or 500 for an answer that is held. Chunks of some hundred KiB were seen.
 */
const bodyHeadroomBytes = 1024 * 1024;

const http = (listener: Resource) => resource(listener, `filter_chains[${listener.name}].filters[http].typed_config`);
const routes = 'route_config.virtual_hosts[any].routes';

export function renderListeners(policy: Policy, runtime: Runtime): Resource[] {
  const egress = renderEgress(policy, runtime);
  const all = policy.tls.intercept ? [egress, renderIntercept(policy, egress)] : [egress];
  all.push(renderMcp(policy));
  for (const listener of all) {
    putReading(http(listener), policy, runtime);
    putAccessLog(listener, policy);
    // A tunnel stands in egress, and what is inside it ends with it.
    if (listener.name !== 'intercept') putStop(http(listener), policy, runtime);
    putEncoded(http(listener));
    // On mcp an answer that is blocked in its middle goes on: its message gives way to an error.
    if (listener.name !== 'mcp') putEnd(listener, runtime);
  }
  return all;
}

function renderEgress(policy: Policy, runtime: Runtime): Resource {
  const egress = source('egress');
  fillAddress(egress, policy.listen.proxy);
  const manager = http(egress);
  manager.local_reply_config = localReplies(policy);
  for (const at of ['http_filters[destination]', 'upgrade_configs[CONNECT].filters[destination]']) {
    fillDestination(resource(manager, `${at}.typed_config.rules.policies`), policy);
  }
  fillRoutes(manager, policy);
  putTunnelReader(manager, policy, runtime);
  const urlForm = 'http_filters[url-form].typed_config.config.vm_config.code.local.filename';
  if (policy.webSocket.servesUrlForm) fill(manager, urlForm, runtime.filterWasm);
  else takeOut(manager, 'http_filters', 'url-form');
  return egress;
}

function fillRoutes(manager: Resource, policy: Policy): void {
  for (const page of ['health', 'metrics']) {
    const own = ownAuthorityPattern(policy.listen.proxy.port);
    fill(manager, `${routes}[${page}].match.headers[:authority].string_match.safe_regex.regex`, own);
  }
  if (!hasUnopened(policy)) {
    takeOut(manager, routes, 'passthrough-trusted', 'passthrough');
  } else {
    fillTunnels(manager, policy);
    fillTrusted(manager, policy, 'passthrough-trusted');
  }
  fillTrusted(manager, policy, 'websocket-trusted', 'websocket-secure-trusted', 'forward-trusted');
  fillWebSockets(manager, policy);
  const { servesUrlForm, maxSeconds } = policy.webSocket;
  if (!servesUrlForm) takeOutRoutes(manager, 'websocket-secure', 'websocket-secure-trusted');
  // Nothing sets them apart then.
  if (maxSeconds === undefined) takeOutRoutes(manager, 'websocket', 'websocket-trusted');
  if (!policy.tls.intercept) takeOut(manager, routes, 'intercept');
}

/** Whether there are tunnels that pass unopened. */
export function hasUnopened({ tls }: Policy): boolean {
  return !tls.intercept || tls.passthrough.length > 0;
}

/** The filter in the chain of tunnels, where some pass unopened. */
function putTunnelReader(manager: Resource, policy: Policy, runtime: Runtime): void {
  const filters = 'upgrade_configs[CONNECT].filters';
  if (hasUnopened(policy)) {
    fillFilterFile(list(manager, filters), runtime);
    return;
  }
  takeOut(manager, filters, 'penstock');
  delete resource(manager, `${routes}[intercept]`).typed_per_filter_config;
}

/** Takes those of the routes out that are there. */
function takeOutRoutes(manager: Resource, ...names: string[]): void {
  const there = (list(manager, routes) as { name: string }[]).map(({ name }) => name);
  takeOut(manager, routes, ...names.filter((name) => there.includes(name)));
}

/** Which tunnels pass unread: all without interception, else those of the names listed. */
function fillTunnels(manager: Resource, policy: Policy): void {
  const { intercept, passthrough } = policy.tls;
  for (const name of ['passthrough-trusted', 'passthrough']) {
    const route = field(manager, `${routes}[${name}]`);
    fill(route, 'route.idle_timeout', `${policy.tunnel.idleSeconds}s`);
    fill(route, 'route.max_stream_duration.max_stream_duration', `${policy.tunnel.maxSeconds}s`);
    const unread = authorityPattern(intercept ? passthrough : ['*'], { apex: false });
    const headers = list(route, 'match.headers');
    fill(headers[headers.length - 1]!, 'string_match.safe_regex.regex', unread);
  }
}

/** How long WebSockets may last and be silent, where that is limited. */
function fillWebSockets(manager: Resource, { webSocket: { maxSeconds, idleSeconds } }: Policy): void {
  for (const { name, route } of list(manager, routes) as { name: string; route: Resource }[]) {
    if (!name.startsWith('websocket') || route === undefined) continue;
    if (idleSeconds === undefined) delete route.idle_timeout;
    else fill(route, 'idle_timeout', `${idleSeconds}s`);
    if (maxSeconds === undefined) delete route.max_stream_duration;
    else fill(route, 'max_stream_duration.max_stream_duration', `${maxSeconds}s`);
  }
}

/** The routes of the names that may be at internal addresses. */
function fillTrusted(manager: Resource, policy: Policy, ...names: string[]): void {
  const { trusted } = policy.destinations;
  if (trusted.length === 0) {
    takeOut(manager, routes, ...names);
    return;
  }
  for (const name of names) {
    fill(manager, `${routes}[${name}].match.headers[0].string_match.safe_regex.regex`, authorityPattern(trusted));
  }
}

function fillDestination(policies: Resource, policy: Policy): void {
  const { allowed, blocked } = policy.destinations;
  const ports = [policy.listen.proxy.port, policy.listen.mcp.port].filter((port) => port !== 0);
  const refused = [
    ...(blocked.length > 0 ? [authorityPattern(blocked)] : []),
    ...(ports.length > 0 ? [loopPattern(ports)] : []),
  ];
  fillAuthority(policies, 'destination-blocked', refused.map((pattern) => `(?:${pattern})`).join('|'));
  fillAuthority(policies, 'destination-not-allowed', authorityPattern(allowed ?? []));
  if (refused.length === 0) delete policies['destination-blocked'];
  if (allowed === undefined) delete policies['destination-not-allowed'];
  if (!policy.tls.intercept) delete policies['destination-address'];
  if (policy.tunnel.enabled) delete policies['tunnel-disabled'];
  const port = 'destination-port.permissions[0].and_rules.rules[1].header.string_match.safe_regex.regex';
  if (policy.tunnel.ports === undefined) delete policies['destination-port'];
  else fill(policies, port, portPattern(policy.tunnel.ports));
}

function fillAuthority(policies: Resource, name: string, pattern: string): void {
  fill(policies, `${name}.permissions[0].header.string_match.safe_regex.regex`, pattern);
}

function renderIntercept(policy: Policy, egress: Resource): Resource {
  const intercept = source('intercept');
  const manager = http(intercept);
  manager.local_reply_config = localReplies(policy);
  fill(manager, 'http_filters[destination]', structuredClone(field(http(egress), 'http_filters[destination]')));
  fillTrusted(manager, policy, 'websocket-trusted', 'forward-trusted');
  fillWebSockets(manager, policy);
  fill(manager, 'common_http_protocol_options.idle_timeout', `${policy.tunnel.idleSeconds}s`);
  fill(manager, 'common_http_protocol_options.max_connection_duration', `${policy.tunnel.maxSeconds}s`);
  return intercept;
}

function renderMcp(policy: Policy): Resource {
  const mcp = source('mcp');
  fillAddress(mcp, policy.listen.mcp);
  fillServers(http(mcp), policy);
  return mcp;
}

function fillAddress(listener: Resource, address: ListenAddress): void {
  fill(listener, 'address.socket_address', { address: address.address, port_value: address.port });
}

/** The access log of replies.yaml, which tells of the exchanges that policy wants to hear of. */
function putAccessLog(listener: Resource, policy: Policy): void {
  const replies = source('replies');
  fill(replies, 'access_log[exchange].typed_config.log_format.json_format.listener', listener.name!);
  // Envoy wants two filters where one says `and`.
  const isAll = policy.toldExchanges === 'all';
  if (isAll)
    fill(replies, 'access_log[exchange].filter', field(replies, 'access_log[exchange].filter.and_filter.filters[0]'));
  if (policy.toldExchanges === 'none') takeOut(replies, 'access_log', 'exchange');
  http(listener).access_log = field(replies, 'access_log');
}

/** The filter of end.yaml, in front of the connection manager. */
function putEnd(listener: Resource, runtime: Runtime): void {
  const end = source('end');
  fill(end, 'typed_config.config.vm_config.code.local.filename', runtime.filterWasm);
  const filters = list(listener, `filter_chains[${listener.name}].filters`);
  filters.splice(filters.indexOf(field(filters, '[http]')), 0, end);
}

/** The whole of reading.yaml in the place of `penstock`, and the limit of the bodies that it holds. */
function putReading(manager: Resource, policy: Policy, runtime: Runtime): void {
  const reading = source('reading');
  fillFilterFile(reading, runtime);
  fill(reading, '[penstock.probe].typed_config.config.vm_config.code.local.filename', runtime.filterWasm);
  const filters = list(manager, 'http_filters');
  filters.splice(filters.indexOf(field(filters, '[penstock]')), 1, ...reading);
  // Envoy has one limit for both directions.
  const limit = Math.max(policy.maxRequestBodyBytes, policy.maxResponseBytes) + bodyHeadroomBytes;
  fill(manager, 'route_config.virtual_hosts[any].request_body_buffer_limit', limit);
}

/** Where Envoy reads the configuration of the filter `penstock` of the list. */
function fillFilterFile(filters: Value[], runtime: Runtime): void {
  const files = 'config_discovery.config_source.path_config_source';
  fill(filters, `[penstock].${files}.path`, join(runtime.filterDirectory, 'filter.yaml'));
  fill(filters, `[penstock].${files}.watched_directory.path`, runtime.filterDirectory);
}

/**
 * Before each route whose requests are read, the same one for requests with a content-encoding: there the filter that opens
 * them is on (envoy/reading.yaml).
 */
function putEncoded(manager: Resource): void {
  const all = list(manager, routes).filter(isResource);
  fill(
    manager,
    routes,
    all.flatMap((route) => (isReadRoute(route) ? [encodedRoute(route), route] : [route])),
  );
}

/** Whether the filter reads a route's requests: no tunnel, and not one that is answered without it. */
export function isReadRoute(route: Resource): boolean {
  const match = route.match as Resource;
  return (
    route.typed_per_filter_config === undefined && route.route !== undefined && match.connect_matcher === undefined
  );
}

/** The route for the requests of `route` that have a content-encoding. */
export function encodedRoute(route: Resource): Resource {
  const twin = structuredClone(route);
  const match = twin.match as Resource;
  const headers = (match.headers ?? []) as Value[];
  match.headers = [...headers, { name: 'content-encoding', present_match: true }];
  return {
    ...twin,
    name: `${route.name}-encoded`,
    typed_per_filter_config: {
      'request-decompression': { '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', config: {} },
    },
  };
}

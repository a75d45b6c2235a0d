/** clusters.yaml: what a name may resolve to, which roots are trusted, where the MCP server and the sockets are. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { IpRange, Policy } from '../policy/policy.ts';
import { refusedRanges } from '../policy/ranges.ts';
import { fillPipe } from './bootstrap.ts';
import { field, fill, type Resource, resource, takeOut } from './field.ts';
import type { Runtime } from './runtime.ts';
import { source } from './sources.ts';

const protocolOptions = 'typed_extension_protocol_options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]';
const trustedCa = 'transport_socket.typed_config.common_tls_context.validation_context.trusted_ca.filename';
const dnsCache = 'cluster_type.typed_config.dns_cache_config';

export function renderClusters(policy: Policy, runtime: Runtime): Resource[] {
  const clusters = source('clusters');
  const at = (name: string) => resource(clusters, `resources[${name}]`);
  for (const name of ['tls', 'tls_h1', 'mcp']) fill(at(name), trustedCa, policy.tls.upstreamCaFile);
  fillPipe(at('health'), runtime.controlSocket, 0);
  fillPipe(at('health'), runtime.adminSocket, 1);
  fillPipe(at('control'), runtime.controlSocket);
  fillPipe(at('pins'), runtime.pinsSocket);
  fillPipe(at('redirect'), runtime.handlerSocket);
  const named = policy.mcpUpstreams.map(({ name, url }) => namedTwin(at('mcp'), name, url));
  if (policy.mcpUpstream) fillMcp(at('mcp'), policy.mcpUpstream);
  else takeOut(clusters, 'resources', 'mcp');
  const hasMcp = policy.mcpUpstream !== undefined || named.length > 0;
  if (!hasMcp) takeOut(clusters, 'resources', 'pins');
  if (!hasMcp || !policy.redirectsCalls) takeOut(clusters, 'resources', 'redirect');
  if (!policy.tls.intercept) takeOut(clusters, 'resources', 'tls', 'intercept');
  const securesWebSockets = policy.tls.intercept || policy.webSocket.servesUrlForm;
  if (!securesWebSockets) takeOut(clusters, 'resources', 'tls_h1');

  // The clusters that resolve names given by clients.
  const forward = ['plain', ...(policy.tls.intercept ? ['tls'] : []), ...(securesWebSockets ? ['tls_h1'] : [])].map(at);
  const trusted = policy.destinations.trusted.length > 0 ? forward.map(trustedTwin) : [];
  const ranges = refusedRanges(policy.destinations.privateRanges, policy.destinations.allowedRanges);
  for (const cluster of forward) refusePrivate(cluster, ranges);
  return [...(clusters.resources as Resource[]), ...named, ...trusted];
}

/** The same cluster for names that may be at any address, with a DNS cache of its own. */
function trustedTwin(cluster: Resource): Resource {
  const twin = structuredClone(cluster);
  twin.name = `${cluster.name}-trusted`;
  const cache = resource(twin, dnsCache);
  cache.name = `${cache.name}-trusted`;
  delete cache.resolved_address_filter;
  takeOut(twin, `${protocolOptions}.http_filters`, 'private');
  return twin;
}

function refusePrivate(cluster: Resource, ranges: IpRange[]): void {
  const cidrs = ranges.map(({ address, prefixLength }) => ({ address_prefix: address, prefix_len: prefixLength }));
  fill(cluster, `${dnsCache}.resolved_address_filter.ranges`, cidrs);
  // Envoy holds a cache by its name and refuses other settings for it; a reload may change these.
  const generation = createHash('sha256').update(JSON.stringify(cidrs)).digest('hex').slice(0, 8);
  fill(cluster, `${dnsCache}.name`, `${field(cluster, `${dnsCache}.name`)}-${generation}`);
  const policy = `${protocolOptions}.http_filters[private].typed_config.rules.policies.destination-private`;
  const matcher = field(cluster, `${policy}.permissions[0]`);
  const permissions = cidrs.map((cidr) => {
    const permission = structuredClone(matcher);
    fill(permission, 'matcher.typed_config.upstream_ip', cidr);
    return permission;
  });
  fill(cluster, `${policy}.permissions`, permissions);
}

/** The cluster of a server's name on 8889. */
export function upstreamCluster(name: string): string {
  return `mcp-${name}`;
}

function namedTwin(mcp: Resource, name: string, url: URL): Resource {
  const twin = structuredClone(mcp);
  twin.name = upstreamCluster(name);
  fill(twin, 'load_assignment.cluster_name', twin.name);
  fillMcp(twin, url);
  return twin;
}

function fillMcp(cluster: Resource, upstream: URL): void {
  const secure = upstream.protocol === 'https:';
  const host = upstream.hostname.replace(/^\[(.*)\]$/, '$1');
  const endpoint = 'load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address';
  fill(cluster, endpoint, { address: host, port_value: Number(upstream.port || (secure ? 443 : 80)) });
  if (isIP(host)) fill(cluster, 'type', 'STATIC');
  if (!secure) delete cluster.transport_socket;
}

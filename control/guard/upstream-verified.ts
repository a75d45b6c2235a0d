/** A certificate that an origin shows is verified, roots and name; what came by TLS goes on by TLS. */
import type { Policy } from '../policy/policy.ts';
import { upstreamCluster } from '../render/clusters.ts';
import type { Resource } from '../render/field.ts';
import { type Breach, breachOf, look, ofType, type Parsed, routePlace, routesOf } from './breach.ts';

const breach = breachOf('upstream-verified');
const tlsType = 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';

export function upstreamVerified({ clusters, listeners }: Parsed, policy: Policy): Breach[] {
  const breaches = clusters.flatMap((cluster) => clusterBreaches(cluster, policy));
  const secure = new Set(clusters.filter((c) => ofType(c, tlsType).length > 0).map((c) => c.name));
  const servers = [
    ...(policy.mcpUpstream ? [{ cluster: 'mcp', url: policy.mcpUpstream }] : []),
    ...policy.mcpUpstreams.map(({ name, url }) => ({ cluster: upstreamCluster(name), url })),
  ];
  const secureServers = new Set<unknown>(
    servers.filter(({ url }) => url.protocol === 'https:').map(({ cluster }) => cluster),
  );
  for (const listener of listeners) {
    for (const route of routesOf(listener)) {
      const cluster = look(route, 'route', 'cluster');
      const mustBeSecure = listener.name === 'intercept' || secureServers.has(cluster);
      if (mustBeSecure && cluster !== undefined && !secure.has(cluster)) {
        breaches.push(breach(routePlace(listener, route), `sends to cluster ${cluster}, which does not use TLS`));
      }
    }
  }
  return breaches;
}

function clusterBreaches(cluster: Resource, policy: Policy): Breach[] {
  const place = `cluster ${cluster.name}`;
  const breaches: Breach[] = [];
  for (const { resource } of ofType(cluster, tlsType)) {
    const validation = look(resource, 'common_tls_context', 'validation_context');
    const roots = look(validation, 'trusted_ca', 'filename');
    if (roots !== policy.tls.upstreamCaFile) {
      breaches.push(
        breach(place, `certificates are checked against ${roots ?? 'nothing'}, not ${policy.tls.upstreamCaFile}`),
      );
    }
    const trust = look(validation, 'trust_chain_verification');
    if (trust !== undefined) breaches.push(breach(place, `trust_chain_verification ${trust}`));
    if (look(validation, 'allow_expired_certificate')) breaches.push(breach(place, 'expired certificates would pass'));
    const options = ofType(cluster, 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions')[0]?.resource;
    for (const key of ['auto_sni', 'auto_san_validation']) {
      if (look(options, 'upstream_http_protocol_options', key) !== true) {
        breaches.push(breach(place, `${key} is off: a certificate of another name would pass`));
      }
    }
  }
  if (look(cluster, 'cluster_type', 'typed_config', 'allow_insecure_cluster_options')) {
    breaches.push(breach(place, 'allow_insecure_cluster_options is on'));
  }
  return breaches;
}

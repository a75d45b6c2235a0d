/** A name given by a client leads to no internal address, unless the policy trusts the name. */
import type { IpRange, Policy } from '../policy/policy.ts';
import { refusedRanges } from '../policy/ranges.ts';
import { authorityPattern } from '../render/authority.ts';
import type { Resource } from '../render/field.ts';
import {
  authorityOf,
  type Breach,
  breachOf,
  look,
  members,
  ofType,
  type Parsed,
  routePlace,
  routesOf,
} from './breach.ts';

const breach = breachOf('private-refused');
const resolver = 'envoy.network.dns_resolver.getaddrinfo';

export function privateRefused({ clusters, listeners }: Parsed, policy: Policy): Breach[] {
  const forward = clusters.filter((c) => look(c, 'cluster_type', 'name') === 'envoy.clusters.dynamic_forward_proxy');
  const open = new Set<unknown>();
  const breaches: Breach[] = [];
  for (const cluster of forward) {
    const place = `cluster ${cluster.name}`;
    const cache = look(cluster, 'cluster_type', 'typed_config', 'dns_cache_config');
    const used = look(cache, 'typed_dns_resolver_config', 'name');
    if (used !== resolver) breaches.push(breach(place, `names are resolved by ${used ?? 'c-ares'}, not ${resolver}`));
    const missing = refusedRanges(policy.destinations.privateRanges, policy.destinations.allowedRanges).filter(
      (range) => !refuses(cluster, range),
    );
    if (missing.length === 0) continue;
    open.add(cluster.name);
    if (!String(cluster.name).endsWith('-trusted')) {
      const ranges = missing.map((r) => `${r.address}/${r.prefixLength}`).join(', ');
      breaches.push(breach(place, `does not refuse ${ranges}`));
    }
  }
  const trusted = authorityPattern(policy.destinations.trusted);
  for (const listener of listeners) {
    for (const route of routesOf(listener)) {
      const cluster = look(route, 'route', 'cluster');
      if (!open.has(cluster)) continue;
      if (authorityOf(route.match) !== trusted) {
        breaches.push(breach(routePlace(listener, route), `names that are not trusted would reach cluster ${cluster}`));
      }
    }
  }
  return breaches;
}

/** Whether both layers refuse the range: after resolution, and before the connection. */
function refuses(cluster: Resource, range: IpRange): boolean {
  const is = (cidr: unknown): boolean =>
    look(cidr as Resource, 'address_prefix') === range.address &&
    look(cidr as Resource, 'prefix_len') === range.prefixLength;
  const filter = look(cluster, 'cluster_type', 'typed_config', 'dns_cache_config', 'resolved_address_filter');
  if (look(filter, 'invert_match')) return false;
  const rbac = ofType(cluster, 'envoy.extensions.filters.http.rbac.v3.RBAC').map((f) => f.resource.rules);
  const denied = rbac
    .filter((rules) => look(rules, 'action') === 'DENY')
    .flatMap((rules) => members(look(rules, 'policies', 'destination-private', 'permissions')));
  return (
    members(look(filter, 'ranges')).some(is) &&
    denied.some((permission) => is(look(permission, 'matcher', 'typed_config', 'upstream_ip')))
  );
}

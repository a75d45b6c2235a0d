/** Envoy's admin interface is a Unix socket, and no request can reach it but as GET /ready. */
import { type Breach, breachOf, look, members, type Parsed, routePlace, routesOf } from './breach.ts';

const breach = breachOf('admin-closed');
const ownerOnly = 0o600;

/** What control and the supervisor ask for. */
const allowed = new Set([
  '/ready',
  '/stats/prometheus',
  '/stats/prometheus?',
  '/drain_listeners',
  '/drain_listeners?graceful',
  '/listeners',
]);

/** The one path that each local cluster may be asked for, and what it is sent as (undefined: as it came). */
const pages: Record<string, { path: string; sentAs: string | undefined }> = {
  health: { path: '/health', sentAs: '/ready' },
  control: { path: '/metrics', sentAs: undefined },
};

export function adminClosed({ bootstrap, listeners, clusters }: Parsed): Breach[] {
  const breaches: Breach[] = [];
  const pipe = look(bootstrap, 'admin', 'address', 'pipe');
  if (pipe === undefined) breaches.push(breach('bootstrap, admin', 'listens on a network address'));
  else if (look(pipe, 'mode') !== ownerOnly) {
    breaches.push(breach('bootstrap, admin', `socket mode ${look(pipe, 'mode')} is not 384 (octal 600)`));
  }
  const paths = members(look(bootstrap, 'admin', 'allow_paths'));
  if (paths.length === 0)
    breaches.push(breach('bootstrap, admin', 'allow_paths is empty: every command would be open'));
  for (const path of paths) {
    const text = Object.values(path).join();
    if (!allowed.has(text)) breaches.push(breach('bootstrap, admin', `allow_paths opens ${text}`));
  }

  const adminPath = look(pipe, 'path');
  for (const cluster of clusters) {
    const isAdmin = JSON.stringify(cluster.load_assignment ?? null).includes(JSON.stringify(adminPath ?? 'none'));
    if (isAdmin && cluster.name !== 'health') {
      breaches.push(breach(`cluster ${cluster.name}`, 'leads to the admin socket'));
    }
  }

  const local = new Set(clusters.filter(isLocal).map((c) => String(c.name)));
  for (const listener of listeners) {
    for (const route of routesOf(listener)) {
      const cluster = look(route, 'route', 'cluster');
      if (typeof cluster !== 'string') {
        if (route.route !== undefined)
          breaches.push(breach(routePlace(listener, route), 'a request chooses the cluster'));
        continue;
      }
      if (!local.has(cluster)) continue;
      const page = pages[cluster];
      const place = routePlace(listener, route);
      const isGet = members(look(route, 'match', 'headers')).some(
        (h) => h.name === ':method' && look(h, 'string_match', 'exact') === 'GET' && !h.invert_match,
      );
      if (page === undefined || look(route, 'match', 'path') !== page.path || !isGet) {
        breaches.push(breach(place, `leads to cluster ${cluster} by more than GET ${page?.path ?? '(nothing)'}`));
      } else if (look(route, 'route', 'prefix_rewrite') !== page.sentAs) {
        breaches.push(breach(place, `asks cluster ${cluster} for ${look(route, 'route', 'prefix_rewrite')}`));
      }
    }
  }
  return breaches;
}

function isLocal(cluster: Parsed['clusters'][number]): boolean {
  return JSON.stringify(cluster.load_assignment ?? null).includes('"pipe"');
}

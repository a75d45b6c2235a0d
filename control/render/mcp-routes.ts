/** The routes of mcp.yaml: which server a path leads to. */
import type { Policy } from '../policy/policy.ts';
import { upstreamCluster } from './clusters.ts';
import { fill, list, type Resource, resource, takeOut } from './field.ts';

const routes = 'route_config.virtual_hosts[any].routes';

/** Fills the routes of a connection manager: those of servers with names of their own come first. */
export function fillServers(manager: Resource, policy: Policy): void {
  const template = resource(manager, `${routes}[named]`);
  const endpoint = resource(manager, `${routes}[named-endpoint]`);
  takeOut(manager, routes, 'named');
  takeOut(manager, routes, 'named-endpoint');
  const named = policy.mcpUpstreams.flatMap(({ name, url }) => [
    endpointRoute(endpoint, name, url),
    namedRoute(template, name, url),
  ]);
  list(manager, routes).unshift(...named);
  if (!policy.mcpUpstream) {
    takeOut(manager, routes, 'upstream');
    takeOut(manager, routes, 'endpoint');
    // What answers there asks for no token, so where one is needed it names nothing.
    if (policy.mcpUpstreams.length > 0 && policy.mcpTokenDigests.length === 0)
      fillKnown(resource(manager, `${routes}[no-upstream].direct_response`), policy);
    return;
  }
  takeOut(manager, routes, 'no-upstream');
  const route = `${routes}[upstream].route`;
  fill(manager, `${route}.host_rewrite_literal`, policy.mcpUpstream.host);
  fill(manager, `${routes}[endpoint].route.host_rewrite_literal`, policy.mcpUpstream.host);
  fill(manager, `${route}.regex_rewrite.substitution`, substitution(policy.mcpUpstream));
}

/** The path of a server as a substitution, where a backslash names a group of the pattern. */
function substitution({ pathname }: URL): string {
  return pathname.replaceAll('\\', '\\\\');
}

/** A URL that names an endpoint is where all of the name's paths lead; one that names a server alone gets the rest of the path. */
function namedRoute(template: Resource, name: string, url: URL): Resource {
  const route = routeTo(template, name, url, `/${name}`);
  route.name = upstreamCluster(name);
  const rest = { pattern: { regex: `^/${name}/?(.*)$` }, substitution: '/\\1' };
  if (url.pathname === '/') fill(route, 'route.regex_rewrite', rest);
  else fill(route, 'route.regex_rewrite.substitution', substitution(url));
  return route;
}

/** The route of paths that the server has named. */
function endpointRoute(template: Resource, name: string, url: URL): Resource {
  const route = routeTo(template, name, url, `/${name}/~`);
  route.name = `${upstreamCluster(name)}-endpoint`;
  fill(route, 'route.regex_rewrite.pattern.regex', `^/${name}/~(/.*)$`);
  return route;
}

/** A route of what begins with a prefix to the server with a name. */
function routeTo(template: Resource, name: string, url: URL, prefix: string): Resource {
  const route = structuredClone(template);
  fill(route, 'match.path_separated_prefix', prefix);
  fill(route, 'route.cluster', upstreamCluster(name));
  fill(route, 'route.host_rewrite_literal', url.host);
  return route;
}

/** What the answer to a path that leads nowhere says where other paths lead somewhere. */
function fillKnown(response: Resource, { mcpUpstreams }: Policy): void {
  const known = mcpUpstreams.map(({ name }) => `/${name}`).join(', ');
  fill(response, 'status', 404);
  const message = `penstock: no MCP server is behind this path; there are ${known}`;
  fill(response, 'body_format.json_format.error.message', message);
}

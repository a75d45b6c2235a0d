/** Every exchange is read, but for the tunnels that the policy lets pass unread, and the policy's destinations hold. */
import { isDeepStrictEqual } from 'node:util';
import type { Policy } from '../policy/policy.ts';
import { authorityPattern } from '../render/authority.ts';
import type { Resource } from '../render/field.ts';
import { encodedRoute, hasUnopened, isReadRoute } from '../render/listeners.ts';
import {
  authorityOf,
  type Breach,
  breachOf,
  look,
  managers,
  members,
  type Parsed,
  routePlace,
  routesOf,
} from './breach.ts';
import { destinationBreaches } from './destination.ts';

const breach = breachOf('no-bypass');

/** What reads, in the order it has to stand; other filters may stand before it, only the router after it. */
const reading = ['request-decompression', 'penstock', 'response-decompression', 'penstock.probe', 'router'];
/** Off but on routes of its own: encodedBreaches. */
const openedOnRoutes = 'request-decompression';
/** The content codings that are opened for the filter (RFC 9110 section 8.4.1); it refuses any other. */
const codings = ['gzip', 'br', 'zstd'];

export function noBypass({ listeners }: Parsed, policy: Policy): Breach[] {
  const breaches: Breach[] = [];
  for (const listener of listeners) {
    const place = `listener ${listener.name}`;
    for (const manager of managers(listener)) {
      breaches.push(...chainBreaches(place, manager), ...rewriteBreaches(place, manager));
      if (hasUnopened(policy)) breaches.push(...tunnelBreaches(place, manager));
      breaches.push(...destinationBreaches(String(listener.name), manager, policy));
    }
    if (managers(listener).length === 0)
      breaches.push(breach(place, 'has no HTTP connection manager: nothing reads it'));
    const routes = routesOf(listener);
    routes.forEach((route, i) => {
      breaches.push(
        ...routeBreaches(listener, route, routes[i + 1], policy),
        ...encodedBreaches(listener, route, routes[i - 1]),
      );
    });
  }
  return breaches;
}

function chainBreaches(place: string, manager: Resource): Breach[] {
  const breaches: Breach[] = [];
  const names = members(manager.http_filters).map((f) => f.name);
  const read = names.slice(-reading.length);
  if (read.join() !== reading.join()) {
    breaches.push(breach(place, `filters end in ${read.join(', ')}; they must end in ${reading.join(', ')}`));
  }
  for (const filter of members(manager.http_filters)) {
    if (filter.disabled && filter.name !== openedOnRoutes)
      breaches.push(breach(`${place}, filter ${filter.name}`, 'is disabled'));
    breaches.push(...decompressionBreaches(`${place}, filter ${filter.name}`, filter));
  }
  for (const upgrade of members(manager.upgrade_configs)) {
    if (upgrade.filters !== undefined && upgrade.upgrade_type !== 'CONNECT') {
      breaches.push(breach(`${place}, upgrade ${upgrade.upgrade_type}`, 'has filters of its own: nothing reads it'));
    }
  }
  return breaches;
}

/** What passes unopened is seen to be TLS for the host of its tunnel. */
function tunnelBreaches(place: string, manager: Resource): Breach[] {
  return members(manager.upgrade_configs)
    .filter(({ upgrade_type }) => upgrade_type === 'CONNECT')
    .flatMap(({ filters }) => {
      const names = members(filters).map(({ name }) => name);
      const isLast = names.at(-2) === 'penstock' && names.at(-1) === 'router';
      return isLast ? [] : [breach(`${place}, upgrade CONNECT`, 'tunnels that are not opened would pass unseen')];
    });
}

/** Each coding has its decompressor, and nothing in a message keeps it from opening the body. */
function decompressionBreaches(place: string, filter: Resource): Breach[] {
  const [direction] = String(filter.name).split('-');
  if (!String(filter.name).endsWith('-decompression')) return [];
  const matchers = members(look(filter, 'typed_config', 'xds_matcher', 'matcher_list', 'matchers'));
  const breaches = codings
    .filter((coding) => !matchers.some((matcher) => matchedCoding(matcher) === coding))
    .map((coding) => breach(place, `${coding} is not opened: such a ${direction} would pass compressed`));
  for (const matcher of matchers) {
    const action = look(matcher, 'on_match', 'action');
    const decompressor = look(action, 'typed_config', 'typed_config', 'typed_config');
    const config = look(decompressor, `${direction}_direction_config`, 'common_config');
    const at = `${place}, ${look(action, 'name')}`;
    if (look(config, 'enabled') !== undefined) breaches.push(breach(at, `can be switched off for ${direction}s`));
    if (look(config, 'ignore_no_transform_header') !== true)
      breaches.push(breach(at, `a ${direction} with cache-control: no-transform would pass compressed`));
  }
  return breaches;
}

/** The coding that a matcher is for, or undefined where it does not match it in any case. */
function matchedCoding(matcher: Resource): unknown {
  const predicate = look(matcher, 'predicate', 'single_predicate');
  if (look(predicate, 'input', 'typed_config', 'header_name') !== 'content-encoding') return undefined;
  return look(predicate, 'value_match', 'ignore_case') === true ? look(predicate, 'value_match', 'exact') : undefined;
}

/** Envoy must not change what the filter has read. */
function rewriteBreaches(place: string, manager: Resource): Breach[] {
  return ['normalize_path', 'merge_slashes'].flatMap((key) =>
    manager[key] === false ? [] : [breach(place, `${key} is not off: the path sent would not be the path read`)],
  );
}

/** A route whose requests are read comes behind the same one for encoded requests, where they are opened. */
function encodedBreaches(listener: Resource, route: Resource, before: Resource | undefined): Breach[] {
  if (!isReadRoute(route) || isDeepStrictEqual(before, encodedRoute(route))) return [];
  return [
    breach(routePlace(listener, route), 'has no route of its own for encoded requests: they would not be opened'),
  ];
}

function routeBreaches(listener: Resource, route: Resource, behind: Resource | undefined, policy: Policy): Breach[] {
  const breaches: Breach[] = [];
  const place = routePlace(listener, route);
  const cluster = look(route, 'route', 'cluster');
  const isTunnel = look(route, 'match', 'connect_matcher') !== undefined;
  const isAnswered = route.direct_response !== undefined || cluster === 'health' || cluster === 'control';
  for (const filter of [...reading.slice(0, -1), 'destination']) {
    const overrides = look(route, 'typed_per_filter_config', filter) !== undefined;
    const isEncoded =
      filter === openedOnRoutes && behind !== undefined && isDeepStrictEqual(route, encodedRoute(behind));
    const isOpened = filter === 'penstock' && isTunnel && cluster === 'intercept';
    if (overrides && !isAnswered && !isEncoded && !isOpened)
      breaches.push(breach(place, `overrides filter ${filter}: its requests would not be read`));
  }
  if (isTunnel && cluster !== 'intercept' && route.direct_response === undefined && policy.tls.intercept) {
    const unread = authorityPattern(policy.tls.passthrough, { apex: false });
    if (authorityOf(route.match, 'last') !== unread) {
      breaches.push(breach(place, 'tunnels of names that are not in the passthrough list would pass unread'));
    }
  }
  if (isTunnel && cluster === 'intercept' && !policy.tls.intercept) {
    breaches.push(breach(place, 'tunnels would be opened, and the policy does not intercept'));
  }
  return breaches;
}

/** What the guard reports, and how its checks walk Envoy's resources. */
import { isResource, type Resource, type Value } from '../render/field.ts';

/** A promise that the rendered files would break. */
export interface Breach {
  /** The promise: the name of the file that checks it. */
  promise: string;
  /** Where: "listener egress, filter penstock". */
  place: string;
  /** `guard: PROMISE: PLACE: what would happen`. */
  message: string;
}

/** The rendered files, parsed from the bytes that Envoy reads. */
export interface Parsed {
  bootstrap: Resource;
  listeners: Resource[];
  clusters: Resource[];
  /** The filter's extension resources. */
  filters: Resource[];
  /** All of them, each with a name for messages. */
  all: [place: string, root: Value][];
}

/** Makes breaches of one promise. */
export function breachOf(promise: string): (place: string, what: string) => Breach {
  return (place, what) => ({ promise, place, message: `guard: ${promise}: ${place}: ${what}` });
}

/** Every mapping below `root`, itself included, with the keys that lead to it; list members by name where they have one. */
export function* walk(root: Value, path: string[] = []): Generator<{ resource: Resource; path: string[] }> {
  if (Array.isArray(root)) {
    for (const [i, value] of root.entries()) {
      const name = isResource(value) && typeof value.name === 'string' ? value.name : String(i);
      yield* walk(value, [...path, name]);
    }
  } else if (isResource(root)) {
    yield { resource: root, path };
    for (const [key, value] of Object.entries(root)) yield* walk(value, [...path, key]);
  }
}

/** The mappings below `root` of one of Envoy's types ("…v3.Wasm"). */
export function ofType(root: Value, type: string): { resource: Resource; path: string[] }[] {
  return [...walk(root)].filter(({ resource }) => resource['@type'] === `type.googleapis.com/${type}`);
}

/** The value at `path` below `value`, or undefined: for reading what may not be there. */
export function look(value: Value | undefined, ...path: (string | number)[]): Value | undefined {
  let at: Value | undefined = value;
  for (const step of path) {
    if (Array.isArray(at)) at = typeof step === 'number' ? at[step] : at.find((v) => look(v, 'name') === step);
    else at = isResource(at) ? at[step] : undefined;
  }
  return at;
}

/** The value as a list of mappings; empty where it is none. */
export function members(value: Value | undefined): Resource[] {
  return Array.isArray(value) ? value.filter(isResource) : [];
}

/** The HTTP connection managers of a listener. */
export function managers(listener: Resource): Resource[] {
  const type = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
  return ofType(listener, type).map((found) => found.resource);
}

/** The routes of a listener, in their order. */
export function routesOf(listener: Resource): Resource[] {
  return managers(listener).flatMap((manager) =>
    members(look(manager, 'route_config', 'virtual_hosts')).flatMap((host) => members(host.routes)),
  );
}

/** The text that names a place inside a listener. */
export function routePlace(listener: Resource, route: Resource): string {
  return `listener ${listener.name}, route ${route.name ?? '?'}`;
}

/** The pattern that a route wants `:authority` to match, or undefined. */
export function authorityOf(match: Value | undefined, place: 'first' | 'last' = 'first'): Value | undefined {
  const headers = members(look(match, 'headers')).filter((h) => h.name === ':authority' && !h.invert_match);
  return look(headers.at(place === 'first' ? 0 : -1), 'string_match', 'safe_regex', 'regex');
}

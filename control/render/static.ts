/** One envoy.yaml out of the rendered files, for `envoy --mode validate` and for people. */
import { parse, stringify } from 'yaml';
import { list, type Resource, resource, type Value } from './field.ts';
import type { EnvoyFiles } from './runtime.ts';

/**
 * The files as one: listeners and clusters are static and the filter stands where it is used. It refers to no other
 * file but the compiled filter and the upstream roots.
 */
export function joinStatic(files: EnvoyFiles): string {
  const bootstrap = parse(files.bootstrap) as Resource;
  const listeners = list(parse(files.listeners) as Value, 'resources').map(withoutType);
  const clusters = list(parse(files.clusters) as Value, 'resources').map(withoutType);
  const filter = resource(parse(files.filter) as Value, 'resources[penstock].typed_config');
  for (const listener of listeners) {
    const manager = resource(listener, `filter_chains[${listener.name}].filters[http].typed_config`);
    const upgrades = ((manager.upgrade_configs ?? []) as Resource[]).map((upgrade) => upgrade.filters as Value[]);
    for (const filters of [list(manager, 'http_filters'), ...upgrades]) {
      const at = filters?.findIndex((one) => (one as Resource).name === 'penstock') ?? -1;
      if (at >= 0) filters[at] = { name: 'penstock', typed_config: filter };
    }
  }
  const dynamic = resource(bootstrap, 'dynamic_resources');
  delete dynamic.lds_config;
  delete dynamic.cds_config;
  bootstrap.static_resources = {
    listeners,
    clusters: [...list(bootstrap, 'static_resources.clusters'), ...clusters],
  };
  return stringify(bootstrap, { aliasDuplicateObjects: false, lineWidth: 0 });
}

function withoutType(value: Value): Resource {
  const { '@type': _, ...rest } = value as Resource;
  return rest;
}

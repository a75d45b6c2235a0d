/**
 * Policy → Envoy's resources. The files of envoy/ are filled field by field; what a file shares with another is written
 * once, in reading.yaml, replies.yaml or clusters.yaml, and put in its place here.
 */
import { stringify } from 'yaml';
import type { Policy } from '../policy/policy.ts';
import { renderBootstrap } from './bootstrap.ts';
import { renderClusters } from './clusters.ts';
import type { Resource, Value } from './field.ts';
import { renderFilter } from './filter.ts';
import { renderListeners } from './listeners.ts';
import type { EnvoyFiles, Runtime } from './runtime.ts';

export type { EnvoyFiles, Runtime } from './runtime.ts';
export { joinStatic } from './static.ts';

/**
 * The files that Envoy reads.
 * @param table the compiled rules and verdicts, as the filter takes them
 * @throws Error where envoy/*.yaml lacks a field that is filled
 */
export function render(policy: Policy, table: Uint8Array, runtime: Runtime): EnvoyFiles {
  return {
    bootstrap: text(renderBootstrap(runtime)),
    listeners: text({ resources: renderListeners(policy, runtime) as Value[] }),
    clusters: text({ resources: renderClusters(policy, runtime) as Value[] }),
    filter: text(renderFilter(table, runtime)),
  };
}

// No aliases and no folding: what is written is what a person or the guard finds by its name.
function text(resource: Resource): string {
  return stringify(resource, { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** The kill switch: its filters in the listeners, and the files that throw it. */
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Policy } from '../policy/policy.ts';
import { field, fill, list, type Resource, resource, type Value } from './field.ts';
import type { Runtime } from './runtime.ts';
import { source } from './sources.ts';

/** The filters behind which the switch stands: they tell the log who asked. */
const before = ['tell-next-listener', 'tell-client'];

/** Puts the switch into a listener's chains; its message into its answers. Nothing where the policy has none. */
export function putStop(manager: Resource, policy: Policy, runtime: Runtime): void {
  const { stop } = policy;
  if (!stop) return;
  const chains = [list(manager, 'http_filters')];
  const upgrades = (manager.upgrade_configs ?? []) as Resource[];
  for (const { filters } of upgrades) if (Array.isArray(filters)) chains.push(filters);
  for (const chain of chains) {
    const at = chain.findIndex((filter) => before.includes(String((filter as Resource).name)));
    chain.splice(at + 1, 0, ...stopFilters(runtime));
  }
  for (const route of list(manager, 'route_config.virtual_hosts[any].routes') as Resource[]) {
    const isExempt = (route.name === 'health' && stop.sparesHealth) || (route.name === 'metrics' && stop.sparesMetrics);
    if (!isExempt) continue;
    const off = { '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', disabled: true };
    Object.assign(resource(route, 'typed_per_filter_config'), { stop: off, cut: off });
  }
  for (const mapper of list(manager, 'local_reply_config.mappers') as Resource[]) {
    if (!JSON.stringify(mapper.filter).includes('[kill-switch]')) continue;
    // A percent sign begins a command of Envoy's.
    fill(mapper, 'body_format_override.json_format.error.message', stop.message.replaceAll('%', '%%'));
  }
}

function stopFilters(runtime: Runtime): Value[] {
  const filters = source('stop');
  for (const name of ['stop', 'cut'] as const) {
    const files = `[${name}].config_discovery.config_source.path_config_source`;
    const file = stopFile(runtime, name);
    fill(filters, `${files}.path`, file);
    fill(filters, `${files}.watched_directory.path`, dirname(file));
  }
  return filters;
}

/** The file that one of the two filters is configured by. */
export function stopFile(runtime: Runtime, name: 'stop' | 'cut'): string {
  return join(runtime.directory, name, `${name}.yaml`);
}

/** What is in the two files: while the switch is thrown, and while it is not. */
export interface StopFiles {
  stop: { on: string; off: string };
  cut: { on: string; off: string };
}

export function renderStop(allowed: NonNullable<Policy['stop']>['allowed'], runtime: Runtime): StopFiles {
  const on = (name: string) => field(source('stop-on'), `resources[${name}]`) as Resource;
  const stop = on('stop');
  const principals = 'typed_config.rules.policies.kill-switch.principals';
  const ids = allowed.map(({ address, prefixLength }) => ({
    direct_remote_ip: { address_prefix: address, prefix_len: prefixLength },
  }));
  if (ids.length > 0) fill(stop, `${principals}[0].not_id.or_ids.ids`, ids);
  else fill(stop, principals, [{ any: true }]);
  const cut = on('cut');
  fill(cut, 'typed_config.config.vm_config.code.local.filename', runtime.filterWasm);
  const idle = on('stop');
  delete resource(idle, 'typed_config').rules;
  const spared = structuredClone(cut);
  fill(spared, 'typed_config.config.configuration.value', Buffer.from('cut-off').toString('base64'));
  return { stop: { on: text(stop), off: text(idle) }, cut: { on: text(cut), off: text(spared) } };
}

function text(filter: Resource): string {
  return stringify({ resources: [filter] }, { aliasDuplicateObjects: false, lineWidth: 0 });
}

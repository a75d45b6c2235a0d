/** Where the filter cannot run, nothing passes. */
import { isDeepStrictEqual } from 'node:util';
import { type Breach, breachOf, look, ofType, type Parsed, walk } from './breach.ts';

const breach = breachOf('fail-closed');
const httpWasm = 'envoy.extensions.filters.http.wasm.v3.Wasm';
const networkWasm = 'envoy.extensions.filters.network.wasm.v3.Wasm';

export function failClosed({ all, filters }: Parsed): Breach[] {
  const breaches: Breach[] = [];
  const vms: [string, unknown][] = [];
  for (const [root, value] of all) {
    for (const { resource, path } of [...ofType(value, httpWasm), ...ofType(value, networkWasm)]) {
      const place = root.startsWith('filter ') ? root : `${root}, filter ${path.at(-2)}`;
      const policy = look(resource, 'config', 'failure_policy');
      if (policy !== 'FAIL_RELOAD') {
        breaches.push(breach(place, `failure_policy ${policy ?? '(none)'} ${openText(policy)}`));
      }
      if (look(resource, 'config', 'fail_open') !== undefined) {
        breaches.push(breach(place, 'fail_open would let traffic through'));
      }
      const isNetwork = String(resource['@type']).endsWith(networkWasm);
      if (!isNetwork && look(resource, 'config', 'allow_on_headers_stop_iteration') !== true) {
        breaches.push(
          breach(place, 'allow_on_headers_stop_iteration is off: headers would leave before the body is read'),
        );
      }
      vms.push([place, look(resource, 'config', 'vm_config')]);
    }
    for (const { resource } of walk(value)) {
      const discovery = resource.config_discovery;
      const place = `${root}, filter ${resource.name}`;
      if (look(discovery, 'default_config') !== undefined) {
        breaches.push(breach(place, 'default_config would stand in for the filter'));
      }
      if (look(discovery, 'apply_default_config_without_warming') !== undefined) {
        breaches.push(breach(place, 'apply_default_config_without_warming would serve before the filter is there'));
      }
    }
  }
  for (const [place, vm] of vms.slice(1)) {
    if (!isDeepStrictEqual(vm, vms[0]![1])) {
      breaches.push(breach(place, `vm_config differs from that of ${vms[0]![0]}: it would not share the filter's VM`));
    }
  }
  if (!filters.some((f) => f.name === 'penstock')) breaches.push(breach('filter.yaml', 'holds no filter penstock'));
  return breaches;
}

function openText(policy: unknown): string {
  return policy === 'FAIL_OPEN' ? 'would let traffic through' : 'would not load the filter again after a trap';
}

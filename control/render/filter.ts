/** filter.yaml: the table, and the compiled filter's path. */
import { fill, type Resource } from './field.ts';
import type { Runtime } from './runtime.ts';
import { source } from './sources.ts';

export function renderFilter(table: Uint8Array, runtime: Runtime): Resource {
  const filter = source('filter');
  const config = 'resources[penstock].typed_config.config';
  fill(filter, `${config}.configuration.value`, Buffer.from(table).toString('base64'));
  fill(filter, `${config}.vm_config.code.local.filename`, runtime.filterWasm);
  return filter;
}

/** bootstrap.yaml: its paths. */
import { join } from 'node:path';
import { field, fill, type Resource } from './field.ts';
import type { Runtime } from './runtime.ts';
import { source } from './sources.ts';

export function renderBootstrap(runtime: Runtime): Resource {
  const bootstrap = source('bootstrap');
  fill(bootstrap, 'admin.address.pipe.path', runtime.adminSocket);
  fill(bootstrap, 'dynamic_resources.lds_config.path_config_source.path', join(runtime.directory, 'listeners.yaml'));
  fill(bootstrap, 'dynamic_resources.cds_config.path_config_source.path', join(runtime.directory, 'clusters.yaml'));
  fillPipe(field(bootstrap, 'static_resources.clusters[certificates]'), runtime.adsSocket);
  return bootstrap;
}

/** Fills in a Unix socket's path: of the one endpoint at a cluster's priority. */
export function fillPipe(cluster: ReturnType<typeof field>, path: string, priority = 0): void {
  fill(cluster, `load_assignment.endpoints[${priority}].lb_endpoints[0].endpoint.address.pipe.path`, path);
}

/** A log line of Envoy's holds no path, no query and no header but the host: they may hold what was not to leave. */
import { type Breach, breachOf, type Parsed, walk } from './breach.ts';

const breach = breachOf('quiet-log');
const loud =
  /%(?!REQ\(:(?:AUTHORITY|METHOD)\)%)(?:REQ|RESP|TRAILER|QUERY_PARAMS?|PATH|DYNAMIC_METADATA|REQUEST_HEADERS?)\b[^%]*%/i;

export function quietLog({ all }: Parsed): Breach[] {
  const breaches: Breach[] = [];
  for (const [root, value] of all) {
    for (const { resource, path } of walk(value)) {
      for (const key of ['log_format', 'body_format_override', 'body_format']) {
        const found = key in resource ? loud.exec(JSON.stringify(resource[key])) : null;
        if (found) breaches.push(breach([root, ...path].join(', '), `would write ${found[0]}`));
      }
      if (
        path.at(-1) === 'typed_config' &&
        path.includes('access_log') &&
        resource.log_format === undefined &&
        isLog(resource)
      ) {
        breaches.push(breach([root, ...path].join(', '), 'has no log_format: the default one writes the path'));
      }
    }
  }
  return breaches;
}

function isLog(resource: Record<string, unknown>): boolean {
  return String(resource['@type']).endsWith('AccessLog');
}

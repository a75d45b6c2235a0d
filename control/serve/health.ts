/** What /health says of the configuration. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { standings } from '../config/honoured.ts';
import type { Config } from '../config/schema.ts';
import type { Policy } from '../policy/policy.ts';
import type { Plan } from './plan.ts';

/** The fields that Pipelock's /health has as well, under its names. */
export function healthFacts(config: Config, policy: Policy): Plan['health'] {
  const { monitoring } = config.fetch_proxy;
  return {
    version: packageVersion(),
    dlp_patterns: policy.ruleVerdicts.size,
    response_scan_enabled: config.response_scanning.enabled,
    request_body_scan_enabled: config.request_body_scanning.enabled,
    forward_proxy_enabled: policy.tunnel.enabled,
    websocket_proxy_enabled: config.websocket_proxy.enabled,
    rate_limit_enabled:
      standings['fetch_proxy.monitoring.max_requests_per_minute']?.does === 'all' &&
      (monitoring.max_requests_per_minute ?? 0) > 0,
    git_protection_enabled: false,
  };
}

function packageVersion(): string {
  const file = join(import.meta.dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

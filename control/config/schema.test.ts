import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { defaultConfig, defaultConfigText } from './default.ts';
import { allKeys } from './keys.ts';
import { formatKey } from './problem.ts';
import { readConfig } from './read.ts';
import { type Config, configJsonSchema } from './schema.ts';

/** Every key of Pipelock 2.0.0, of its two later sections and of ours, at its default. */
const everyKey = `
version: 1
mode: balanced
enforce: true
explain_blocks: false
api_allowlist: []
metrics_listen: ''
internal: [0.0.0.0/8, 127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, 100.64.0.0/10,
  224.0.0.0/4, '::1/128', 'fc00::/7', 'fe80::/10', 'ff00::/8']
trusted_domains: []
suppress: []
license_key: ''
license_file: ''
license_public_key: ''
fetch_proxy:
  listen: 127.0.0.1:8888
  timeout_seconds: 30
  max_response_mb: 10
  user_agent: Pipelock Fetch/1.0
  monitoring:
    max_url_length: 2048
    entropy_threshold: 4.5
    max_requests_per_minute: 60
    max_data_per_minute: 0
    blocklist: ['*.pastebin.com', '*.hastebin.com', '*.paste.ee', '*.transfer.sh', '*.file.io', '*.requestbin.com']
    subdomain_entropy_exclusions: []
forward_proxy:
  enabled: false
  max_tunnel_seconds: 300
  idle_timeout_seconds: 120
  sni_verification: true
  redirect_websocket_hosts: []
  connect_ports: []
tls_interception:
  enabled: false
  ca_cert: ''
  ca_key: ''
  passthrough_domains: []
  cert_ttl: 24h
  cert_cache_size: 10000
  max_response_bytes: 5242880
  upstream_ca_file: ''
ssrf: { ip_allowlist: [] }
websocket_proxy:
  enabled: false
  max_message_bytes: 1048576
  max_concurrent_connections: 128
  scan_text_frames: true
  allow_binary_frames: false
  forward_cookies: false
  strip_compression: true
  max_connection_seconds: 3600
  idle_timeout_seconds: 300
  origin_policy: rewrite
reverse_proxy: { enabled: false, listen: '', upstream: '' }
dlp:
  scan_env: true
  secrets_file: ''
  min_env_secret_length: 16
  include_defaults: true
  patterns: []
response_scanning: { enabled: true, action: warn, ask_timeout_seconds: 30, include_defaults: true, patterns: [] }
request_body_scanning:
  enabled: true
  action: warn
  max_body_bytes: 5242880
  scan_headers: true
  header_mode: sensitive
  sensitive_headers: [Authorization, Cookie, X-Api-Key, X-Token, Proxy-Authorization, X-Goog-Api-Key]
  ignore_headers: [Connection, Keep-Alive, Proxy-Authenticate, Te, Trailer, Transfer-Encoding, Upgrade, Host,
    Content-Length, Content-Type, Accept, Accept-Encoding, User-Agent]
mcp_input_scanning: { enabled: true, action: warn, on_parse_error: block } # left out means on where 8889 is served
mcp_tool_scanning: { enabled: true, action: warn, detect_drift: true, first_seen: trust }
pins: { store: '' }
mcp_upstreams: {}
mcp_auth: { token_file: '' }
mcp_tool_policy: { enabled: true, include_defaults: true, action: warn, rules: [], redirect_profiles: {} }
mcp_session_binding: { enabled: false, unknown_tool_action: warn, no_baseline_action: warn }
mcp_ws_listener: { allowed_origins: [], max_connections: 100 }
tool_chain_detection:
  enabled: false
  action: warn
  window_size: 20
  window_seconds: 60
  max_gap: 3
  tool_categories: {}
  pattern_overrides: {}
  custom_patterns: []
session_profiling:
  enabled: false
  anomaly_action: warn
  domain_burst: 5
  window_minutes: 5
  volume_spike_ratio: 3.0
  max_sessions: 1000
  session_ttl_minutes: 30
  cleanup_interval_seconds: 60
adaptive_enforcement:
  enabled: false
  escalation_threshold: 5.0
  decay_per_clean_request: 0.5
  exempt_domains: []
  levels:
    elevated: { upgrade_warn: block, upgrade_ask: '', block_all: false }
    high: { upgrade_warn: block, upgrade_ask: block, block_all: false }
    critical: { upgrade_warn: block, upgrade_ask: block, block_all: true }
cross_request_detection:
  enabled: false
  action: block
  entropy_budget: { enabled: false, bits_per_window: 4096, window_minutes: 5, action: warn, exempt_domains: [] }
  fragment_reassembly: { enabled: false, max_buffer_bytes: 65536, window_minutes: 5 }
kill_switch:
  enabled: false
  sentinel_file: ''
  message: Emergency deny-all active
  health_exempt: true
  metrics_exempt: true
  api_exempt: true
  api_token: ''
  api_listen: ''
  allowlist_ips: []
emit:
  instance_id: ''
  webhook: { url: '', min_severity: warn, auth_token: '', timeout_seconds: 5, queue_size: 64 }
  syslog: { address: '', min_severity: warn, facility: local0, tag: pipelock }
  otlp: { endpoint: '', headers: {}, timeout_seconds: 10, min_severity: warn, queue_size: 256, gzip: false }
sentry: { enabled: true, dsn: '', environment: production, sample_rate: 1.0, debug: false }
logging: { format: json, output: stdout, file: '', include_allowed: true, include_blocked: true }
git_protection:
  enabled: false
  allowed_branches: [feature/*, fix/*, main, master]
  blocked_commands: []
  pre_push_scan: true
scan_api:
  listen: ''
  auth: { bearer_tokens: [] }
  rate_limit: { requests_per_minute: 600, burst: 50 }
  max_body_bytes: 1048576
  field_limits: { url: 8192, text: 524288, content: 524288, arguments: 524288 }
  timeouts: { read: 2s, write: 2s, scan: 5s }
  connection_limit: 100
  kinds: { url: true, dlp: true, prompt_injection: true, tool_call: true }
address_protection:
  enabled: false
  action: block
  unknown_action: allow
  allowed_addresses: []
  chains: { eth: true, btc: true, bnb: true, sol: false }
  similarity: { prefix_length: 4, suffix_length: 4 }
seed_phrase_detection: { enabled: true, min_words: 12, verify_checksum: true }
rules: { rules_dir: '', min_confidence: medium, include_experimental: false, disabled: [], trusted_keys: [] }
file_sentry: { enabled: false, watch_paths: [], scan_content: true, ignore_patterns: [] }
sandbox:
  enabled: false
  strict: false
  best_effort: false
  workspace: ''
  filesystem: { allow_read: [], allow_write: [] }
health_watchdog: { enabled: true, interval_seconds: 2, expose_subsystems: false }
flight_recorder: { enabled: true, require_receipts: false, redact: true, dir: '', signing_key_path: '' }
agents: {}
`;

const isLeftToPolicy = (name: string) =>
  /action$|^on_parse_error$|^cert_cache_size$|^header_mode$|^ignore_headers$|^entropy_threshold$|^max_(url|requests|data)_/.test(
    name,
  );

/** The config without what the mode or another stage decides when the file does not. */
function withoutUndecided(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !isLeftToPolicy(name));
  return Object.fromEntries(kept.map(([name, child]) => [name, withoutUndecided(child)]));
}

test('the text above has every key', () => {
  const written = parse(everyKey);
  const missing = allKeys().filter((path) => {
    if (path.includes(0) || path[0] === 'agents' || formatKey(path) === 'dlp.action') return false;
    if (path[0] === 'mcp_tool_policy' && path[1] === 'redirect_profiles') return false;
    return path.reduce((value, step) => value?.[step], written) === undefined;
  });
  expect(missing.map(formatKey)).toEqual([]);
});

test('every key at its default reads as an empty file', () => {
  const { config } = readConfig(everyKey, '/etc/pipelock/pipelock.yaml');
  const empty = readConfig('', '/etc/pipelock/pipelock.yaml').config;
  // Left out, the format is that of where the lines go.
  expect(config.logging.format).toBe('json');
  expect(withoutUndecided({ ...config, logging: { ...config.logging, format: undefined } })).toEqual(
    withoutUndecided(empty),
  );
});

test('an action that the file leaves out stays out', () => {
  const { config } = readConfig('', 'pipelock.yaml');
  const undecided: string[] = [];
  const walk = (value: unknown, path: string[]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [name, child] of Object.entries(value)) {
      if (isLeftToPolicy(name)) undecided.push(`${[...path, name].join('.')}=${child}`);
      walk(child, [...path, name]);
    }
  };
  walk(config, []);
  expect(undecided).toEqual([]);
  expect(config.request_body_scanning.action).toBeUndefined();
  expect(config.tls_interception.cert_cache_size).toBeUndefined();
});

test('values are what the file says, durations and ranges taken apart, hosts in one form', () => {
  const { config } = readConfig(
    `
mode: audit
enforce: false
internal: [10.0.0.0/8]
trusted_domains: [Sure.Example., '*.Bank.example']
tls_interception: { enabled: true, cert_ttl: 1h30m, cert_cache_size: 50 }
ssrf: { ip_allowlist: ['fd00::/8'] }
request_body_scanning: { action: block, max_body_bytes: 1024 }
mcp_input_scanning: { enabled: false, on_parse_error: forward }
`,
    'pipelock.yaml',
  );
  expect(config).toMatchObject({
    mode: 'audit',
    enforce: false,
    internal: [{ address: '10.0.0.0', prefixLength: 8 }],
    trusted_domains: ['sure.example', '*.bank.example'],
    tls_interception: { enabled: true, cert_ttl: 5400, cert_cache_size: 50 },
    ssrf: { ip_allowlist: [{ address: 'fd00::', prefixLength: 8 }] },
    request_body_scanning: { action: 'block', max_body_bytes: 1024 },
    mcp_input_scanning: { enabled: false, on_parse_error: 'forward' },
  } satisfies DeepPartial<Config>);
});

test('the default configuration intercepts, tunnels, and is otherwise an empty file', () => {
  const empty = readConfig('', 'pipelock.yaml').config;
  expect(defaultConfig).toEqual({
    ...empty,
    forward_proxy: { ...empty.forward_proxy, enabled: true },
    tls_interception: { ...empty.tls_interception, enabled: true },
    logging: { ...empty.logging, include_allowed: false },
  });
  expect(readConfig(defaultConfigText, 'default.yaml').notices).toEqual([]);
});

test('the JSON schema knows the keys, their values and their defaults', () => {
  expect(configJsonSchema()).toMatchObject({
    additionalProperties: false,
    properties: {
      mode: { enum: ['strict', 'balanced', 'audit'], default: 'balanced' },
      tls_interception: { properties: { cert_ttl: { type: 'string', default: '24h' } } },
      request_body_scanning: { properties: { max_body_bytes: { type: 'integer', minimum: 1, default: 5242880 } } },
    },
  });
});

type DeepPartial<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;

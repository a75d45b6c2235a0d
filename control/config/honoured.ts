/**
 * What the gateway does with each key of pipelock.yaml. A path stands for the key and everything under it that has no
 * line of its own.
 *
 * The rule behind it: a key that is not honoured may be left out, off or at its default (a notice says that it does
 * nothing), but it may not be on: a protection that someone asked for and does not get is an error.
 */

export type Standing =
  /** Does what it says, whatever its value. */
  | { does: 'all' }
  /** Does what it says at these values, and at no other. */
  | { does: 'only'; values: readonly unknown[]; remedy: string }
  /** Does nothing. */
  | {
      does: 'nothing';
      /** Keys below this one that switch it on; with all of them off, its other keys mean nothing. */
      switches?: readonly string[];
      /** Values besides false, empty text, empty list and empty section that mean off. */
      off?: readonly unknown[];
      /** Defaults of Pipelock 2.0.0 for keys that have none in the Config. */
      defaults?: Readonly<Record<string, unknown>>;
      /** What the gateway does instead, for the notice when the key is on by default. */
      instead?: string;
      /** What to do, when that is not "remove it". */
      remedy?: string;
    };

const all: Standing = { does: 'all' };
const nothing: Standing = { does: 'nothing' };
const unlessEnabled: Standing = { does: 'nothing', switches: ['enabled'] };

export const standings: Readonly<Record<string, Standing>> = {
  version: all,
  mode: all,
  enforce: all,
  explain_blocks: nothing,
  api_allowlist: all,
  metrics_listen: { does: 'nothing', remedy: 'remove it; metrics are served at /metrics of the proxy port' },
  internal: all,
  trusted_domains: all,
  suppress: nothing,
  license_key: nothing,
  license_file: nothing,
  license_public_key: nothing,

  'fetch_proxy.listen': {
    does: 'nothing',
    instead: 'the address comes from --listen',
    remedy: 'remove it, and give the address with --listen',
  },
  'fetch_proxy.timeout_seconds': nothing,
  'fetch_proxy.max_response_mb': nothing,
  'fetch_proxy.user_agent': nothing,
  'fetch_proxy.monitoring.blocklist': all,
  'fetch_proxy.monitoring.max_url_length': { does: 'nothing', off: [0], instead: 'URLs have no such limit' },
  'fetch_proxy.monitoring.entropy_threshold': { does: 'nothing', off: [0], instead: 'entropy alone blocks nothing' },
  'fetch_proxy.monitoring.max_requests_per_minute': {
    does: 'nothing',
    off: [0],
    instead: 'requests have no such limit',
  },
  'fetch_proxy.monitoring.max_data_per_minute': { does: 'nothing', off: [0] },
  'fetch_proxy.monitoring.subdomain_entropy_exclusions': nothing,

  'forward_proxy.enabled': all,
  'forward_proxy.max_tunnel_seconds': all,
  'forward_proxy.idle_timeout_seconds': all,
  'forward_proxy.sni_verification': {
    does: 'only',
    values: [true],
    remedy: 'remove it; the server name of a tunnel is always checked',
  },
  'forward_proxy.redirect_websocket_hosts': nothing,

  'tls_interception.enabled': all,
  'tls_interception.ca_cert': all,
  'tls_interception.ca_key': all,
  'tls_interception.passthrough_domains': all,
  'tls_interception.cert_ttl': all,
  'tls_interception.cert_cache_size': all,
  'tls_interception.upstream_ca_file': all,
  'tls_interception.max_response_bytes': { does: 'nothing', instead: 'answers pass at any length' },

  'ssrf.ip_allowlist': all,
  websocket_proxy: unlessEnabled,
  reverse_proxy: unlessEnabled,

  'dlp.include_defaults': all,
  'dlp.scan_env': all,
  'dlp.secrets_file': all,
  'dlp.min_env_secret_length': all,
  'dlp.patterns': all,
  'dlp.action': nothing,

  response_scanning: {
    does: 'nothing',
    switches: ['enabled'],
    defaults: { action: 'warn' },
    instead: 'answers are read and reported, and pass unchanged',
  },
  request_body_scanning: all,
  mcp_input_scanning: all,
  mcp_tool_scanning: unlessEnabled,
  mcp_tool_policy: unlessEnabled,
  mcp_session_binding: unlessEnabled,
  mcp_ws_listener: nothing,
  tool_chain_detection: unlessEnabled,
  session_profiling: unlessEnabled,
  adaptive_enforcement: unlessEnabled,
  cross_request_detection: unlessEnabled,
  kill_switch: { does: 'nothing', switches: ['enabled', 'sentinel_file', 'api_listen'] },

  'emit.instance_id': nothing,
  'emit.webhook': { does: 'nothing', switches: ['url'] },
  'emit.syslog': { does: 'nothing', switches: ['address'] },
  'emit.otlp': { does: 'nothing', switches: ['endpoint'] },
  sentry: { does: 'nothing', switches: ['enabled'], instead: 'nothing is sent to Sentry' },

  'logging.format': all,
  'logging.output': {
    does: 'only',
    values: ['stdout'],
    remedy: 'write stdout, and let the container runtime keep the lines',
  },
  'logging.file': nothing,
  'logging.include_allowed': { does: 'nothing', instead: 'one line is written per finding' },
  'logging.include_blocked': { does: 'only', values: [true], remedy: 'remove it; what is blocked is always logged' },

  git_protection: unlessEnabled,
  scan_api: { does: 'nothing', switches: ['listen'] },
  address_protection: unlessEnabled,
  seed_phrase_detection: { does: 'nothing', switches: ['enabled'], instead: 'seed phrases are not looked for' },
  rules: nothing,
  file_sentry: unlessEnabled,
  sandbox: unlessEnabled,
  health_watchdog: { does: 'nothing', switches: ['enabled'], instead: 'the supervisor watches Envoy and the worker' },
  flight_recorder: { does: 'nothing', switches: ['enabled'], instead: 'no receipts are written' },
  agents: nothing,
};

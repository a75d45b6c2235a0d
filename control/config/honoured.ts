/**
 * What the gateway does with each key of pipelock.yaml. A path stands for the key and everything under it that has no
 * line of its own.
 *
 * The rule behind it: a key that is not honoured may be left out, off or at its default (a notice says that it does
 * nothing), but it may not be on: a protection that someone asked for and does not get is an error.
 */

export type Standing =
  /** Does what it says, whatever its value; `by` is what honours it, for `penstock check`. */
  | { does: 'all'; by: string }
  /** Does what it says at these values, and at no other. */
  | { does: 'only'; values: readonly unknown[]; remedy: string; by: string }
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
      /** Why it never will: nothing is said while it is off, and this where it is on. */
      never?: string;
    };

const by = (by: string): Standing => ({ does: 'all', by });
const never = (why: string): Standing => ({ does: 'nothing', switches: ['enabled'], never: why });
const noFetch = (instead: string): Standing => ({
  does: 'nothing',
  never: `there is no /fetch here, whose key it is; ${instead}`,
});
const unlicensed: Standing = { does: 'nothing', never: 'nothing here needs a licence' };

export const standings: Readonly<Record<string, Standing>> = {
  version: by('the reader of this file'),
  mode: by('the policy'),
  enforce: by('the policy'),
  explain_blocks: by('the filter and the destination rules'),
  api_allowlist: by('the destination rules'),
  metrics_listen: by('the control worker'),
  internal: by('the resolver and the clusters'),
  trusted_domains: by('the routes'),
  suppress: by('the filter'),
  license_key: unlicensed,
  license_file: unlicensed,
  license_public_key: unlicensed,

  'fetch_proxy.listen': {
    does: 'nothing',
    never: 'the address comes from --listen',
    remedy: 'remove it, and give the address with --listen',
  },
  'fetch_proxy.timeout_seconds': noFetch('an answer may take as long as its origin does'),
  'fetch_proxy.max_response_mb': noFetch(
    'an answer over tls_interception.max_response_bytes is read as it passes and never cut short',
  ),
  'fetch_proxy.user_agent': noFetch("a client's own user-agent goes on"),
  'fetch_proxy.monitoring.blocklist': by('the destination rules'),
  'fetch_proxy.monitoring.max_url_length': by('the filter'),
  'fetch_proxy.monitoring.entropy_threshold': by('the filter'),
  'fetch_proxy.monitoring.max_requests_per_minute': by('the filter'),
  'fetch_proxy.monitoring.max_data_per_minute': by('the filter'),
  'fetch_proxy.monitoring.subdomain_entropy_exclusions': by('the filter, where entropy_threshold is set'),

  'forward_proxy.enabled': by('the destination rules'),
  'forward_proxy.max_tunnel_seconds': by('the routes and the listener intercept'),
  'forward_proxy.idle_timeout_seconds': by('the routes and the listener intercept'),
  'forward_proxy.sni_verification': by('the filter'),
  'forward_proxy.redirect_websocket_hosts': by('the log, of tunnels that pass unread'),
  'forward_proxy.connect_ports': by('the destination rules'),

  'tls_interception.enabled': by('the listener intercept'),
  'tls_interception.ca_cert': by('the control worker'),
  'tls_interception.ca_key': by('the control worker'),
  'tls_interception.passthrough_domains': by('the routes'),
  'tls_interception.cert_ttl': by('the control worker'),
  'tls_interception.cert_cache_size': by('the control worker'),
  'tls_interception.upstream_ca_file': by('the clusters'),
  'tls_interception.max_response_bytes': by('the filter'),

  'ssrf.ip_allowlist': by('the resolver and the clusters'),
  websocket_proxy: by('the filter and the routes'),
  'websocket_proxy.strip_compression': {
    does: 'only',
    values: [true],
    remedy: 'remove it; frames that are compressed cannot be read',
    by: 'the filter',
  },
  reverse_proxy: never(
    'there are two ways in; let clients reach the server through 8888, or if it speaks MCP name it in mcp_upstreams',
  ),

  'dlp.include_defaults': by('the table'),
  'dlp.scan_env': by('the table'),
  'dlp.secrets_file': by('the table'),
  'dlp.min_env_secret_length': by('the table'),
  'dlp.patterns': by('the table'),
  'dlp.action': { does: 'nothing', never: 'what becomes of a finding is for the section of the place where it stands' },

  'response_scanning.enabled': by('the filter'),
  'response_scanning.action': by('the filter'),
  'response_scanning.ask_timeout_seconds': {
    does: 'nothing',
    never: 'nobody sits at a gateway to be asked, so no answer waits for that',
  },
  'response_scanning.include_defaults': by('the table'),
  'response_scanning.patterns': by('the table'),
  request_body_scanning: by('the filter'),
  mcp_input_scanning: by('the filter'),
  mcp_tool_scanning: by('the filter'),
  pins: by('the control worker'),
  mcp_auth: by('the filter'),
  mcp_upstreams: by('the routes and the clusters'),
  'mcp_tool_policy.enabled': by('the filter'),
  'mcp_tool_policy.include_defaults': by('the filter'),
  'mcp_tool_policy.action': by('the filter'),
  'mcp_tool_policy.rules': by('the filter'),
  'mcp_tool_policy.redirect_profiles': by('the control worker'),
  mcp_session_binding: by('the filter'),
  mcp_ws_listener: {
    does: 'nothing',
    never: 'MCP is served over HTTP, on 8889; MCP over a WebSocket passes 8888 like any other, as websocket_proxy says',
  },
  tool_chain_detection: by('the filter'),
  session_profiling: by('the filter'),
  'session_profiling.cleanup_interval_seconds': {
    does: 'nothing',
    never: 'nothing is cleaned up at intervals; a client that was silent makes room for another',
  },
  adaptive_enforcement: by('the filter'),
  cross_request_detection: by('the filter'),
  kill_switch: by('the filters stop and cut, and the supervisor'),
  'kill_switch.api_exempt': {
    does: 'only',
    values: [true],
    remedy: 'remove it; a switch that cannot be taken back is none',
    by: 'the control worker',
  },

  emit: by('the control worker'),
  sentry: {
    does: 'nothing',
    switches: ['enabled'],
    instead: 'nothing is sent to Sentry',
    remedy: 'remove it, and have the log collected instead',
    never: 'what an assistant says stays here: nothing is reported to a third party',
  },

  logging: by('the supervisor'),

  git_protection: never('it guards a work tree, and a gateway in the network has none'),
  scan_api: {
    does: 'nothing',
    switches: ['listen'],
    never:
      'texts are read on their way and not on request; send them through 8888 or 8889, or try one with penstock trace',
  },
  address_protection: by('the table'),
  seed_phrase_detection: by('the filter'),
  rules: {
    does: 'nothing',
    never:
      'bundles are written and signed for another engine; write rules as dlp.patterns or response_scanning.patterns, and leave ours out with suppress',
  },
  file_sentry: never("it watches an agent's files, and a gateway in the network sees none"),
  sandbox: never(
    'it confines processes on the same machine, and agents run elsewhere; give their pods a security context',
  ),
  'health_watchdog.enabled': by('the supervisor'),
  'health_watchdog.interval_seconds': by('the supervisor'),
  'health_watchdog.expose_subsystems': by('/health'),
  'flight_recorder.enabled': by('the control worker, where dir names a directory'),
  'flight_recorder.dir': by('the control worker'),
  'flight_recorder.signing_key_path': by('the control worker'),
  'flight_recorder.redact': by('the control worker'),
  'flight_recorder.require_receipts': by('the kill switch, which is thrown while none can be written'),
  agents: {
    does: 'nothing',
    never: 'one gateway has one policy; run a release for each agent that needs another',
  },
};

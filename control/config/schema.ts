/**
 * Every key of pipelock.yaml: its type, range, allowed values and default, in the one definition from which the Config
 * type, the checks and the JSON schema come. Key names, units and defaults are those of Pipelock 2.0.0, those of its
 * later health_watchdog and flight_recorder, and some of ours (forward_proxy.connect_ports, tls_interception.upstream_ca_file, ssrf.ip_allowlist, mcp_tool_scanning.first_seen, mcp_upstreams, mcp_auth, pins).
 *
 * Long because the file format is: one place for it is easier to read than many.
 *
 * Keys without a default stay undefined when the file leaves them out, and policy decides: every action (the mode says
 * what it is), request_body_scanning.header_mode and ignore_headers, tls_interception.cert_cache_size, and the limits of
 * fetch_proxy.monitoring.
 */
import { z } from 'zod';
import { headerNameComplaint, listenComplaint, upstreamComplaint, urlComplaint } from './address.ts';
import { cidrComplaint, formatCidr, type IpRange, parseCidr } from './cidr.ts';
import type { Complaint } from './complaint.ts';
import { durationComplaint, parseDuration } from './duration.ts';
import { hostPatternComplaint, normaliseHostPattern } from './host-pattern.ts';
import { regexComplaint } from './regex.ts';
import { suppressPathComplaint } from './suppress-path.ts';

// Ten years. Timers and Envoy's durations take it, and nothing here means anything beyond it.
const maxSeconds = 315_360_000;
// The filter counts bytes in 32 bits, and holds a body in memory: 1 GiB is far from both ends of use.
const maxBodyBytes = 2 ** 30;
// The filter counts requests in 32 bits.
const maxPerMinute = 1_000_000_000;
// A year, with room to be multiplied by 60 in 32 bits.
const maxMinutes = 525_600;
// What the filter has room for: domains that it remembers of a client (filter/table/layout.ts), and 20 MB of clients.
const maxProfileDomains = 100;
const maxProfiles = 16_384;
// A leaf is renewed before it expires; under a minute it would expire while a handshake waits for it.
const minCertTtlSeconds = 60;
// One leaf with its key is about 2 KiB: a million is 2 GiB, and no cache should be larger.
const maxCertCacheSize = 1_000_000;

const flag = (byDefault: boolean) => z.boolean().default(byDefault);
const text = (byDefault = '') => z.string().default(byDefault);
const count = (byDefault: number, least = 1) => z.int().min(least).default(byDefault);
const ratio = (byDefault: number, most = Number.MAX_SAFE_INTEGER) => z.number().min(0).max(most).default(byDefault);
const seconds = (byDefault: number) => z.int().min(1).max(maxSeconds).default(byDefault);
const minutes = (byDefault: number) => z.int().min(1).max(maxMinutes).default(byDefault);
const texts = (byDefault: string[] = []) => z.array(z.string()).default(byDefault);
/** What happens on a finding. No default: the mode decides. */
const action = <const Names extends readonly string[]>(...names: Names) => z.enum(names).optional();
const section = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape).prefault({} as never);

/** Text that `complaintOf` has nothing against. Its Complaint travels as the params of a custom issue. */
const checkedText = (complaintOf: (value: string) => Complaint | undefined) =>
  z.string().check((check) => {
    const complaint = complaintOf(check.value);
    if (complaint) check.issues.push({ code: 'custom', input: check.value, params: { ...complaint } });
  });
/** As checkedText, with the empty text standing for "none". */
const checkedTextOrNone = (complaintOf: (value: string) => Complaint | undefined) =>
  checkedText((value) => (value === '' ? undefined : complaintOf(value))).default('');

/** A Go duration in the file ("24h"), seconds in the Config. */
const duration = (byDefault: string, minSeconds = 0) =>
  z
    .codec(
      checkedText((value) => durationComplaint(value, minSeconds, maxSeconds)),
      z.number(),
      { decode: (value) => parseDuration(value)!, encode: (value) => `${value}s` },
    )
    .prefault(byDefault);

/** A CIDR in the file ("10.0.0.0/8"), an IpRange in the Config. */
const cidr = z.codec(checkedText(cidrComplaint), z.object({ address: z.string(), prefixLength: z.int() }), {
  decode: (value): IpRange => parseCidr(value)!,
  encode: formatCidr,
});
const cidrs = (byDefault: string[] = []) => z.array(cidr).prefault(byDefault);

const hostPattern = checkedText(hostPatternComplaint).overwrite(normaliseHostPattern);
const hostPatterns = (byDefault: string[] = []) => z.array(hostPattern).default(byDefault);
const headerNames = (byDefault: string[]) => z.array(checkedText(headerNameComplaint)).default(byDefault);
const regex = checkedText(regexComplaint);
const listenAddress = checkedTextOrNone(listenComplaint);
const url = (...protocols: string[]) => checkedTextOrNone((value) => urlComplaint(value, protocols));
const publicKey = checkedText((value) =>
  /^[0-9a-f]{64}$/.test(value)
    ? undefined
    : { code: 'not-allowed', message: 'not a public key', remedy: 'write its 64 lower-case hex digits' },
);
/** A key that Pipelock knows in order to refuse it. */
const refused = z.never().optional();

/** Pipelock's `ask` asks the person at the terminal that it runs in. */
const responseAction = z
  .string()
  .check((check) => {
    if (check.value === 'ask') {
      const params = {
        code: 'not-allowed',
        message: '"ask" needs somebody at a terminal, and nobody sits at a gateway',
        remedy: 'write block, strip or warn, or leave it to the mode',
      };
      check.issues.push({ code: 'custom', input: check.value, params });
    }
  })
  .pipe(z.enum(['strip', 'warn', 'block']))
  .optional();

const mode = z.enum(['strict', 'balanced', 'audit']);
const severity = z.enum(['info', 'warn', 'critical']).default('warn');

const dlp = {
  scan_env: flag(true),
  secrets_file: text(),
  min_env_secret_length: count(16),
  include_defaults: flag(true),
  action: refused,
  patterns: z
    .array(
      z.strictObject({
        // It becomes the id of a rule, which every log line of a finding holds.
        name: z.string().min(1).max(100),
        // What it may hold is for the compiler to say, which knows (control/compile/check-patterns.ts).
        regex: z.string().min(1),
        severity: z.enum(['critical', 'high', 'medium', 'low']).optional(),
        validator: z.enum(['luhn', 'mod97', 'aba', 'wif']).optional(),
        exempt_domains: hostPatterns(),
        action: refused,
      }),
    )
    .default([]),
};

const mcpToolPolicy = {
  // On where it is left out, as in Pipelock's MCP listener.
  enabled: flag(true),
  // Ours: the rules of control/rules/tool-policy behind those of the file.
  include_defaults: flag(true),
  action: action('warn', 'block', 'redirect'),
  rules: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        tool_pattern: regex,
        arg_pattern: regex.optional(),
        arg_key: regex.optional(),
        action: action('allow', 'warn', 'block', 'redirect'),
        redirect_profile: z.string().optional(),
      }),
    )
    .default([]),
  redirect_profiles: z
    .record(
      z.string(),
      z.strictObject({
        exec: z.array(z.string()).min(1),
        reason: text(),
        preserve_argv: flag(false),
        match_abs_path: flag(false),
      }),
    )
    .default({}),
};

const sessionProfiling = {
  enabled: flag(false),
  anomaly_action: action('warn', 'block'),
  domain_burst: z.int().min(1).max(maxProfileDomains).default(5),
  window_minutes: minutes(5),
  volume_spike_ratio: ratio(3),
  max_sessions: z.int().min(1).max(maxProfiles).default(1000),
  session_ttl_minutes: minutes(30),
  cleanup_interval_seconds: seconds(60),
};

const sandbox = {
  enabled: flag(false),
  strict: flag(false),
  best_effort: flag(false),
  workspace: text(),
  filesystem: section({ allow_read: texts(), allow_write: texts() }),
};

const upgrade = (byDefault: 'block' | '') => z.enum(['block', '']).default(byDefault);
const adaptiveLevel = (warn: 'block' | '', ask: 'block' | '', all: boolean) =>
  section({ upgrade_warn: upgrade(warn), upgrade_ask: upgrade(ask), block_all: flag(all) });

/** The shape of pipelock.yaml. An empty mapping parses to every default. */
export const configSchema = z.strictObject({
  version: z.literal(1).default(1),
  mode: mode.default('balanced'),
  enforce: flag(true),
  explain_blocks: flag(false),
  api_allowlist: hostPatterns(),
  metrics_listen: listenAddress,
  internal: cidrs([
    '0.0.0.0/8',
    '127.0.0.0/8',
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '169.254.0.0/16',
    '100.64.0.0/10',
    '224.0.0.0/4',
    '::1/128',
    'fc00::/7',
    'fe80::/10',
    'ff00::/8',
  ]),
  trusted_domains: hostPatterns(),
  suppress: z
    .array(z.strictObject({ rule: z.string().min(1), path: checkedText(suppressPathComplaint), reason: text() }))
    .max(64)
    .default([]),
  license_key: text(),
  license_file: text(),
  license_public_key: text(),

  fetch_proxy: section({
    listen: listenAddress.default('127.0.0.1:8888'),
    timeout_seconds: seconds(30),
    max_response_mb: count(10),
    user_agent: text('Pipelock Fetch/1.0'),
    monitoring: section({
      // Pipelock's own defaults (2048, 4.5, 60) are such as an ordinary client meets: left out means none, as 0 does.
      max_url_length: z.int().min(0).max(maxBodyBytes).optional(),
      // A byte has eight bits.
      entropy_threshold: z.number().min(0).max(8).optional(),
      max_requests_per_minute: z.int().min(0).max(maxPerMinute).optional(),
      max_data_per_minute: z.int().min(0).optional(),
      blocklist: hostPatterns([
        '*.pastebin.com',
        '*.hastebin.com',
        '*.paste.ee',
        '*.transfer.sh',
        '*.file.io',
        '*.requestbin.com',
      ]),
      subdomain_entropy_exclusions: hostPatterns(),
    }),
  }),
  forward_proxy: section({
    enabled: flag(false),
    max_tunnel_seconds: seconds(300),
    idle_timeout_seconds: seconds(120),
    sni_verification: flag(true),
    redirect_websocket_hosts: hostPatterns(),
    // Ours: none means any, as in Pipelock.
    connect_ports: z.array(z.int().min(1).max(65_535)).default([]),
  }),
  tls_interception: section({
    enabled: flag(false),
    ca_cert: text(),
    ca_key: text(),
    passthrough_domains: hostPatterns(),
    cert_ttl: duration('24h', minCertTtlSeconds),
    cert_cache_size: z.int().min(1).max(maxCertCacheSize).optional(),
    max_response_bytes: z.int().min(1).max(maxBodyBytes).default(5_242_880),
    upstream_ca_file: text(),
  }),
  ssrf: section({ ip_allowlist: cidrs() }),
  websocket_proxy: section({
    enabled: flag(false),
    max_message_bytes: count(1_048_576),
    max_concurrent_connections: count(128),
    scan_text_frames: flag(true),
    allow_binary_frames: flag(false),
    forward_cookies: flag(false),
    strip_compression: flag(true),
    max_connection_seconds: seconds(3600),
    idle_timeout_seconds: seconds(300),
    origin_policy: z.enum(['rewrite', 'forward', 'strip']).default('rewrite'),
  }),
  reverse_proxy: section({ enabled: flag(false), listen: listenAddress, upstream: url('http:', 'https:') }),

  dlp: section(dlp),
  response_scanning: section({
    enabled: flag(true),
    action: responseAction,
    ask_timeout_seconds: seconds(30),
    include_defaults: flag(true),
    patterns: z.array(z.strictObject({ name: z.string().min(1).max(100), regex: z.string().min(1) })).default([]),
  }),
  request_body_scanning: section({
    enabled: flag(true),
    action: action('warn', 'block'),
    max_body_bytes: z.int().min(1).max(maxBodyBytes).default(5_242_880),
    scan_headers: flag(true),
    // Left out means all: Pipelock's own default reads six headers, and those are where a caller's own key belongs.
    header_mode: z.enum(['sensitive', 'all']).optional(),
    sensitive_headers: headerNames([
      'Authorization',
      'Cookie',
      'X-Api-Key',
      'X-Token',
      'Proxy-Authorization',
      'X-Goog-Api-Key',
    ]),
    // Left out means those that no message is in; Pipelock's own list leaves out User-Agent and others.
    ignore_headers: z.array(checkedText(headerNameComplaint)).optional(),
  }),
  mcp_input_scanning: section({
    // Pipelock's own default is false, but its MCP listener switches a left-out section on, and ours always listens.
    enabled: flag(true),
    action: action('warn', 'block'),
    on_parse_error: action('block', 'forward'),
  }),
  mcp_tool_scanning: section({
    // On for the same reason.
    enabled: flag(true),
    action: action('warn', 'block', 'strip'),
    detect_drift: flag(true),
    first_seen: z.enum(['trust', 'hold']).default('trust'),
  }),
  pins: section({ store: z.enum(['', 'file', 'configMap']).default('') }),
  // Ours: MCP servers by the first name of their paths on 8889. The names are checked in cross-check.ts.
  mcp_upstreams: z.record(z.string(), checkedText(upstreamComplaint)).default({}),
  // Ours: who may ask on 8889.
  mcp_auth: section({ token_file: text() }),
  mcp_tool_policy: section(mcpToolPolicy),
  mcp_session_binding: section({
    enabled: flag(false),
    unknown_tool_action: action('warn', 'block'),
    no_baseline_action: action('warn', 'block'),
  }),
  mcp_ws_listener: section({ allowed_origins: texts(), max_connections: count(100) }),
  tool_chain_detection: section({
    enabled: flag(false),
    action: action('warn', 'block'),
    // As many as a session's record in the filter has room for.
    window_size: z.int().min(1).max(256).default(20),
    window_seconds: seconds(60),
    max_gap: count(3, 0),
    tool_categories: z.record(z.string(), z.array(z.string())).default({}),
    pattern_overrides: z.record(z.string(), z.enum(['warn', 'block'])).default({}),
    custom_patterns: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          sequence: z.array(z.string()).min(2),
          severity: z.enum(['medium', 'high', 'critical']).optional(),
          action: action('warn', 'block'),
        }),
      )
      .default([]),
  }),
  session_profiling: section(sessionProfiling),
  adaptive_enforcement: section({
    enabled: flag(false),
    // The filter counts thousandths in 32 bits.
    escalation_threshold: z.number().min(1).max(100_000).default(5),
    decay_per_clean_request: ratio(0.5, 100_000),
    exempt_domains: hostPatterns(),
    levels: section({
      elevated: adaptiveLevel('block', '', false),
      high: adaptiveLevel('block', 'block', false),
      critical: adaptiveLevel('block', 'block', true),
    }),
  }),
  cross_request_detection: section({
    enabled: flag(false),
    action: action('warn', 'block'),
    entropy_budget: section({
      enabled: flag(false),
      bits_per_window: z.int().min(1).max(maxPerMinute).default(4096),
      window_minutes: minutes(5),
      action: action('warn', 'block'),
      exempt_domains: hostPatterns(),
    }),
    fragment_reassembly: section({ enabled: flag(false), max_buffer_bytes: count(65_536), window_minutes: minutes(5) }),
  }),
  kill_switch: section({
    enabled: flag(false),
    sentinel_file: text(),
    message: text('Emergency deny-all active'),
    health_exempt: flag(true),
    metrics_exempt: flag(true),
    api_exempt: flag(true),
    api_token: text(),
    api_listen: listenAddress,
    allowlist_ips: cidrs(),
  }),
  emit: section({
    instance_id: text(),
    webhook: section({
      url: url('http:', 'https:'),
      min_severity: severity,
      auth_token: text(),
      timeout_seconds: seconds(5),
      queue_size: count(64),
    }),
    syslog: section({
      address: url('udp:', 'tcp:'),
      min_severity: severity,
      // RFC 5424 section 6.2.1, table 1.
      facility: z
        .enum([
          'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news',
          'uucp', 'cron', 'authpriv', 'ftp', 'ntp', 'audit', 'console', 'clock',
          'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
        ]) // biome-ignore format: one look
        .default('local0'),
      tag: text('pipelock'),
    }),
    otlp: section({
      endpoint: url('http:', 'https:'),
      headers: z.record(z.string(), z.string()).default({}),
      timeout_seconds: seconds(10),
      min_severity: severity,
      queue_size: count(256),
      gzip: flag(false),
    }),
  }),
  sentry: section({
    enabled: flag(true),
    dsn: text(),
    environment: text('production'),
    sample_rate: ratio(1, 1),
    debug: flag(false),
  }),
  logging: section({
    // Left out means text on a terminal, and JSON elsewhere.
    format: z.enum(['json', 'text']).optional(),
    output: z.enum(['stdout', 'file', 'both']).default('stdout'),
    file: text(),
    include_allowed: flag(true),
    include_blocked: flag(true),
  }),
  git_protection: section({
    enabled: flag(false),
    allowed_branches: texts(['feature/*', 'fix/*', 'main', 'master']),
    blocked_commands: texts(),
    pre_push_scan: flag(true),
  }),
  scan_api: section({
    listen: listenAddress,
    auth: section({ bearer_tokens: texts() }),
    rate_limit: section({ requests_per_minute: count(600), burst: count(50) }),
    max_body_bytes: count(1_048_576),
    field_limits: section({
      url: count(8192),
      text: count(524_288),
      content: count(524_288),
      arguments: count(524_288),
    }),
    timeouts: section({ read: duration('2s'), write: duration('2s'), scan: duration('5s') }),
    connection_limit: count(100),
    kinds: section({ url: flag(true), dlp: flag(true), prompt_injection: flag(true), tool_call: flag(true) }),
  }),
  address_protection: section({
    enabled: flag(false),
    action: action('block', 'warn'),
    unknown_action: action('allow', 'warn', 'block'),
    allowed_addresses: texts(),
    chains: section({ eth: flag(true), btc: flag(true), bnb: flag(true), sol: flag(false) }),
    similarity: section({ prefix_length: count(4), suffix_length: count(4) }),
  }),
  seed_phrase_detection: section({
    enabled: flag(true),
    // The lengths of BIP-39, https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki.
    min_words: z.literal([12, 15, 18, 21, 24]).default(12),
    verify_checksum: flag(true),
  }),
  rules: section({
    rules_dir: text(),
    min_confidence: z.enum(['high', 'medium', 'low']).default('medium'),
    include_experimental: flag(false),
    disabled: texts(),
    trusted_keys: z.array(z.strictObject({ name: z.string().min(1), public_key: publicKey })).default([]),
  }),
  file_sentry: section({
    enabled: flag(false),
    watch_paths: texts(),
    scan_content: flag(true),
    ignore_patterns: texts(),
  }),
  sandbox: section(sandbox),
  health_watchdog: section({ enabled: flag(true), interval_seconds: seconds(2), expose_subsystems: flag(false) }),
  flight_recorder: section({
    enabled: flag(true),
    require_receipts: flag(false),
    redact: flag(true),
    dir: text(),
    signing_key_path: text(),
  }),
  agents: z
    .record(
      z.string(),
      z.strictObject({
        listeners: texts(),
        source_cidrs: cidrs(),
        mode: mode.optional(),
        enforce: z.boolean().optional(),
        api_allowlist: hostPatterns(),
        dlp: z.strictObject(dlp).optional(),
        rate_limit: z.record(z.string(), z.unknown()).optional(),
        session_profiling: z.strictObject(sessionProfiling).optional(),
        mcp_tool_policy: z.strictObject(mcpToolPolicy).optional(),
        budget: section({
          max_requests_per_session: count(0, 0),
          max_bytes_per_session: count(0, 0),
          max_unique_domains_per_session: count(0, 0),
          window_minutes: count(0, 0),
        }),
        allowed_addresses: texts(),
        sandbox: z.strictObject(sandbox).optional(),
        trusted_domains: hostPatterns(),
      }),
    )
    .default({}),
});

/** pipelock.yaml as checked data: snake_case as in the file, defaults filled in, durations in seconds. */
export type Config = z.output<typeof configSchema>;

/** The JSON schema (draft 2020-12) of pipelock.yaml. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input' });
}

import * as layout from '../../filter/table/layout.ts';
import type { Config } from '../config/schema.ts';
import { parseSuppressPath, type SuppressPath } from '../config/suppress-path.ts';
import type { Rule } from '../rules/rule.ts';
import { toolChains } from './calls.ts';
import { ownCredentialHeaders } from './own-credential-headers.ts';
import {
  type LevelPolicy,
  type ListenAddress,
  levels,
  type Policy,
  unreadables,
  type WebSocketPolicy,
} from './policy.ts';
import { refusedRanges } from './ranges.ts';
import { ruleVerdicts, unreadableVerdict } from './verdicts.ts';

/** What the command line and the environment add to the file. */
export interface PolicyOptions {
  listen: ListenAddress;
  mcpListen: ListenAddress;
  mcpUpstream: URL | undefined;
  /** SHA-256 of each token that callers of MCP may say. */
  mcpTokenDigests?: Uint8Array[];
  /** PEM file with the roots for upstream certificates. */
  upstreamCaFile: string;
}

/** The policy that a configuration asks for, with these rules. Modes become verdicts here and nowhere else. */
export function buildPolicy(config: Config, rules: readonly Rule[], options: PolicyOptions): Policy {
  const blocks = config.enforce && config.mode !== 'audit';
  const { request_body_scanning: body, tls_interception: tls } = config;
  return {
    mode: config.mode,
    ruleVerdicts: ruleVerdicts(config, rules, blocks),
    unreadableVerdicts: unreadables.map((unreadable) => unreadableVerdict(config, unreadable, blocks)),
    explainsBlocks: config.explain_blocks,
    suppressions: config.suppress.map(({ rule, path }) => ({ rule, ...(parseSuppressPath(path) as SuppressPath) })),
    stripsTools: (config.mcp_tool_scanning.action ?? (config.mode === 'strict' ? 'block' : 'strip')) === 'strip',
    seedPhrases: {
      leastWords: config.seed_phrase_detection.min_words,
      checks: config.seed_phrase_detection.verify_checksum,
    },
    redirectsCalls: blocks && rules.some(({ tool }) => tool?.redirect !== undefined),
    toolRanges: config.mcp_input_scanning.enabled ? refusedRanges(config.internal, config.ssrf.ip_allowlist) : [],
    bindsSessions: config.mcp_session_binding.enabled,
    toolChains: toolChains(config.tool_chain_detection),
    maxRequestBodyBytes: body.max_body_bytes,
    maxResponseBytes: tls.max_response_bytes,
    scannedHeaders: body.header_mode === 'sensitive' ? lowerCase(body.sensitive_headers) : '*',
    ignoredHeaders: lowerCase(body.ignore_headers ?? connectionHeaders),
    ownCredentialHeaders: [...ownCredentialHeaders],
    webSocket: webSocketPolicy(config.websocket_proxy, blocks),
    limits: limitsPolicy(config.fetch_proxy.monitoring),
    listen: { proxy: options.listen, mcp: options.mcpListen },
    mcpUpstream: options.mcpUpstream,
    mcpTokenDigests: options.mcpTokenDigests ?? [],
    mcpUpstreams: Object.entries(config.mcp_upstreams).map(([name, url]) => ({ name, url: new URL(url) })),
    tls: {
      intercept: tls.enabled,
      passthrough: tls.passthrough_domains,
      upstreamCaFile: options.upstreamCaFile,
      leafTtlSeconds: tls.cert_ttl,
      maxLeaves: tls.cert_cache_size,
    },
    destinations: {
      allowed: blocks && config.mode === 'strict' ? config.api_allowlist : undefined,
      blocked: blocks ? config.fetch_proxy.monitoring.blocklist : [],
      trusted: config.trusted_domains,
      privateRanges: blocks ? config.internal : [],
      allowedRanges: config.ssrf.ip_allowlist,
    },
    ...acrossRequests(config),
    ...entropyBudget(config),
    ...profiles(config, blocks),
    stop: stopPolicy(config),
    toldExchanges: toldExchanges(config),
    tunnel: {
      enabled: config.forward_proxy.enabled,
      maxSeconds: config.forward_proxy.max_tunnel_seconds,
      idleSeconds: config.forward_proxy.idle_timeout_seconds,
      ...(blocks && config.forward_proxy.connect_ports.length > 0 && { ports: config.forward_proxy.connect_ports }),
    },
  };
}

/** Pieces are put together where the section is on, and the part of it that does so. */
function acrossRequests({ cross_request_detection: section }: Config): Pick<Policy, 'acrossRequests'> {
  const { enabled, window_minutes, max_buffer_bytes } = section.fragment_reassembly;
  if (!section.enabled || !enabled) return {};
  const pieces = Math.min(layout.MAX_PIECES, Math.max(1, Math.floor(max_buffer_bytes / layout.PIECE_BYTES)));
  return { acrossRequests: { seconds: window_minutes * 60, pieces, warnsOnly: section.action === 'warn' } };
}

function entropyBudget({ cross_request_detection: section }: Config): Pick<Policy, 'entropyBudget'> {
  const { enabled, bits_per_window: bits, window_minutes, exempt_domains: exempt } = section.entropy_budget;
  return section.enabled && enabled ? { entropyBudget: { bits, seconds: window_minutes * 60, exempt } } : {};
}

/** A minute that has the same as any other has its whole mean: less than that is no spike. */
const leastVolumeRatio = 1;

function profiles(
  { session_profiling: section, adaptive_enforcement }: Config,
  blocks: boolean,
): Pick<Policy, 'profiles'> {
  if (!section.enabled) return {};
  return {
    profiles: {
      windowSeconds: section.window_minutes * 60,
      maxDomains: section.domain_burst,
      volumeRatio: Math.max(leastVolumeRatio, section.volume_spike_ratio),
      maxClients: section.max_sessions,
      ttlSeconds: section.session_ttl_minutes * 60,
      ...(adaptive_enforcement.enabled && { levels: levelPolicy(adaptive_enforcement, blocks) }),
    },
  };
}

function levelPolicy(section: Config['adaptive_enforcement'], blocks: boolean): LevelPolicy {
  const having = (has: (level: { upgrade_warn: string; block_all: boolean }) => boolean) =>
    levels.filter((level) => level !== 'normal' && has(section.levels[level]));
  return {
    threshold: section.escalation_threshold,
    decay: section.decay_per_clean_request,
    exempt: section.exempt_domains,
    blockWarned: blocks ? having(({ upgrade_warn }) => upgrade_warn === 'block') : [],
    blockAll: having(({ block_all }) => block_all),
  };
}

/** A switch that nothing can throw is none. */
function stopPolicy(config: Config): Policy['stop'] {
  const { enabled, sentinel_file, api_listen, message, allowlist_ips, health_exempt, metrics_exempt } =
    config.kill_switch;
  const isNeeded = enabled || sentinel_file !== '' || api_listen !== '' || config.flight_recorder.require_receipts;
  if (!isNeeded) return undefined;
  return { message, allowed: allowlist_ips, sparesHealth: health_exempt, sparesMetrics: metrics_exempt };
}

function toldExchanges(config: Config): Policy['toldExchanges'] {
  const { webhook, syslog, otlp } = config.emit;
  const receivers = [
    ...(webhook.url === '' ? [] : [webhook]),
    ...(syslog.address === '' ? [] : [syslog]),
    ...(otlp.endpoint === '' ? [] : [otlp]),
  ];
  const wantsAll = receivers.some(({ min_severity }) => min_severity === 'info');
  if (config.logging.include_allowed || writesReceipts(config) || wantsAll) return 'all';
  return config.logging.include_blocked || receivers.length > 0 ? 'found' : 'none';
}

/** Receipts are written where there is a directory for them. */
export function writesReceipts({ flight_recorder: { enabled, dir } }: Config): boolean {
  return enabled && dir !== '';
}

/** Without the section frames are read and nothing is limited: an ordinary client must not meet a limit that nobody set. */
function webSocketPolicy(section: Config['websocket_proxy'], blocks: boolean): WebSocketPolicy {
  const { enabled, scan_text_frames: isRead } = section;
  if (!enabled) return { isRead: true, servesUrlForm: false, origin: 'forward', forwardsCookies: true };
  return {
    isRead,
    servesUrlForm: true,
    maxMessageBytes: section.max_message_bytes,
    ...(blocks && {
      maxConnections: section.max_concurrent_connections,
      maxSeconds: section.max_connection_seconds,
      idleSeconds: section.idle_timeout_seconds,
    }),
    origin: section.origin_policy,
    forwardsCookies: section.forward_cookies,
  };
}

/** 0 means none, as it is where nothing is said: an ordinary client meets Pipelock's own defaults. */
function limitsPolicy(monitoring: Config['fetch_proxy']['monitoring']): Policy['limits'] {
  const { entropy_threshold, max_url_length, max_requests_per_minute, max_data_per_minute } = monitoring;
  return {
    ...(entropy_threshold && { entropyBits: entropy_threshold }),
    ...(max_url_length && { urlBytes: max_url_length }),
    ...(max_requests_per_minute && { requestsPerMinute: max_requests_per_minute }),
    ...(max_data_per_minute && { bytesPerMinute: max_data_per_minute }),
  };
}

/** What is said to the next hop and not to the origin (RFC 9110 section 7.6.1), and what HTTP itself writes. */
const connectionHeaders = ['connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade', 'content-length', 'host'];

function lowerCase(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}

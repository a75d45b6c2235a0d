import type { Config } from '../config/schema.ts';
import { type Category, type Confidence, categoryOf, type Rule, type ToolMatch } from '../rules/rule.ts';
import { callVerdicts, sessionAction, toolChainAction, toolChains } from './calls.ts';
import { ownCredentialHeaders } from './own-credential-headers.ts';
import {
  type ListenAddress,
  type Policy,
  type Surface,
  surfaces,
  type Unreadable,
  unreadables,
  type Verdict,
  type WebSocketPolicy,
} from './policy.ts';
import { refusedRanges } from './ranges.ts';

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
  const scansAllHeaders = body.header_mode !== 'sensitive';
  return {
    mode: config.mode,
    ruleVerdicts: ruleVerdicts(config, rules, blocks),
    unreadableVerdicts: unreadables.map((unreadable) => unreadableVerdict(config, unreadable, blocks)),
    stripsTools: (config.mcp_tool_scanning.action ?? (config.mode === 'strict' ? 'block' : 'strip')) === 'strip',
    redirectsCalls: blocks && rules.some(({ tool }) => tool?.redirect !== undefined),
    toolRanges: config.mcp_input_scanning.enabled ? refusedRanges(config.internal, config.ssrf.ip_allowlist) : [],
    bindsSessions: config.mcp_session_binding.enabled,
    toolChains: toolChains(config.tool_chain_detection),
    maxRequestBodyBytes: body.max_body_bytes,
    maxResponseBytes: tls.max_response_bytes,
    scannedHeaders:
      !body.enabled || !body.scan_headers ? [] : scansAllHeaders ? '*' : lowerCase(body.sensitive_headers),
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

function ruleVerdicts(config: Config, rules: readonly Rule[], blocks: boolean): Policy['ruleVerdicts'] {
  return new Map(
    rules.map((rule) => {
      const { id, tool, toolChain, confidence: own } = rule;
      if (tool) {
        const verdict = tool.namesPrivateAddress
          ? findingVerdict(config, 'credential', 'mcp-request', own, blocks)
          : toolVerdict(config, tool, own, blocks);
        const all = surfaces.map((surface) => (surface === 'mcp-request' ? verdict : 'allow'));
        return [id, { high: all, low: all }];
      }
      if (toolChain || categoryOf(id) === 'session') {
        const action = toolChain ? toolChainAction(config, toolChain) : sessionAction(config, id);
        const verdicts = (confidence: Confidence) => callVerdicts(config.mode, action, confidence, blocks);
        return [id, { high: verdicts('high'), low: verdicts('low') }];
      }
      if (rule.validator === 'bip39' && !config.seed_phrase_detection.enabled) {
        const none = surfaces.map((): Verdict => 'allow');
        return [id, { high: none, low: none }];
      }
      const verdicts = (confidence: Confidence) =>
        surfaces.map((surface) => findingVerdict(config, categoryOf(id), surface, confidence, blocks));
      return [id, { high: verdicts('high'), low: verdicts('low') }];
    }),
  );
}

/** What tool policy says of a call that meets a rule of it. */
function toolVerdict(config: Config, tool: ToolMatch, confidence: Confidence, blocks: boolean): Verdict {
  const action = tool.action ?? config.mcp_tool_policy.action;
  if (action === 'allow') return 'allow';
  if (!blocks || action === 'warn') return 'warn';
  if (action !== undefined) return 'block';
  return config.mode === 'strict' || confidence === 'high' ? 'block' : 'warn';
}

/** Surfaces on which a category of rules is not looked for: a user may write what an answer may not say. */
const silent: Record<Category, readonly Surface[]> = {
  credential: [],
  financial: [],
  injection: ['url', 'header', 'request-body'],
  'tool-poison': surfaces.filter((surface) => surface !== 'mcp-tool'),
  drift: surfaces.filter((surface) => surface !== 'mcp-tool'),
  pin: surfaces.filter((surface) => surface !== 'mcp-tool'),
  session: surfaces.filter((surface) => surface !== 'mcp-request'),
  chain: surfaces.filter((surface) => surface !== 'mcp-request'),
  entropy: surfaces.filter((surface) => surface !== 'url'),
};

function findingVerdict(
  config: Config,
  category: Category,
  surface: Surface,
  confidence: Confidence,
  blocks: boolean,
): Verdict {
  if (silent[category].includes(surface)) return 'allow';
  const section = sectionOf(config, category, surface);
  if (section && !section.enabled) return 'allow';
  if (category === 'entropy' && !config.fetch_proxy.monitoring.entropy_threshold) return 'allow';
  if ((category === 'drift' || category === 'pin') && !config.mcp_tool_scanning.detect_drift) return 'allow';
  if (!blocks) return 'warn';
  // A tool is taken out of its list, or the list is blocked: stripsTools says which.
  if (section?.action === 'strip' && surface === 'mcp-tool') return 'block';
  if (section?.action !== undefined) return section.action;
  return config.mode === 'strict' || confidence === 'high' ? 'block' : 'warn';
}

/** The section that decides on a surface; undefined where the mode alone does. */
function sectionOf(
  config: Config,
  category: Category,
  surface: Surface,
): { enabled: boolean; action?: Verdict | undefined } | undefined {
  switch (surface) {
    case 'url':
      return undefined;
    case 'header':
    case 'request-body':
      return config.request_body_scanning;
    case 'mcp-request':
      return config.mcp_input_scanning;
    case 'mcp-tool':
      // A secret in a tool's definition is a secret in an answer.
      if (category !== 'credential' && category !== 'financial') return config.mcp_tool_scanning;
      return config.response_scanning;
    case 'response-body':
    case 'mcp-response':
      return config.response_scanning;
  }
}

function unreadableVerdict(config: Config, unreadable: Unreadable, blocks: boolean): Verdict {
  if (unreadable.startsWith('request-') && !config.request_body_scanning.enabled) return 'allow';
  if (unreadable.startsWith('response-') && !config.response_scanning.enabled) return 'allow';
  if (unreadable.startsWith('mcp-')) {
    if (!config.mcp_input_scanning.enabled) return 'allow';
    if (config.mcp_input_scanning.on_parse_error === 'forward') return 'warn';
  }
  if (unreadable.startsWith('websocket-')) return webSocketVerdict(config, unreadable, blocks);
  if (unreadable === 'tunnel-server-name' && !config.forward_proxy.sni_verification) return 'allow';
  if (!blocks) return 'warn';
  // An answer that cannot be read is rarer an attack than a request that may not be read.
  const isAnswer = unreadable.startsWith('response-') || unreadable === 'mcp-answer';
  return isAnswer && config.mode !== 'strict' ? 'warn' : 'block';
}

function webSocketVerdict({ websocket_proxy: section }: Config, unreadable: Unreadable, blocks: boolean): Verdict {
  if (unreadable === 'websocket-binary' && (!section.enabled || section.allow_binary_frames)) return 'allow';
  if (unreadable === 'websocket-too-large' && !section.enabled) return 'allow';
  if (unreadable === 'websocket-frame' && section.enabled && !section.scan_text_frames) return 'allow';
  return blocks ? 'block' : 'warn';
}

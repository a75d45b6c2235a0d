import type { Config } from '../config/schema.ts';
import type { Rule } from '../rules/rule.ts';
import { ownCredentialHeaders } from './own-credential-headers.ts';
import {
  type ListenAddress,
  type Policy,
  type Surface,
  surfaces,
  type Unreadable,
  unreadables,
  type Verdict,
} from './policy.ts';

/** What the command line and the environment add to the file. */
export interface PolicyOptions {
  listen: ListenAddress;
  mcpListen: ListenAddress;
  mcpUpstream: URL | undefined;
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
    maxRequestBodyBytes: body.max_body_bytes,
    scannedHeaders:
      !body.enabled || !body.scan_headers ? [] : scansAllHeaders ? '*' : lowerCase(body.sensitive_headers),
    ignoredHeaders: lowerCase(body.ignore_headers ?? connectionHeaders),
    ownCredentialHeaders: [...ownCredentialHeaders],
    listen: { proxy: options.listen, mcp: options.mcpListen },
    mcpUpstream: options.mcpUpstream,
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
    tunnel: {
      enabled: config.forward_proxy.enabled,
      maxSeconds: config.forward_proxy.max_tunnel_seconds,
      idleSeconds: config.forward_proxy.idle_timeout_seconds,
    },
  };
}

/** What is said to the next hop and not to the origin (RFC 9110 section 7.6.1), and what HTTP itself writes. */
const connectionHeaders = ['connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade', 'content-length', 'host'];

function lowerCase(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}

function ruleVerdicts(config: Config, rules: readonly Rule[], blocks: boolean): Policy['ruleVerdicts'] {
  const high = surfaces.map((surface) => findingVerdict(config, surface, 'high', blocks));
  const low = surfaces.map((surface) => findingVerdict(config, surface, 'low', blocks));
  return new Map(rules.map((rule) => [rule.id, { high, low }]));
}

function findingVerdict(config: Config, surface: Surface, confidence: 'high' | 'low', blocks: boolean): Verdict {
  const { request_body_scanning: body, mcp_input_scanning: mcp } = config;
  // What an answer holds has already come in; it is reported.
  if (surface === 'response-body') return 'warn';
  const section =
    surface === 'header' || surface === 'request-body' ? body : surface === 'mcp-request' ? mcp : undefined;
  if (section && !section.enabled) return 'allow';
  if (!blocks || section?.action === 'warn') return 'warn';
  if (section?.action === 'block') return 'block';
  return config.mode === 'strict' || confidence === 'high' ? 'block' : 'warn';
}

function unreadableVerdict(config: Config, unreadable: Unreadable, blocks: boolean): Verdict {
  const isBody = unreadable.startsWith('request-');
  if (isBody && !config.request_body_scanning.enabled) return 'allow';
  if (unreadable === 'mcp-not-json-rpc') {
    if (!config.mcp_input_scanning.enabled) return 'allow';
    if (config.mcp_input_scanning.on_parse_error === 'forward') return 'warn';
  }
  if (!blocks) return 'warn';
  // An answer that cannot be read is rarer an attack than a request that may not be read.
  return unreadable.startsWith('response-') && config.mode !== 'strict' ? 'warn' : 'block';
}

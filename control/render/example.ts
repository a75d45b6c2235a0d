/** A policy and a runtime for the tests of render and guard. */
import { join } from 'node:path';
import type { Policy } from '../policy/policy.ts';
import type { Runtime } from './runtime.ts';

type Change = Partial<{
  [K in keyof Policy]: Policy[K] extends URL | undefined ? Policy[K] : Partial<Policy[K]> | Policy[K];
}>;

/** A balanced policy that intercepts, with the sections of `change` laid over it. */
export function examplePolicy(change: Change = {}): Policy {
  const policy: Policy = {
    mode: 'balanced',
    ruleVerdicts: new Map(),
    unreadableVerdicts: [],
    explainsBlocks: false,
    suppressions: [],
    stripsTools: true,
    redirectsCalls: true,
    bindsSessions: false,
    seedPhrases: { leastWords: 12, checks: true },
    toolChains: { categories: [], windowCalls: 20, windowSeconds: 60, maxGap: 3 },
    toolRanges: [],
    maxRequestBodyBytes: 5 * 1024 * 1024,
    maxResponseBytes: 5 * 1024 * 1024,
    webSocket: { isRead: true, servesUrlForm: false, origin: 'forward', forwardsCookies: true },
    limits: {},
    scannedHeaders: '*',
    ignoredHeaders: [],
    ownCredentialHeaders: [],
    listen: { proxy: { address: '127.0.0.1', port: 8888 }, mcp: { address: '127.0.0.1', port: 8889 } },
    mcpUpstream: undefined,
    mcpUpstreams: [],
    mcpTokenDigests: [],
    tls: {
      intercept: true,
      passthrough: [],
      upstreamCaFile: '/etc/ssl/certs/ca-certificates.crt',
      leafTtlSeconds: 86_400,
      maxLeaves: 10_000,
    },
    destinations: {
      allowed: undefined,
      blocked: [],
      trusted: [],
      privateRanges: [
        { address: '10.0.0.0', prefixLength: 8 },
        { address: 'fc00::', prefixLength: 7 },
      ],
      allowedRanges: [],
    },
    stop: undefined,
    toldExchanges: 'all',
    tunnel: { enabled: true, maxSeconds: 300, idleSeconds: 60 },
  };
  for (const [key, value] of Object.entries(change)) {
    const section = policy[key as keyof Policy];
    const isSection = typeof section === 'object' && !(section instanceof URL) && !Array.isArray(section);
    Object.assign(policy, { [key]: isSection ? { ...section, ...(value as object) } : value });
  }
  return policy;
}

/** Every kind of policy that the rendered files differ by. */
export const examplePolicies: Record<string, Policy> = {
  default: examplePolicy(),
  'interception off': examplePolicy({ tls: { intercept: false } }),
  'interception off, trusted names': examplePolicy({
    tls: { intercept: false },
    destinations: { trusted: ['*.corp.example'] },
  }),
  'allowed names only': examplePolicy({
    mode: 'strict',
    destinations: { allowed: ['api.openai.com', '*.anthropic.com'] },
  }),
  'nothing allowed': examplePolicy({ mode: 'strict', destinations: { allowed: [] } }),
  'blocked, trusted and passthrough names': examplePolicy({
    tls: { passthrough: ['*.bank.example', 'pinned.example'] },
    destinations: { blocked: ['*.paste.example'], trusted: ['*.corp.example', 'localhost'] },
  }),
  'tunnels to some ports': examplePolicy({ tunnel: { ports: [443, 8443] } }),
  'tunnels off': examplePolicy({ tunnel: { enabled: false } }),
  'mcp over https': examplePolicy({ mcpUpstream: new URL('https://mcp.example/api/mcp') }),
  'mcp at an address': examplePolicy({ mcpUpstream: new URL('http://[::1]:3000/mcp') }),
  'mcp by names': examplePolicy({
    mcpUpstreams: [
      { name: 'files', url: new URL('https://files.example/mcp') },
      { name: 'search', url: new URL('http://10.0.0.7:3000') },
    ],
  }),
  'any port': examplePolicy({
    listen: { proxy: { address: '::1', port: 0 }, mcp: { address: '127.0.0.1', port: 0 } },
  }),
};

/** Paths of a gateway that runs in `directory`. */
export function exampleRuntime(directory: string, filterWasm: string): Runtime {
  return {
    directory,
    adsSocket: join(directory, 'ads.sock'),
    controlSocket: join(directory, 'control.sock'),
    pinsSocket: join(directory, 'pins.sock'),
    handlerSocket: join(directory, 'calls.sock'),
    adminSocket: join(directory, 'admin.sock'),
    filterWasm,
    filterDirectory: join(directory, 'filter'),
  };
}

/**
 * The policy: what the gateway does, in its own words. Built from a Config and the rules by build.ts; read by compile
 * and render. No pipelock.yaml key and no Envoy name appears here.
 */

import type { ToolCategory } from '../rules/tool-chain.ts';

/** What policy says of a finding. The numbers are the table's (filter/table/layout.ts), in order of strength. */
export type Verdict = 'allow' | 'warn' | 'strip' | 'block';

/** Where in an exchange a finding can lie. The order is the table's (filter/table/layout.ts). */
export const surfaces = [
  'url',
  'header',
  'request-body',
  'response-body',
  'mcp-request',
  'mcp-response',
  'mcp-tool',
  'response-header',
] as const;
export type Surface = (typeof surfaces)[number];

/** What can make a message unreadable. The order is the table's (filter/table/layout.ts). */
export const unreadables = [
  'request-too-large',
  'request-encoding',
  'request-expansion',
  'mcp-not-json-rpc',
  'response-encoding',
  'authority-mismatch',
  'response-too-large',
  'mcp-not-json',
  'mcp-trailing-data',
  'mcp-duplicate-key',
  'mcp-key-variant',
  'mcp-too-deep',
  'mcp-huge-number',
  'mcp-not-utf8',
  'mcp-lone-surrogate',
  'mcp-too-many',
  'mcp-answer',
  'response-expansion',
  'websocket-frame',
  'websocket-binary',
  'websocket-too-large',
  'tunnel-not-tls',
  'tunnel-server-name',
  'mcp-tools-too-large',
  'url-too-long',
  'requests-per-minute',
  'data-per-minute',
  'domain-burst',
  'volume-spike',
  'client-level',
  'entropy-budget',
] as const;
export type Unreadable = (typeof unreadables)[number];

/** An IP range in CIDR notation, split: address "10.0.0.0", prefixLength 8. */
export interface IpRange {
  address: string;
  prefixLength: number;
}

/** A socket address to listen on: an IP address and a port from 0 to 65535. */
export interface ListenAddress {
  address: string;
  port: number;
}

/** What holds for WebSockets besides the verdicts. Left out, a limit is none. */
export interface WebSocketPolicy {
  /** false: what is in the frames passes unread. */
  isRead: boolean;
  /** `/ws?url=ws(s)://…` on the proxy's own port leads to that URL. */
  servesUrlForm: boolean;
  maxMessageBytes?: number;
  maxConnections?: number;
  maxSeconds?: number;
  idleSeconds?: number;
  /** What becomes of the handshake's Origin: `forward` leaves it, `rewrite` names the destination itself. */
  origin: 'forward' | 'rewrite' | 'strip';
  /** Whether the handshake's cookies go on. */
  forwardsCookies: boolean;
}

/** What is kept of each client: the domains that it asks for, and how much it moves. */
export interface ProfilePolicy {
  /** How long a domain is new to a client, and what is behind the mean that its volume is measured by. */
  windowSeconds: number;
  /** New domains of a client in that time. */
  maxDomains: number;
  /** What a minute may have of the mean of those before. */
  volumeRatio: number;
  /** Clients that are kept, and for how long after they were heard of last. */
  maxClients: number;
  ttlSeconds: number;
  /** What a client comes to by what is found in its exchanges; undefined: to nothing. */
  levels?: LevelPolicy;
}

/** How a client can stand, from the level of all clients on. The order is the table's (filter/table/layout.ts). */
export const levels = ['normal', 'elevated', 'high', 'critical'] as const;
export type Level = (typeof levels)[number];

export interface LevelPolicy {
  /** Points that lead to `elevated`; twice as many to each next one. */
  threshold: number;
  /** Points that a clean exchange takes off. */
  decay: number;
  /** Host patterns of destinations that give no points, and know no levels. */
  exempt: string[];
  /** Levels at which a warning is a block. */
  blockWarned: Level[];
  /** Levels at which nothing passes. */
  blockAll: Level[];
}

export interface Policy {
  mode: 'strict' | 'balanced' | 'audit';

  /** Rule id → verdict for each surface, in the order of `surfaces`. A surface that is not scanned is all 'allow'. */
  ruleVerdicts: Map<string, { high: Verdict[]; low: Verdict[] }>;
  /** Verdict for each unreadable, in the order of `unreadables`. */
  unreadableVerdicts: Verdict[];
  /** Whether blocked answers say what to do about it. */
  explainsBlocks: boolean;
  /** Findings that are left out: those of a rule, to a host (empty: any) and a path (a glob; empty: any). */
  suppressions: { rule: string; host: string; path: string }[];
  /** Whether a tool that a finding blocks is taken out of its list; else the whole list is blocked. */
  stripsTools: boolean;
  /** What counts as a seed phrase: of as many words or more (12, 15, 18, 21 or 24), and whether its checksum has to agree. */
  seedPhrases: { leastWords: number; checks: boolean };
  /** Whether there are calls of tools that a handler of the operator's answers. */
  redirectsCalls: boolean;
  /** Ranges that no argument of a tool may name. */
  toolRanges: IpRange[];
  /** Whether a session may call the tools alone that it was shown. */
  bindsSessions: boolean;
  /** How sequences of calls are looked for: the kinds of tools, and which calls of a session are looked at together. */
  toolChains: { categories: ToolCategory[]; windowCalls: number; windowSeconds: number; maxGap: number };
  /** Longest request body that is read, in bytes. */
  maxRequestBodyBytes: number;
  /** An answer up to this many bytes is held and judged whole; a longer one is read as it passes. */
  maxResponseBytes: number;
  /** Lower-case names of the headers that are scanned, of requests and answers; '*' stands for all but `ignoredHeaders`. */
  scannedHeaders: string[] | '*';
  ignoredHeaders: string[];
  /** Lower-case names of the headers in which a caller's own credential travels to its own destination. */
  ownCredentialHeaders: string[];

  webSocket: WebSocketPolicy;

  /** What an exchange may take; a limit that is left out is none. */
  limits: {
    /** Bits a byte that a part of a URL may have (Shannon's entropy). */
    entropyBits?: number;
    /** Bytes of host and path. */
    urlBytes?: number;
    /** Of one domain. */
    requestsPerMinute?: number;
    bytesPerMinute?: number;
  };

  /** Whether secrets are looked for that are cut over several requests of a client, within so many seconds. */
  acrossRequests?: { seconds: number; pieces: number; warnsOnly: boolean };

  /** How many bits a client's values that look drawn may have within so many seconds, but for those to `exempt` hosts. */
  entropyBudget?: { bits: number; seconds: number; exempt: string[] };

  /** undefined: nothing is kept of clients. */
  profiles?: ProfilePolicy;

  listen: { proxy: ListenAddress; mcp: ListenAddress };
  /** Where 8889 leads; undefined: what goes to no server with a name of its own is answered with an error. */
  mcpUpstream: URL | undefined;
  /** SHA-256 of each token of which 8889 wants one, in every mode; empty: it wants none. */
  mcpTokenDigests: Uint8Array[];
  /** Servers that 8889 leads to by the first name of the path, each name once. */
  mcpUpstreams: { name: string; url: URL }[];

  tls: {
    /** false: tunnels pass unread. */
    intercept: boolean;
    /** Host patterns ("bank.example", "*.bank.example") whose tunnels pass unread. */
    passthrough: string[];
    /** PEM file with the roots that upstream certificates are checked against. */
    upstreamCaFile: string;
    leafTtlSeconds: number;
    /** Most leaf certificates that are alive at once; undefined: as many as control/certs keeps by itself. */
    maxLeaves: number | undefined;
  };

  destinations: {
    /** Host patterns that alone may be reached; undefined: all. */
    allowed: string[] | undefined;
    /** Host patterns that may not be reached. */
    blocked: string[];
    /** Host patterns that may resolve to a private range. */
    trusted: string[];
    /** Ranges that no other host may resolve to. */
    privateRanges: IpRange[];
    /** Ranges inside those that every host may resolve to all the same. */
    allowedRanges: IpRange[];
  };

  /** The kill switch; undefined: there is none. */
  stop:
    | {
        message: string;
        /** Addresses that may go on while it is thrown. */
        allowed: IpRange[];
        sparesHealth: boolean;
        sparesMetrics: boolean;
      }
    | undefined;

  /** The exchanges that have a line: `found` are those where something was found or refused. */
  toldExchanges: 'all' | 'found' | 'none';

  /** `ports`: those that a tunnel may lead to; undefined: any. */
  tunnel: { enabled: boolean; maxSeconds: number; idleSeconds: number; ports?: number[] | undefined };
}

// Every switch of pipelock.yaml, from its text to the policy: left out, null, false, true, and changed or unchanged by a reload.
import { expect, test } from 'vitest';
import { cacheKey } from '../compile/cache.ts';
import { compile } from '../compile/compile.ts';
import { setVerdicts } from '../compile/verdicts.ts';
import { standings } from '../config/honoured.ts';
import { readConfig } from '../config/read.ts';
import { type Config, configSchema } from '../config/schema.ts';
import { entropyRules } from '../rules/entropy.ts';
import { pinRules } from '../rules/pin.ts';
import { type Rule, unwritten } from '../rules/rule.ts';
import { sessionRulesOf } from '../rules/session.ts';
import { toolChainRulesOf } from '../rules/tool-chain.ts';
import { toolRulesOf } from '../rules/tool-policy.ts';
import { addressRulesOf } from '../rules/wallet-address.ts';
import { load } from '../serve/load.ts';
import { buildPolicy } from './build.ts';
import { type Policy, type Surface, surfaces, unreadables } from './policy.ts';

const options = {
  listen: { address: '127.0.0.1', port: 8888 },
  mcpListen: { address: '127.0.0.1', port: 8889 },
  mcpUpstream: undefined,
  upstreamCaFile: '',
};

const rule = (id: string, pattern: string): Rule => ({
  ...unwritten,
  id,
  title: id,
  severity: 'high',
  confidence: 'high',
  pattern,
  place: '',
});
const credential = rule('credential.example.token', 'exa_[0-9a-f]{20}');
const poison = rule('tool-poison.example.hidden', 'poison_[0-9]{4}');

interface Made {
  config: Config;
  rules: Rule[];
  policy: Policy;
}

/** The stages from a text to the policy, with few rules: all of ours take seconds to compile. */
function make(text: string): Made {
  const { config } = readConfig(text, 'pipelock.yaml');
  const rules = [
    credential,
    poison,
    ...pinRules(),
    ...entropyRules([]),
    ...toolRulesOf(config.mcp_tool_policy, ''),
    ...sessionRulesOf(config.mcp_session_binding),
    ...addressRulesOf(config.address_protection),
    ...toolChainRulesOf(config.tool_chain_detection, ''),
  ];
  return { config, rules, policy: buildPolicy(config, rules, options) };
}

const blocksOn =
  (surface: Surface, id = credential.id) =>
  ({ policy }: Made) =>
    policy.ruleVerdicts.get(id)!.high[surfaces.indexOf(surface)] === 'block';
const refuses =
  (unreadable: (typeof unreadables)[number]) =>
  ({ policy }: Made) =>
    policy.unreadableVerdicts[unreadables.indexOf(unreadable)] === 'block';
const hasRules =
  (prefix: string) =>
  ({ rules }: Made) =>
    rules.some(({ id }) => id.startsWith(prefix));

interface Switch {
  key: string;
  byDefault: boolean;
  /** Whether what the switch stands for is on. */
  isOn(made: Made): boolean;
  /** What it needs beside it, as flow YAML in its section, or sections of its own. */
  beside?: string;
  sections?: string;
}

const switches: Switch[] = [
  { key: 'enforce', byDefault: true, isOn: blocksOn('request-body') },
  { key: 'explain_blocks', byDefault: false, isOn: ({ policy }) => policy.explainsBlocks },
  { key: 'forward_proxy.enabled', byDefault: false, isOn: ({ policy }) => policy.tunnel.enabled },
  { key: 'forward_proxy.sni_verification', byDefault: true, isOn: refuses('tunnel-server-name') },
  { key: 'tls_interception.enabled', byDefault: false, isOn: ({ policy }) => policy.tls.intercept },
  { key: 'websocket_proxy.enabled', byDefault: false, isOn: ({ policy }) => policy.webSocket.servesUrlForm },
  {
    key: 'websocket_proxy.scan_text_frames',
    byDefault: true,
    beside: 'enabled: true',
    isOn: refuses('websocket-frame'),
  },
  {
    key: 'websocket_proxy.allow_binary_frames',
    byDefault: false,
    beside: 'enabled: true',
    isOn: (made) => !refuses('websocket-binary')(made),
  },
  {
    key: 'websocket_proxy.forward_cookies',
    byDefault: false,
    beside: 'enabled: true',
    isOn: ({ policy }) => policy.webSocket.forwardsCookies,
  },
  { key: 'response_scanning.enabled', byDefault: true, isOn: blocksOn('response-body') },
  { key: 'request_body_scanning.enabled', byDefault: true, isOn: blocksOn('request-body') },
  { key: 'request_body_scanning.scan_headers', byDefault: true, isOn: blocksOn('header') },
  { key: 'mcp_input_scanning.enabled', byDefault: true, isOn: blocksOn('mcp-request') },
  { key: 'mcp_tool_scanning.enabled', byDefault: true, isOn: blocksOn('mcp-tool', poison.id) },
  { key: 'mcp_tool_scanning.detect_drift', byDefault: true, isOn: blocksOn('mcp-tool', pinRules()[0]!.id) },
  { key: 'mcp_tool_policy.enabled', byDefault: true, isOn: hasRules('tool-policy.') },
  { key: 'mcp_tool_policy.include_defaults', byDefault: true, isOn: hasRules('tool-policy.') },
  { key: 'mcp_session_binding.enabled', byDefault: false, isOn: ({ policy }) => policy.bindsSessions },
  { key: 'tool_chain_detection.enabled', byDefault: false, isOn: hasRules('chain.') },
  { key: 'seed_phrase_detection.verify_checksum', byDefault: true, isOn: ({ policy }) => policy.seedPhrases.checks },
  { key: 'kill_switch.enabled', byDefault: false, isOn: ({ policy }) => policy.stop !== undefined },
  {
    key: 'kill_switch.health_exempt',
    byDefault: true,
    beside: 'enabled: true',
    isOn: ({ policy }) => policy.stop!.sparesHealth,
  },
  {
    key: 'kill_switch.metrics_exempt',
    byDefault: true,
    beside: 'enabled: true',
    isOn: ({ policy }) => policy.stop!.sparesMetrics,
  },
  {
    key: 'flight_recorder.require_receipts',
    byDefault: false,
    beside: 'enabled: true, dir: receipts',
    isOn: ({ policy }) => policy.stop !== undefined,
  },
  {
    key: 'flight_recorder.enabled',
    byDefault: true,
    beside: 'dir: receipts',
    sections: 'logging: { include_allowed: false }',
    isOn: ({ policy }) => policy.toldExchanges === 'all',
  },
  {
    key: 'cross_request_detection.enabled',
    byDefault: false,
    beside: 'fragment_reassembly: { enabled: true }',
    isOn: ({ policy }) => policy.acrossRequests !== undefined,
  },
  { key: 'session_profiling.enabled', byDefault: false, isOn: ({ policy }) => policy.profiles !== undefined },
  {
    key: 'adaptive_enforcement.enabled',
    byDefault: false,
    beside: 'exempt_domains: [free.example]',
    sections: 'session_profiling: { enabled: true }',
    isOn: ({ policy }) => policy.profiles!.levels !== undefined,
  },
  {
    key: 'address_protection.enabled',
    byDefault: false,
    beside: "allowed_addresses: ['0x52908400098527886E0F7030069857D2E4169EE7']",
    isOn: hasRules('address.'),
  },
];

/** A text with the switch in a state; undefined: left out. */
function textOf({ key, beside, sections = '' }: Switch, state: string | undefined): string {
  const [section, name] = key.split('.') as [string, string?];
  if (name === undefined) return `mode: balanced\n${state === undefined ? '' : `${key}: ${state}\n`}${sections}\n`;
  const inside = [...(beside ? [beside] : []), ...(state === undefined ? [] : [`${name}: ${state}`])];
  return `mode: balanced\n${inside.length === 0 ? '' : `${section}: { ${inside.join(', ')} }\n`}${sections}\n`;
}

test.each(switches)('$key: left out, null, false, true', (one) => {
  const isOn = (state: string | undefined) => one.isOn(make(textOf(one, state)));
  expect([undefined, 'null', 'false', 'true'].map(isOn)).toEqual([one.byDefault, one.byDefault, false, true]);
});

test.each(switches)('$key: changed and unchanged by a reload', (one) => {
  const tableOf = ({ rules, policy }: Made) => compile(rules, policy).table;
  const states = { false: make(textOf(one, 'false')), true: make(textOf(one, 'true')) };
  for (const [from, to] of [
    [states.false, states.true],
    [states.true, states.false],
    [states.true, make(textOf(one, 'true'))],
  ] as const) {
    const wanted = tableOf(to);
    // Where the keys differ the table is compiled anew; where not, the one that is there is written into.
    const isKept = cacheKey(from.rules, from.policy) === cacheKey(to.rules, to.policy);
    const table = isKept ? tableOf(from) : wanted;
    setVerdicts(table, to.rules, to.policy);
    expect(Buffer.from(table).equals(Buffer.from(wanted))).toBe(true);
  }
});

/** Switches that decide on rules, or on what the policy does not know. */
const others = [
  'dlp.scan_env',
  'dlp.include_defaults',
  'response_scanning.include_defaults',
  'seed_phrase_detection.enabled', // build.test.ts
  'websocket_proxy.strip_compression', // true alone
  'kill_switch.api_exempt', // true alone
  'logging.include_allowed',
  'logging.include_blocked',
  'health_watchdog.enabled',
  'health_watchdog.expose_subsystems',
  'flight_recorder.redact',
  'emit.otlp.gzip',
];

test('no switch that is honoured is missing', () => {
  const found: string[] = [];
  const walk = (value: unknown, path: string) => {
    if (typeof value === 'boolean') found.push(path);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [name, inner] of Object.entries(value)) walk(inner, path === '' ? name : `${path}.${name}`);
  };
  walk(configSchema.parse({}), '');
  const isOff = (key: string) => {
    const parts = key.split('.');
    const line = parts.map((_, i) => standings[parts.slice(0, parts.length - i).join('.')]).find(Boolean);
    return line === undefined || line.does === 'nothing';
  };
  const known = [...switches.map(({ key }) => key), ...others];
  // Switches inside parts of a section that others read, from their text to the filter.
  const elsewhere = [
    'cross_request_detection.fragment_reassembly.enabled', // test/stream/across.test.ts
    'cross_request_detection.entropy_budget.enabled', // test/stream/budget.test.ts
    ...['elevated', 'high', 'critical'].map((level) => `adaptive_enforcement.levels.${level}.block_all`), // test/stream/clients.test.ts
    ...['eth', 'btc', 'bnb', 'sol'].map((chain) => `address_protection.chains.${chain}`), // test/rules/wallet-address.test.ts
  ];
  expect(found.filter((key) => !isOff(key) && !elsewhere.includes(key) && !known.includes(key))).toEqual([]);
});

test.each([
  ['dlp.include_defaults', 'dlp', 'include_defaults', 'credential.', {}],
  ['response_scanning.include_defaults', 'response_scanning', 'include_defaults', 'injection.', {}],
  ['dlp.scan_env', 'dlp', 'scan_env', 'dlp.environment', { BILLING_PASSWORD: ['uV5nQ2', 'xKe8Lr', 'J3wZ7t'].join('') }],
] as const)(
  '%s: left out, null, false, true',
  (_, section, name, prefix, env) => {
    const isOn = (state: string | undefined) => {
      const text = `mode: balanced\n${section}: ${state === undefined ? '{}' : `{ ${name}: ${state} }`}\n`;
      return load(text, 'pipelock.yaml', env).rules.some(({ id }) => id.startsWith(prefix));
    };
    expect([undefined, 'null', 'false', 'true'].map(isOn)).toEqual([true, true, false, true]);
  },
  60_000,
);

import { expect, test } from 'vitest';
import { standings } from './honoured.ts';
import { allKeys } from './keys.ts';
import { ConfigError, formatKey, formatNotice, formatProblem } from './problem.ts';
import { readConfig } from './read.ts';

const keys = allKeys().map(formatKey);

test('every line of the table is about a key that exists', () => {
  expect(Object.keys(standings).filter((key) => !keys.includes(key))).toEqual([]);
  for (const [key, standing] of Object.entries(standings)) {
    const switches = standing.does === 'nothing' ? (standing.switches ?? []) : [];
    expect(switches.filter((name) => !keys.includes(`${key}.${name}`))).toEqual([]);
  }
});

test('every key has a line of its own or of a section above it', () => {
  const uncovered = allKeys().filter((path) => {
    const key = formatKey(path);
    const isCovered = path.some((_, i) => formatKey(path.slice(0, i + 1)) in standings);
    const isSectionOfCovered = Object.keys(standings).some((line) => line.startsWith(`${key}.`));
    return !isCovered && !isSectionOfCovered;
  });
  expect(uncovered.map(formatKey)).toEqual([]);
});

function notices(text: string): string[] {
  const { notices } = readConfig(`tls_interception: { enabled: false }\n${text}`, 'p.yaml');
  return notices.map(formatNotice);
}

function refusals(text: string): string[] {
  try {
    readConfig(text, 'p.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.problems.map((problem) => problem.code)).toEqual(error.problems.map(() => 'not-honoured'));
    return error.problems.map((problem) => formatProblem(problem).split('\n')[0]!);
  }
  return [];
}

test.each([
  [
    'fetch_proxy: { timeout_seconds: 30 }',
    'p.yaml:2:16: fetch_proxy.timeout_seconds: it is at its default, and it changes nothing',
  ],
  [
    'mcp_ws_listener: { max_connections: 100 }',
    'p.yaml:2:1: mcp_ws_listener: it is at its default, and it changes nothing',
  ],
])('%s is a notice', (text, notice) => {
  expect(notices(text)).toEqual([notice]);
});

test.each([
  'forward_proxy: { enabled: true, sni_verification: true }',
  'logging: { format: text, output: stdout, include_blocked: true }',
  'websocket_proxy: { enabled: true, max_message_bytes: 5 }',
  'response_scanning: { enabled: false, action: block, include_defaults: true }',
  'response_scanning: { action: strip }',
  'websocket_proxy:',
  'mcp_tool_policy: { enabled: }',
  'explain_blocks:',
  'agents: {}',
  'sandbox: { enabled: false, strict: true }',
  'file_sentry: { enabled: false }',
  'git_protection: { pre_push_scan: true }',
  'sentry: { enabled: false }',
  'reverse_proxy: { enabled: false, listen: ":9" }',
  'reverse_proxy: { listen: ":9" }',
  'scan_api: { listen: "" }',
  'rules: { disabled: [] }',
  'dlp: { action: }',
  '{}',
])('nothing is said about %s', (text) => {
  expect(text === '{}' ? readConfig('tls_interception: { enabled: true }', 'p.yaml').notices : notices(text)).toEqual(
    [],
  );
});

test.each([
  [
    'reverse_proxy: { enabled: true, listen: ":9" }',
    'p.yaml:1:27: reverse_proxy.enabled: it is on, and not honoured: there are two ways in; let clients reach the server through 8888, or if it speaks MCP name it in mcp_upstreams; write false, or remove it',
  ],
  [
    'scan_api: { listen: ":9" }',
    'p.yaml:1:21: scan_api.listen: it is set to ":9", and not honoured: texts are read on their way and not on request; send them through 8888 or 8889, or try one with penstock trace; remove it',
  ],
  [
    'rules: { rules_dir: /rules }',
    'p.yaml:1:21: rules.rules_dir: it is set to "/rules", and not honoured: bundles are written and signed for another engine; write rules as dlp.patterns or response_scanning.patterns, and leave ours out with suppress; remove it',
  ],
  [
    'mcp_ws_listener: { max_connections: 9 }',
    'p.yaml:1:37: mcp_ws_listener.max_connections: it is set to 9, and not honoured: MCP is served over HTTP, on 8889; MCP over a WebSocket passes 8888 like any other, as websocket_proxy says; remove it',
  ],
  [
    'response_scanning: { ask_timeout_seconds: 5 }',
    'p.yaml:1:43: response_scanning.ask_timeout_seconds: it is set to 5, and not honoured: nobody sits at a gateway to be asked, so no answer waits for that; remove it',
  ],
  [
    'fetch_proxy: { timeout_seconds: 10 }',
    'p.yaml:1:33: fetch_proxy.timeout_seconds: it is set to 10, and not honoured: there is no /fetch here, whose key it is; an answer may take as long as its origin does; remove it',
  ],
  [
    'agents: { one: { mode: audit } }',
    'p.yaml:1:1: agents: it is set, and not honoured: one gateway has one policy; run a release for each agent that needs another; remove it',
  ],
  [
    'fetch_proxy: { listen: ":8080" }',
    'p.yaml:1:24: fetch_proxy.listen: it is set to ":8080", and not honoured: the address comes from --listen; remove it, and give the address with --listen',
  ],
])('%s is refused', (text, refusal) => {
  expect(refusals(text)[0]).toBe(refusal);
});

test('a switch that is on is named once, not with each of its keys', () => {
  expect(refusals('git_protection: { enabled: true, pre_push_scan: true, allowed_branches: [a] }')).toHaveLength(1);
});

test('keys that are honoured are taken at any value without a word', () => {
  const text = `
mode: strict
enforce: false
explain_blocks: true
suppress: [{ rule: credential.github.token, path: docs.example/public/, reason: examples }]
api_allowlist: [api.example.com]
internal: []
trusted_domains: [mcp.example]
ssrf: { ip_allowlist: [10.0.0.0/8] }
fetch_proxy: { monitoring: { blocklist: [] } }
forward_proxy:
  { enabled: true, max_tunnel_seconds: 1, idle_timeout_seconds: 1, redirect_websocket_hosts: [ws.example] }
seed_phrase_detection: { enabled: true, min_words: 24, verify_checksum: false }
response_scanning: { include_defaults: false, patterns: [{ name: n, regex: 'x-\\d' }] }
tls_interception:
  { enabled: true, ca_cert: a.crt, ca_key: a.key, passthrough_domains: ['*.bank.example'], cert_ttl: 1h,
    cert_cache_size: 5, upstream_ca_file: roots.pem }
dlp:
  { include_defaults: false, scan_env: false, secrets_file: secrets.txt, min_env_secret_length: 20,
    patterns: [{ name: n, regex: 'x-\\d', severity: low, validator: luhn, exempt_domains: ['*.example'] }] }
request_body_scanning:
  { enabled: false, action: block, max_body_bytes: 1, scan_headers: false, header_mode: all,
    sensitive_headers: [X-Mine], ignore_headers: [] }
mcp_input_scanning: { enabled: false, action: block, on_parse_error: forward }
mcp_session_binding: { enabled: true, unknown_tool_action: block, no_baseline_action: warn }
tool_chain_detection:
  { enabled: true, action: warn, window_size: 5, window_seconds: 10, max_gap: 0, tool_categories: { pay: ['*pay*'] },
    pattern_overrides: { read-then-exec: block }, custom_patterns: [{ name: n, sequence: [read, pay], action: warn }] }
logging: { format: text, output: both, file: gateway.log, include_allowed: true, include_blocked: false }
health_watchdog: { enabled: false, interval_seconds: 5, expose_subsystems: true }
metrics_listen: 127.0.0.1:9090
kill_switch: { enabled: true, sentinel_file: stop, api_listen: '127.0.0.1:9091', api_token: t, allowlist_ips: [10.0.0.0/8] }
emit: { webhook: { url: 'https://hooks.example/' }, syslog: { address: 'udp://logs.example' } }
flight_recorder: { enabled: true, require_receipts: true, redact: false, dir: receipts, signing_key_path: receipts.key }
`;
  expect(readConfig(text, 'p.yaml').notices).toEqual([]);
});

test('each key that does nothing says why, and what to do', () => {
  const silent = Object.entries(standings).filter(([, standing]) => standing.does === 'nothing' && !standing.never);
  expect(silent.map(([key]) => key)).toEqual([]);
});

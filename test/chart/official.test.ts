// Sure's own chart: the pipelock.yaml that its defaults make, and what the gateway says of it. Written here from the list of
// its values (names, defaults and what it always writes); its template is not ours to copy.
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { load } from '../../control/serve/load.ts';

const release20 = {
  mode: 'balanced',
  enforce: true,
  forward_proxy: { enabled: true, max_tunnel_seconds: 300, idle_timeout_seconds: 60 },
  dlp: { scan_env: true, include_defaults: true },
  response_scanning: { enabled: true, action: 'warn', include_defaults: true },
  mcp_input_scanning: { enabled: true, action: 'block', on_parse_error: 'block' },
  mcp_tool_scanning: { enabled: true, action: 'warn', detect_drift: true },
  mcp_session_binding: { enabled: true, unknown_tool_action: 'warn' },
  tool_chain_detection: { enabled: true, action: 'warn', window_size: 20, max_gap: 3 },
  websocket_proxy: {
    ...{ enabled: false, max_message_bytes: 1048576, max_concurrent_connections: 128, scan_text_frames: true },
    ...{ allow_binary_frames: false, forward_cookies: false, max_connection_seconds: 3600, idle_timeout_seconds: 300 },
    origin_policy: 'rewrite',
  },
  logging: { format: 'json', output: 'stdout', include_allowed: false, include_blocked: true },
};

const release07 = {
  ...release20,
  request_body_scanning: {
    ...{ enabled: true, action: 'warn', max_body_bytes: 5242880, scan_headers: true, header_mode: 'sensitive' },
  },
  health_watchdog: { enabled: true, interval_seconds: 2, expose_subsystems: false },
  flight_recorder: { enabled: true, require_receipts: false, redact: true },
};

test.each([
  ['2.0.0', release20],
  ['0.7', release07],
])('the defaults of the chart for %s are taken, and have effect', (_release, values) => {
  const { rules } = load(stringify(values), 'pipelock.yaml', {});
  const ids = rules.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(['drift.description', 'session.unknown-tool', 'chain.env-then-network']));
});

// Sure's own chart: the pipelock.yaml that its defaults make, and what the gateway says of it. Written here from the list of
// its values (names, defaults and what it always writes); its template is not ours to copy.
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError } from '../../control/config/problem.ts';
import { readConfig } from '../../control/config/read.ts';

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

/** Keys that may be refused, until they are honoured; nothing else may be. With the last of them the list is empty. */
const mayBeRefused = ['mcp_tool_scanning.detect_drift', 'mcp_session_binding.enabled', 'tool_chain_detection.enabled'];

test.each([
  ['2.0.0', release20],
  ['0.7', release07],
])('the defaults of the chart for %s are taken', (_release, values) => {
  const refused: string[] = [];
  try {
    readConfig(stringify(values), 'pipelock.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refused.push(...error.problems.map(({ key }) => key));
  }
  expect(refused.filter((key) => !mayBeRefused.includes(key))).toEqual([]);
});

/** What must hold between keys. */
import { quote } from './complaint.ts';
import type { KeyComplaint } from './explain.ts';
import type { Config } from './schema.ts';

/** Each is a cluster of Envoy's with connections of its own: far from what anybody has. */
const mostUpstreams = 64;
/** More than these would not be read. */
const mostNamed = 20;
/** Names of pages that gateways have, and what pins call the server of --mcp-upstream, which most clients ask for as /mcp. */
const reservedNames = ['health', 'metrics', 'mcp'];

interface CrossCheck {
  /** The keys that take part, dotted. The check is left out when one of them is wrong by itself. */
  keys: readonly string[];
  check(config: Config): KeyComplaint | undefined;
}

/** Hosts that a file without an allowlist names all the same, to be taken over. */
function hostsNamed(config: Config): string[] {
  const { trusted_domains, tls_interception, forward_proxy, dlp } = config;
  const exempt = dlp.patterns.flatMap(({ exempt_domains }) => exempt_domains);
  const lists = [trusted_domains, tls_interception.passthrough_domains, forward_proxy.redirect_websocket_hosts, exempt];
  return [...new Set(lists.flat())].slice(0, mostNamed);
}

export const crossChecks: readonly CrossCheck[] = [
  {
    keys: ['mode', 'api_allowlist'],
    check(config) {
      if (config.mode !== 'strict' || config.api_allowlist.length > 0) return undefined;
      const named = hostsNamed(config);
      const example =
        named.length === 0
          ? 'such as api.openai.com'
          : `of those that this file names, [${named.map(quote).join(', ')}]`;
      return {
        path: ['api_allowlist'],
        on: 'value',
        otherwise: ['mode'],
        code: 'allowlist-needed',
        message: 'mode strict reaches only the hosts listed here, and none is',
        remedy: `add the hosts that the assistant calls, ${example}`,
      };
    },
  },
  {
    keys: ['mcp_upstreams'],
    check({ mcp_upstreams }) {
      const names = Object.keys(mcp_upstreams);
      const path = (name: string) => ['mcp_upstreams', name];
      const odd = names.find((name) => !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name));
      if (odd !== undefined) {
        const message = `${quote(odd)} is not a name that can stand in a path`;
        const remedy = 'write up to 63 lower-case letters, digits and hyphens, such as files';
        return { path: path(odd), on: 'key', code: 'not-allowed', message, remedy };
      }
      const taken = names.find((name) => reservedNames.includes(name));
      if (taken !== undefined) {
        const message = `${quote(taken)} is what the gateway itself, or --mcp-upstream, is asked for by`;
        return { path: path(taken), on: 'key', code: 'not-allowed', message, remedy: 'give the server another name' };
      }
      if (names.length <= mostUpstreams) return undefined;
      const message = `${names.length} servers`;
      return { path: ['mcp_upstreams'], on: 'key', code: 'out-of-range', message, remedy: `keep to ${mostUpstreams}` };
    },
  },
  {
    keys: ['flight_recorder'],
    check({ flight_recorder: { enabled, require_receipts, dir } }) {
      if (!require_receipts || (enabled && dir !== '')) return undefined;
      return {
        path: ['flight_recorder', 'require_receipts'],
        on: 'value',
        code: 'directory-needed',
        message: 'receipts are required, and none are written',
        remedy: enabled ? 'name a directory in flight_recorder.dir' : 'write enabled: true, and a directory in dir',
      };
    },
  },
  {
    keys: ['mcp_session_binding.enabled', 'mcp_tool_scanning.enabled'],
    check({ mcp_session_binding, mcp_tool_scanning }) {
      if (!mcp_session_binding.enabled || mcp_tool_scanning.enabled) return undefined;
      return {
        path: ['mcp_session_binding', 'enabled'],
        on: 'value',
        code: 'tool-scanning-needed',
        message: 'sessions are bound to the tools that lists name, and mcp_tool_scanning does not read lists',
        remedy: 'write mcp_tool_scanning.enabled: true, or false here',
      };
    },
  },
  {
    keys: ['adaptive_enforcement.enabled', 'session_profiling.enabled'],
    check({ adaptive_enforcement, session_profiling }) {
      if (!adaptive_enforcement.enabled || session_profiling.enabled) return undefined;
      return {
        path: ['adaptive_enforcement', 'enabled'],
        on: 'value',
        code: 'profiling-needed',
        message: 'what a client comes to is kept in its profile, and session_profiling keeps none',
        remedy: 'write session_profiling.enabled: true, or false here',
      };
    },
  },
  {
    keys: ['adaptive_enforcement.levels'],
    check({ adaptive_enforcement: { levels } }) {
      const steps = [levels.elevated, levels.high, levels.critical];
      const names = ['elevated', 'high', 'critical'] as const;
      for (const key of ['upgrade_warn', 'upgrade_ask', 'block_all'] as const) {
        const loose = steps.findIndex((step, i) => i > 0 && !step[key] && Boolean(steps[i - 1]![key]));
        if (loose < 0) continue;
        return {
          path: ['adaptive_enforcement', 'levels', names[loose]!, key],
          on: 'value',
          otherwise: ['adaptive_enforcement', 'levels', names[loose - 1]!, key],
          code: 'not-allowed',
          message: `less strict than at ${names[loose - 1]}`,
          remedy: `write ${quote(steps[loose - 1]![key])} as there, or ease it there too`,
        };
      }
      return undefined;
    },
  },
  {
    keys: ['logging.output', 'logging.file'],
    check({ logging: { output, file } }) {
      if (output === 'stdout' || file !== '') return undefined;
      return {
        path: ['logging', 'output'],
        on: 'value',
        code: 'file-needed',
        message: `"${output}" writes to a file, and none is named`,
        remedy: 'name one in logging.file',
      };
    },
  },
  {
    keys: ['tls_interception.ca_cert', 'tls_interception.ca_key'],
    check({ tls_interception: { ca_cert, ca_key } }) {
      if ((ca_cert === '') === (ca_key === '')) return undefined;
      const [present, absent] = ca_cert === '' ? ['ca_key', 'ca_cert'] : ['ca_cert', 'ca_key'];
      return {
        path: ['tls_interception', present],
        on: 'key',
        code: 'key-pair-needed',
        message: `given without ${absent}`,
        remedy: 'give both, or neither for a CA in the state directory',
      };
    },
  },
];

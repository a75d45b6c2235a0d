/** Modes and actions as verdicts: here alone, and nowhere behind it, is it known what a mode does. */
import type { Config } from '../config/schema.ts';
import { type Category, type Confidence, categoryOf, type Rule, type ToolMatch } from '../rules/rule.ts';
import { unknownAddressRuleId } from '../rules/wallet-address.ts';
import { callVerdicts, sessionAction, toolChainAction } from './calls.ts';
import { type Policy, type Surface, surfaces, type Unreadable, type Verdict } from './policy.ts';

/** What policy says of each rule on each surface. `blocks`: it blocks at all. */
export function ruleVerdicts(config: Config, rules: readonly Rule[], blocks: boolean): Policy['ruleVerdicts'] {
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
      if (id === unknownAddressRuleId) {
        const action = config.address_protection.unknown_action ?? 'allow';
        const verdict = blocks || action === 'allow' ? action : 'warn';
        const all = surfaces.map((surface) => (silent.address.includes(surface) ? 'allow' : verdict));
        return [id, { high: all, low: all }];
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
  // Answers list what was paid from where, look-alikes too; only what is sent decides where money goes.
  address: surfaces.filter((surface) => surface !== 'url' && surface !== 'request-body' && surface !== 'mcp-request'),
  response: ['url', 'header', 'request-body', 'mcp-request'],
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
  if (category === 'address' && config.address_protection.action !== undefined) return config.address_protection.action;
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
    case 'header': {
      const { enabled, scan_headers, action } = config.request_body_scanning;
      return { enabled: enabled && scan_headers, action };
    }
    case 'request-body':
      return config.request_body_scanning;
    case 'mcp-request':
      return config.mcp_input_scanning;
    case 'mcp-tool':
      // A secret in a tool's definition is a secret in an answer.
      if (category !== 'credential' && category !== 'financial' && category !== 'response')
        return config.mcp_tool_scanning;
      return config.response_scanning;
    case 'response-body':
    case 'response-header':
    case 'mcp-response':
      return config.response_scanning;
  }
}

/** What policy says of a message that cannot be read, or that meets a limit. */
export function unreadableVerdict(config: Config, unreadable: Unreadable, blocks: boolean): Verdict {
  if (unreadable.startsWith('request-') && !config.request_body_scanning.enabled) return 'allow';
  if (unreadable.startsWith('response-') && !config.response_scanning.enabled) return 'allow';
  if (unreadable === 'mcp-tools-too-large') {
    if (!config.mcp_tool_scanning.enabled) return 'allow';
    return blocks ? 'block' : 'warn';
  }
  if (unreadable.startsWith('mcp-')) {
    if (!config.mcp_input_scanning.enabled) return 'allow';
    if (config.mcp_input_scanning.on_parse_error === 'forward') return 'warn';
  }
  if (unreadable === 'domain-burst' || unreadable === 'volume-spike') {
    const { enabled, anomaly_action } = config.session_profiling;
    if (!enabled) return 'allow';
    // What is unusual is no leak: nobody is stopped by it who did not ask for that.
    return blocks && anomaly_action === 'block' ? 'block' : 'warn';
  }
  if (unreadable === 'entropy-budget') {
    const { enabled, entropy_budget: budget } = config.cross_request_detection;
    if (!enabled || !budget.enabled) return 'allow';
    return blocks && budget.action === 'block' ? 'block' : 'warn';
  }
  if (unreadable === 'client-level' && !config.adaptive_enforcement.enabled) return 'allow';
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

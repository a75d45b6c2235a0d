/** What is said of a call of an MCP tool for what its session was shown and has called before it. */
import type { Config } from '../config/schema.ts';
import type { Confidence, Rule } from '../rules/rule.ts';
import { categoriesOf } from '../rules/tool-chain.ts';
import { type Policy, surfaces, type Verdict } from './policy.ts';

type Action = 'warn' | 'block' | undefined;

/** The verdicts on each surface, of which a call has one. */
export function callVerdicts(mode: Config['mode'], action: Action, confidence: Confidence, blocks: boolean): Verdict[] {
  const byMode = mode === 'strict' || confidence === 'high' ? 'block' : 'warn';
  const verdict = blocks ? (action ?? byMode) : 'warn';
  return surfaces.map((surface) => (surface === 'mcp-request' ? verdict : 'allow'));
}

/** What the operator says of the session rule with this id. */
export function sessionAction({ mcp_session_binding: section }: Config, id: string): Action {
  return id === 'session.no-baseline' ? section.no_baseline_action : section.unknown_tool_action;
}

/** What the operator says of a sequence. */
export function toolChainAction({ tool_chain_detection }: Config, { action }: NonNullable<Rule['toolChain']>): Action {
  return action ?? tool_chain_detection.action;
}

/** How sequences are looked for. */
export function toolChains(section: Config['tool_chain_detection']): Policy['toolChains'] {
  const { window_size: windowCalls, window_seconds: windowSeconds, max_gap: maxGap } = section;
  return { categories: categoriesOf(section), windowCalls, windowSeconds, maxGap };
}

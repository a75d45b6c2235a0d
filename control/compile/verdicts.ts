/** The verdicts of a table: all of it that a mode or an action decides, in places of its own, so that they can be changed in a finished table. */
import * as layout from '../../filter/table/layout.ts';
import { levels, type Policy, surfaces, type Verdict } from '../policy/policy.ts';
import type { Rule } from '../rules/rule.ts';

/** The part of a policy that setVerdicts writes. */
export type VerdictPolicy = Pick<
  Policy,
  | 'ruleVerdicts'
  | 'unreadableVerdicts'
  | 'explainsBlocks'
  | 'stripsTools'
  | 'seedPhrases'
  | 'bindsSessions'
  | 'toolChains'
  | 'maxRequestBodyBytes'
  | 'maxResponseBytes'
  | 'webSocket'
  | 'limits'
  | 'acrossRequests'
  | 'entropyBudget'
  | 'profiles'
  | 'mcpTokenDigests'
>;

const verdictNumbers: Record<Verdict, number> = {
  allow: layout.VERDICT_ALLOW,
  warn: layout.VERDICT_WARN,
  strip: layout.VERDICT_STRIP,
  block: layout.VERDICT_BLOCK,
};

/**
 * Writes a policy's verdicts into a table, in place of those that it has.
 * @param rules the table's rules in their order
 * @throws RangeError where the policy has no verdict for one
 */
export function setVerdicts(
  table: Uint8Array,
  rules: readonly Pick<Rule, 'id' | 'phrases'>[],
  policy: VerdictPolicy,
): void {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const section = (index: number) => view.getUint32(layout.HEADER_BYTES + index * 8, true);
  const [record, records] = [section(layout.SECTION_POLICY), section(layout.SECTION_RULES)];
  view.setUint32(record + layout.POLICY_MAX_REQUEST_BODY_BYTES, policy.maxRequestBodyBytes, true);
  view.setUint8(record + layout.POLICY_EXPLAINS_BLOCKS, policy.explainsBlocks ? 1 : 0);
  view.setUint8(record + layout.POLICY_STRIPS_TOOLS, policy.stripsTools ? 1 : 0);
  view.setUint8(record + layout.POLICY_PHRASE_LEAST_WORDS, policy.seedPhrases.leastWords);
  view.setUint8(record + layout.POLICY_PHRASE_CHECKS, policy.seedPhrases.checks ? 1 : 0);
  view.setUint32(record + layout.POLICY_MAX_RESPONSE_BYTES, policy.maxResponseBytes, true);
  view.setUint32(record + layout.POLICY_WINDOW_CALLS, policy.toolChains.windowCalls, true);
  view.setUint32(record + layout.POLICY_WINDOW_SECONDS, policy.toolChains.windowSeconds, true);
  view.setUint32(record + layout.POLICY_WINDOW_GAP, policy.toolChains.maxGap, true);
  view.setUint32(record + layout.POLICY_MCP_TOKEN_COUNT, policy.mcpTokenDigests.length, true);
  table.fill(0, record + layout.POLICY_MCP_TOKENS, record + layout.POLICY_SUPPRESSIONS);
  policy.mcpTokenDigests.forEach((digest, i) => {
    table.set(digest, record + layout.POLICY_MCP_TOKENS + i * layout.TOKEN_DIGEST_BYTES);
  });
  const { forwardsCookies, origin, maxMessageBytes = 0, maxConnections = 0 } = policy.webSocket;
  view.setUint32(record + layout.POLICY_WEBSOCKET_MESSAGE_BYTES, maxMessageBytes, true);
  view.setUint32(record + layout.POLICY_WEBSOCKET_CONNECTIONS, maxConnections, true);
  const { entropyBits = 0, urlBytes = 0, requestsPerMinute = 0, bytesPerMinute = 0 } = policy.limits;
  view.setUint32(record + layout.POLICY_ENTROPY_MILLIBITS, Math.round(entropyBits * 1000), true);
  view.setUint32(record + layout.POLICY_ACROSS_SECONDS, policy.acrossRequests?.seconds ?? 0, true);
  view.setUint8(record + layout.POLICY_ACROSS_PIECES, policy.acrossRequests?.pieces ?? 0);
  view.setUint8(record + layout.POLICY_ACROSS_WARNS, policy.acrossRequests?.warnsOnly ? 1 : 0);
  view.setUint32(record + layout.POLICY_BUDGET_BITS, policy.entropyBudget?.bits ?? 0, true);
  view.setUint32(record + layout.POLICY_BUDGET_SECONDS, policy.entropyBudget?.seconds ?? 0, true);
  setProfiles(view, record, policy.profiles);
  view.setUint32(record + layout.POLICY_URL_BYTES, urlBytes, true);
  view.setUint32(record + layout.POLICY_REQUESTS_PER_MINUTE, requestsPerMinute, true);
  view.setBigUint64(record + layout.POLICY_BYTES_PER_MINUTE, BigInt(bytesPerMinute), true);
  const flags =
    (policy.webSocket.isRead ? layout.WEBSOCKET_READ : 0) |
    (forwardsCookies ? 0 : layout.WEBSOCKET_NO_COOKIES) |
    (origin === 'rewrite' ? layout.WEBSOCKET_OWN_ORIGIN : 0) |
    (origin === 'strip' ? layout.WEBSOCKET_NO_ORIGIN : 0);
  view.setUint8(record + layout.POLICY_WEBSOCKET_FLAGS, flags);
  policy.unreadableVerdicts.forEach((verdict, i) => {
    view.setUint8(record + layout.POLICY_UNREADABLE_VERDICTS + i, verdictNumbers[verdict]);
  });
  surfaces.forEach((_, surface) => {
    let standing: number = layout.SURFACE_NOT_READ;
    let hasPhrases = 0;
    rules.forEach(({ id, phrases }, i) => {
      const verdicts = policy.ruleVerdicts.get(id);
      if (!verdicts) throw new RangeError(`policy has no verdict for ${id}`);
      const [high, low] = [verdictNumbers[verdicts.high[surface]!], verdictNumbers[verdicts.low[surface]!]];
      const at = records + i * layout.RULE_BYTES;
      view.setUint8(at + layout.RULE_VERDICTS_HIGH + surface, high);
      view.setUint8(at + layout.RULE_VERDICTS_LOW + surface, low);
      if (Math.max(high, low) >= layout.VERDICT_STRIP) standing = layout.SURFACE_STOPS;
      else if (Math.max(high, low) >= layout.VERDICT_WARN) standing = Math.max(standing, layout.SURFACE_READ);
      if (phrases && Math.max(high, low) > layout.VERDICT_ALLOW) hasPhrases = 1;
    });
    // Sessions are bound to what the lists in answers name.
    if (surfaces[surface] === 'mcp-response' && policy.bindsSessions)
      standing = Math.max(standing, layout.SURFACE_READ);
    view.setUint8(record + layout.POLICY_PHRASE_SURFACES + surface, hasPhrases);
    view.setUint8(record + layout.POLICY_SURFACES + surface, standing);
  });
}

function setProfiles(view: DataView, record: number, profiles: Policy['profiles']): void {
  const thousandths = (value: number) => Math.min(0xffff_ffff, Math.round(value * 1000));
  const { windowSeconds = 0, maxDomains = 0, volumeRatio = 0, maxClients = 0, ttlSeconds = 0 } = profiles ?? {};
  view.setUint32(record + layout.POLICY_PROFILE_SECONDS, windowSeconds, true);
  view.setUint32(record + layout.POLICY_PROFILE_TTL_SECONDS, ttlSeconds, true);
  view.setUint32(record + layout.POLICY_PROFILE_PLACES, maxClients, true);
  view.setUint32(record + layout.POLICY_PROFILE_DOMAINS, maxDomains, true);
  view.setUint32(record + layout.POLICY_PROFILE_RATIO, thousandths(volumeRatio), true);
  const { threshold = 0, decay = 0, blockWarned = [], blockAll = [] } = profiles?.levels ?? {};
  view.setUint32(record + layout.POLICY_LEVEL_THRESHOLD, thousandths(threshold), true);
  view.setUint32(record + layout.POLICY_LEVEL_DECAY, thousandths(decay), true);
  levels.forEach((level, i) => {
    const flags =
      (blockWarned.includes(level) ? layout.LEVEL_BLOCKS_WARNED : 0) |
      (blockAll.includes(level) ? layout.LEVEL_BLOCKS_ALL : 0);
    view.setUint8(record + layout.POLICY_LEVEL_FLAGS + i, flags);
  });
}

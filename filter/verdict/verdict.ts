// Findings × policy → verdict.
import { findingCount, findingIsHigh, findingRule, ruleRecord } from '../finding/findings';
import { isSuppressed } from '../finding/suppression';
import * as layout from '../table/layout';
import * as table from '../table/read';

/** The finding that decided the last verdict. Only where that was warn or block. */
export let decidingFinding: u32 = 0;

/** What a warning counts as. */
let warned: i32 = layout.VERDICT_WARN;

/** Judges from now on as policy says of a client's level (action/profile.ts). */
export function setLevel(level: u32): void {
  const flags = load<u8>(table.policy + <usize>level, layout.POLICY_LEVEL_FLAGS);
  warned = (flags & <u8>layout.LEVEL_BLOCKS_WARNED) != 0 ? layout.VERDICT_BLOCK : layout.VERDICT_WARN;
}

/** Whether a warning counts as block. */
export function blocksWarned(): bool {
  return warned != layout.VERDICT_WARN;
}

/** What policy says of finding `i` on a surface: allow, where the operator wants it left out. */
export function verdictOfFinding(i: u32, surface: i32): i32 {
  return isSuppressed(ruleRecord(findingRule(i))) ? layout.VERDICT_ALLOW : atLevel(fullVerdict(i, surface));
}

function atLevel(verdict: i32): i32 {
  return verdict == layout.VERDICT_WARN ? warned : verdict;
}

/** Whether finding `i` would have a verdict if it were not left out. */
export function isLeftOut(i: u32, surface: i32): bool {
  return isSuppressed(ruleRecord(findingRule(i))) && fullVerdict(i, surface) != layout.VERDICT_ALLOW;
}

function fullVerdict(i: u32, surface: i32): i32 {
  const verdicts = ruleRecord(findingRule(i)) + <usize>surface;
  return findingIsHigh(i)
    ? load<u8>(verdicts, layout.RULE_VERDICTS_HIGH)
    : load<u8>(verdicts, layout.RULE_VERDICTS_LOW);
}

/** The strongest verdict on the message's findings; of equals the first finding decides. */
export function verdictOfMessage(surface: i32): i32 {
  let strongest = layout.VERDICT_ALLOW;
  for (let i: u32 = 0; i < findingCount(); i++) {
    const verdict = verdictOfFinding(i, surface);
    if (verdict <= strongest) continue;
    strongest = verdict;
    decidingFinding = i;
  }
  return strongest;
}

/** Of a message that is blocked: whether all that blocks it are rules whose calls a handler answers. */
export function isRedirected(surface: i32): bool {
  for (let i: u32 = 0; i < findingCount(); i++) {
    const flags = load<u8>(ruleRecord(findingRule(i)), layout.RULE_FLAGS);
    if (verdictOfFinding(i, surface) == layout.VERDICT_BLOCK && (flags & layout.RULE_FLAG_REDIRECT) == 0) return false;
  }
  return true;
}

/** What policy says of a message that cannot be read, for a reason of table/layout.ts. */
export function verdictOfUnreadable(reason: i32): i32 {
  return atLevel(load<u8>(table.policy + <usize>reason, layout.POLICY_UNREADABLE_VERDICTS));
}

/** Whether anything is looked for on a surface. */
export function isRead(surface: i32): bool {
  return load<u8>(table.policy + <usize>surface, layout.POLICY_SURFACES) != 0;
}

/** Whether anything that is looked for on a surface is taken out or blocked. */
export function mayStop(surface: i32): bool {
  const standing = load<u8>(table.policy + <usize>surface, layout.POLICY_SURFACES);
  return standing == <u8>layout.SURFACE_STOPS || (standing == <u8>layout.SURFACE_READ && blocksWarned());
}

/** Longest answer that is held and judged whole, in bytes. */
export function maxResponseBytes(): u32 {
  return load<u32>(table.policy, layout.POLICY_MAX_RESPONSE_BYTES);
}

/** Longest request body that is read, in bytes. */
export function maxRequestBodyBytes(): u32 {
  return load<u32>(table.policy, layout.POLICY_MAX_REQUEST_BODY_BYTES);
}

/** Whether blocked answers say what to do about it. */
export function explainsBlocks(): bool {
  return load<u8>(table.policy, layout.POLICY_EXPLAINS_BLOCKS) != 0;
}

/** Whether a tool that policy blocks is taken out of its list; else the list is blocked. */
export function stripsTools(): bool {
  return load<u8>(table.policy, layout.POLICY_STRIPS_TOOLS) != 0;
}

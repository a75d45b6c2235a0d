// The findings of the message that is being read: one of each rule, the first of its highest confidence.
import * as layout from '../table/layout';
import * as table from '../table/read';

const FINDING_BYTES: u32 = 20;

const findings: usize = memory.data(20480); // MAX_RULES × FINDING_BYTES
let count: u32 = 0;

/** Forgets all findings. */
export function clearFindings(): void {
  count = 0;
}

/** How many rules found something. */
export function findingCount(): u32 {
  return count;
}

/** Notes that `rule` found something from `offset` to `end`, in bytes of the view `chain`. */
export function addFinding(rule: u32, isHigh: bool, chain: u32, offset: u32, end: u32): void {
  let finding = findings;
  for (let i: u32 = 0; i < count; i++, finding += FINDING_BYTES) {
    if (load<u32>(finding) != rule) continue;
    if (!isHigh || load<u32>(finding, 12) != 0) return;
    break;
  }
  if (finding == findings + <usize>(count * FINDING_BYTES)) count++;
  store<u32>(finding, rule);
  store<u32>(finding, chain, 4);
  store<u32>(finding, offset, 8);
  store<u32>(finding, <u32>isHigh, 12);
  store<u32>(finding, end, 16);
}

/** Forgets all but the first `kept`. */
export function keepFirst(kept: u32): void {
  count = kept;
}

/** Forgets those of rules without a flag, RULE_FLAG_*. */
export function keepFlagged(flag: i32): void {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if ((<i32>load<u8>(ruleRecord(findingRule(i)), layout.RULE_FLAGS) & flag) == 0) continue;
    memory.copy(findings + <usize>(kept * FINDING_BYTES), findings + <usize>(i * FINDING_BYTES), FINDING_BYTES);
    kept++;
  }
  count = kept;
}

export function findingRule(i: u32): u32 {
  return load<u32>(findings + <usize>(i * FINDING_BYTES));
}

export function findingChain(i: u32): u32 {
  return load<u32>(findings + <usize>(i * FINDING_BYTES), 4);
}

/** Where the finding begins, in bytes of its view. */
export function findingOffset(i: u32): u32 {
  return load<u32>(findings + <usize>(i * FINDING_BYTES), 8);
}

/** Where the finding ends, in bytes of its view. */
export function findingEnd(i: u32): u32 {
  return load<u32>(findings + <usize>(i * FINDING_BYTES), 16);
}

/** Whether the confidence is high. */
export function findingIsHigh(i: u32): bool {
  return load<u32>(findings + <usize>(i * FINDING_BYTES), 12) != 0;
}

/** Address of a rule's record. */
export function ruleRecord(rule: u32): usize {
  return table.rules + <usize>rule * layout.RULE_BYTES;
}

/** Address of a rule's id; its length is ruleIdLength. */
export function ruleId(rule: u32): usize {
  return table.strings + <usize>load<u32>(ruleRecord(rule), layout.RULE_ID_OFFSET);
}

export function ruleIdLength(rule: u32): u32 {
  return load<u16>(ruleRecord(rule), layout.RULE_ID_BYTES);
}

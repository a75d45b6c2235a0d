// Sequences of calls: what kind of tool each call is of, told by its name, and whether the last call ends a sequence that
// the table names. The calls are those of the session at hand (session.ts).
import { addFinding, ruleRecord } from '../finding/findings';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { callCount, callMask } from './session';
import { isNamed, isNamedFrom, ownName } from './tool-name';

/**
 * The categories of the tool whose name tool-name.ts has read, a bit each; 0 for none. What the operator says of it counts
 * alone. Else its words do: those of its own name, and where they say nothing, those of its server as well.
 */
export function categoriesOf(): u32 {
  let mask: u32 = 0;
  for (let i: u32 = 0; i < table.categoryCount; i++) {
    const automaton = load<u32>(recordOf(i), layout.CATEGORY_OPERATOR);
    if (automaton != <u32>layout.NO_AUTOMATON && isNamed(automaton)) mask |= 1 << i;
  }
  if (mask == 0) mask = firstNamed(ownName());
  return mask != 0 ? mask : firstNamed(0);
}

function firstNamed(start: usize): u32 {
  for (let i: u32 = 0; i < table.categoryCount; i++) {
    const automaton = load<u32>(recordOf(i), layout.CATEGORY_WORDS);
    if (automaton != <u32>layout.NO_AUTOMATON && isNamedFrom(automaton, start)) return 1 << i;
  }
  return 0;
}

function recordOf(category: u32): usize {
  return table.categories + <usize>category * layout.CATEGORY_BYTES;
}

/** Adds a finding for each sequence that the session's last call, of message `message`, ends. */
export function findToolChains(message: u32): void {
  const gap = load<u32>(table.policy, layout.POLICY_WINDOW_GAP);
  for (let i: u32 = 0; i < table.toolChainCount; i++) {
    const chain = table.toolChains + <usize>i * layout.TOOL_CHAIN_BYTES;
    if (!isEnded(chain, gap)) continue;
    const rule = <u32>load<u16>(chain, layout.TOOL_CHAIN_RULE);
    addFinding(rule, (load<u8>(ruleRecord(rule), layout.RULE_FLAGS) & layout.RULE_FLAG_HIGH) != 0, 0, message, 0);
  }
}

/** Calls at which the steps from some step on may begin, a byte each. */
const begins: usize = memory.data(256); // MAX_WINDOW_CALLS

/** Whether the last call is the last step, and the steps before it are met before it, each within the gap. */
function isEnded(chain: usize, gap: u32): bool {
  if (callCount == 0) return false;
  let step = <u32>load<u8>(chain, layout.TOOL_CHAIN_LENGTH) - 1;
  if (!isStep(chain, step, callCount - 1)) return false;
  memory.fill(begins, 0, callCount);
  store<u8>(begins + callCount - 1, 1);
  while (step > 0) {
    step--;
    if (!stepBack(chain, step, gap)) return false;
  }
  return true;
}

/** Moves `begins` to the calls that may be step `step`; false where there is none. */
function stepBack(chain: usize, step: u32, gap: u32): bool {
  let any = false;
  // The nearest later call at which the steps behind this one begin.
  let next = u32.MAX_VALUE;
  for (let i = callCount; i > 0; ) {
    i--;
    const isNext = load<u8>(begins + i) != 0;
    const isMet = next != u32.MAX_VALUE && next - i - 1 <= gap && isStep(chain, step, i);
    store<u8>(begins + i, <u8>isMet);
    any = any || isMet;
    if (isNext) next = i;
  }
  return any;
}

function isStep(chain: usize, step: u32, call: u32): bool {
  const category = <u32>load<u8>(chain + <usize>step, layout.TOOL_CHAIN_STEPS);
  return ((callMask(call) >> category) & 1) != 0;
}

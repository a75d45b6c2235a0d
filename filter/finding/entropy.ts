// What looks drawn in a URL: the parts of its path, the keys and values of its query, and the labels of its host whose bytes have
// more bits (Shannon's entropy, by how often each byte stands in the part) than policy takes.
import * as layout from '../table/layout';
import * as table from '../table/read';
import { RAW } from '../view/encoding';
import { decodePercent } from '../view/percent';
import { addFinding, ruleRecord } from './findings';
import { isExempt } from './own';

/** A shorter part has too few bytes to tell. */
const LEAST_PART_BYTES: u32 = 20;
const LEAST_LABEL_BYTES: u32 = 8;
/** Of a label, where a threshold for longer texts would never be met: 16 letters and digits have four bits at most. */
const LABEL_MILLIBITS: u32 = 4000;
/** A longer part is looked at so far. */
const MOST_BYTES: u32 = 4096;

const counts: usize = memory.data(1024);
const part: usize = memory.data(4096);

/** Adds the findings of a URL to the message's: its host, `hostBytes` of it, and what comes behind. */
export function addEntropyFindings(url: usize, hostBytes: u32, bytes: u32): void {
  const most = load<u32>(table.policy, layout.POLICY_ENTROPY_MILLIBITS);
  const rules = load<u32>(table.policy, layout.POLICY_ENTROPY_RULES);
  if (most == 0 || rules == <u32>layout.NO_RULE) return;
  if (!isExempt(ruleRecord(rules))) readHost(url, hostBytes, rules, min(most, LABEL_MILLIBITS));
  const isPathExempt = isExempt(ruleRecord(rules + layout.ENTROPY_RULE_PATH));
  let kind: u32 = layout.ENTROPY_RULE_PATH;
  let start = hostBytes;
  for (let i = hostBytes; i <= bytes; i++) {
    const c = i < bytes ? load<u8>(url + i) : 0x2f;
    const isEnd = c == 0x2f || c == 0x3f || (kind == layout.ENTROPY_RULE_QUERY && (c == 0x26 || c == 0x3d));
    if (!isEnd) continue;
    const isRead = kind == layout.ENTROPY_RULE_QUERY || !isPathExempt;
    if (isRead && isDrawn(url + start, i - start, LEAST_PART_BYTES, most))
      addFinding(rules + kind, true, RAW, start, i);
    start = i + 1;
    if (c == 0x3f) kind = layout.ENTROPY_RULE_QUERY;
  }
}

/** The labels before the last two, which are the registered name. */
function readHost(url: usize, hostBytes: u32, rules: u32, most: u32): void {
  let end = hostBytes;
  for (let i = hostBytes; i > 0 && load<u8>(url + i - 1) != 0x2e; i--) if (load<u8>(url + i - 1) == 0x3a) end = i - 1;
  if (end > 0 && load<u8>(url + end - 1) == 0x2e) end--;
  let dots = 0;
  for (let i: u32 = 0; i < end; i++) if (load<u8>(url + i) == 0x2e) dots++;
  let start: u32 = 0;
  for (let i: u32 = 0; i < end && dots > 1; i++) {
    if (load<u8>(url + i) != 0x2e) continue;
    if (isDrawn(url + start, i - start, LEAST_LABEL_BYTES, most))
      addFinding(rules + layout.ENTROPY_RULE_HOST, true, RAW, start, i);
    start = i + 1;
    dots--;
  }
}

/** Whether the part, its percent signs opened, has more than `most` thousandths of a bit a byte. */
function isDrawn(from: usize, bytes: u32, least: u32, most: u32): bool {
  if (bytes < least) return false;
  const length = decodePercent(from, from + min(bytes, MOST_BYTES), part);
  return length >= least && millibitsOf(part, length) > most;
}

/** Thousandths of a bit that a byte of the text has; `length` is 1 or more. */
export function millibitsOf(text: usize, length: u32): u32 {
  memory.fill(counts, 0, 1024);
  for (let i: u32 = 0; i < length; i++) {
    const at = counts + ((<usize>load<u8>(text + i)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  // Σ n/length · log2(length/n) = log2(length) − Σ n · log2(n) / length
  let sum: f64 = 0;
  for (let c: usize = 0; c < 256; c++) {
    const count = load<u32>(counts + (c << 2));
    if (count > 1) sum += <f64>count * Math.log2(<f64>count);
  }
  return <u32>((Math.log2(<f64>length) - sum / <f64>length) * 1000);
}

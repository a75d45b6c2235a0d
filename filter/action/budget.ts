// How much of what a client sends looks drawn, in bits (Shannon's entropy), within a time: whatever form data leaves in, much of
// it in values that are no words is unusual for a conversation. A value counts once; a conversation that is sent again with
// each request says nothing new.
import { millibitsOf } from '../finding/entropy';
import { Bytes, currentTimeNanoseconds } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { CLIENT_HEAD_BYTES, ClientRecords, MOST_TRIES } from './client-records';
import { leadsTo } from './destination';
import { Exchange } from './exchange';
import { ageSeen, noteSeen, wasSeen } from './seen';
import { clientOf, hashOf } from './sessions';
import { beginValues, endValues, nextValue, valueEnd, valueStart } from './values';

const PLACES: u64 = 4096;
/** A shorter value has too few bytes to tell, and the id of a model or a tool is one. */
const LEAST_VALUE_BYTES: u32 = 16;
/** Names of words and numbers have fewer in a byte, hexadecimal digits have four at most. */
const LEAST_MILLIBITS: u32 = 3300;

// A record: what each begins with, u32 window, u64 thousandths of bits in it, u64 in the window before, and a bit by two hashes
// for each value that was counted, of this window and of the one before.
const WINDOW: usize = CLIENT_HEAD_BYTES;
const MILLIBITS: usize = 16;
const MILLIBITS_BEFORE: usize = 24;
const SEEN: usize = 32;
/** Each part: some 500 values until one in ten counts as seen that was not. */
const SEEN_BITS: u64 = 4096;
const RECORD_BYTES: u32 = 1056; // SEEN + 2 × SEEN_BITS / 8

const records = new ClientRecords(Bytes.of('penstock.budgets.'), RECORD_BYTES);
const record = records.record;
let second: u32 = 0;

/** Hashes and thousandths of bits of the values of the text that are new. */
const MOST_VALUES: u32 = 256;
const found: usize = memory.data(4096, 8);
let foundCount: u32 = 0;
let isCounted: bool = false;

/** Gets ready for an exchange's text. Called before countValues, whose text may lie in the host buffer. */
export function openBudget(exchange: Exchange): void {
  foundCount = 0;
  const hasBudget = load<u32>(table.policy, layout.POLICY_BUDGET_BITS) != 0;
  isCounted = hasBudget && !leadsTo(exchange, table.policy + layout.POLICY_BUDGET_EXEMPT_WORDS);
}

/** Measures the values of a text of a request. */
export function countValues(start: usize, length: u32, isUrl: bool): void {
  if (!isCounted || length == 0) return;
  beginValues(start, length, isUrl);
  while (foundCount < MOST_VALUES && nextValue()) {
    const bytes = <u32>(valueEnd - valueStart);
    if (bytes < LEAST_VALUE_BYTES) continue;
    const millibits = millibitsOf(valueStart, bytes);
    if (millibits < LEAST_MILLIBITS) continue;
    const at = found + ((<usize>foundCount) << 4);
    foundCount++;
    store<u64>(at, hashOf(valueStart, bytes));
    store<u64>(at, <u64>millibits * bytes, 8);
  }
  endValues();
}

/** Takes what countValues has measured off the client's budget. True where that is used up. */
export function isOverBudget(): bool {
  if (foundCount == 0) return false;
  const budget = <f64>load<u32>(table.policy, layout.POLICY_BUDGET_BITS) * 1000.0;
  const client = clientOf();
  for (let i = 0; i < MOST_TRIES; i++) {
    open(client);
    let fresh: u64 = 0;
    for (let j: u32 = 0; j < foundCount; j++) {
      const at = found + ((<usize>j) << 4);
      if (!wasSeen(record + SEEN, SEEN_BITS, load<u64>(at))) fresh += load<u64>(at, 8);
      noteSeen(record + SEEN, SEEN_BITS, load<u64>(at));
    }
    if (fresh == 0) return false;
    store<u64>(record, load<u64>(record, MILLIBITS) + fresh, MILLIBITS);
    if (!records.close(RECORD_BYTES, second)) continue;
    // Of the window before, what is less than a window ago, taken as spread evenly.
    const length = windowSeconds();
    const left = <f64>(length - (second % length)) / <f64>length;
    const spent = <f64>load<u64>(record, MILLIBITS) + left * <f64>load<u64>(record, MILLIBITS_BEFORE);
    return spent > budget;
  }
  return false;
}

function windowSeconds(): u32 {
  return max<u32>(1, load<u32>(table.policy, layout.POLICY_BUDGET_SECONDS));
}

/** Copies the client's record as it is now, begun anew where it is of another time. */
function open(client: u64): void {
  second = <u32>(currentTimeNanoseconds() / 1_000_000_000);
  const window = second / windowSeconds();
  const length = records.open(client, PLACES, second);
  const was = load<u32>(record, WINDOW);
  if (length == RECORD_BYTES && was == window) return;
  if (length == RECORD_BYTES && was + 1 == window) {
    store<u64>(record, load<u64>(record, MILLIBITS), MILLIBITS_BEFORE);
    ageSeen(record + SEEN, SEEN_BITS);
    store<u64>(record, 0, MILLIBITS);
  } else records.clear(client, second);
  store<u32>(record, window, WINDOW);
}

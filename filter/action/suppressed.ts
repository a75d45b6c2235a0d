// Findings that an entry of suppress leaves out are counted by entry. Each has its counter from the start, so that one that
// was never used is one that stands at 0.
import { ruleRecord } from '../finding/findings';
import { suppressedId, suppressedIdLength, suppresses, suppressionCount } from '../finding/suppression';
import { defineMetric, incrementMetric, MetricType, result, Status, Writer } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';

const LINE_BYTES: u32 = 512;
const line: usize = memory.data(512);
const writer = new Writer();
/** Metric ids by entry, MAX_SUPPRESSIONS × 4. */
const metrics: usize = memory.data(256, 4);

/** Defines the counters of a table that was loaded. */
export function defineSuppressed(): void {
  memory.fill(metrics, 0, (<usize>layout.MAX_SUPPRESSIONS) << 2);
  for (let i: u32 = 0; i < suppressionCount(); i++) {
    writer
      .start(line, LINE_BYTES)
      .ascii('penstock_suppressed_total.penstock_rule=')
      .bytes(suppressedId(i), suppressedIdLength(i))
      .ascii('.penstock_entry=')
      .decimal(i);
    if (defineMetric(MetricType.Counter, writer.pointer, writer.length) != Status.Ok) continue;
    store<u32>(metrics + ((<usize>i) << 2), result.metricId());
  }
}

/** Counts a finding of `rule` that was left out, at each entry that it meets. */
export function countSuppressed(rule: u32): void {
  for (let i: u32 = 0; i < suppressionCount(); i++) {
    const metric = load<u32>(metrics + ((<usize>i) << 2));
    if (metric != 0 && suppresses(i, ruleRecord(rule))) incrementMetric(metric, 1);
  }
}

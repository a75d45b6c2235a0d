import { proxy_define_metric, proxy_get_metric, proxy_increment_metric, proxy_record_metric } from './env';
import { clearResult, RETURN_NUMBER } from './result';
import { Status } from './status';

export const enum MetricType {
  /** Only goes up. */
  Counter = 0,
  /** Goes up and down. */
  Gauge = 1,
  /** Collects values. */
  Histogram = 2,
}

/** Defines the metric `name`, or finds the one of that name: `result.metricId()`. */
export function defineMetric(type: MetricType, name: usize, nameLength: u32): Status {
  clearResult();
  return <Status>proxy_define_metric(type, name, nameLength, RETURN_NUMBER);
}

/** Adds `offset` to a counter (positive only) or gauge. */
export function incrementMetric(metricId: u32, offset: i64): Status {
  return <Status>proxy_increment_metric(metricId, offset);
}

/** Sets a gauge, or adds one value to a histogram. */
export function recordMetric(metricId: u32, value: u64): Status {
  return <Status>proxy_record_metric(metricId, value);
}

/** The value of a counter or gauge: `result.metricValue()`. */
export function getMetric(metricId: u32): Status {
  clearResult();
  return <Status>proxy_get_metric(metricId, RETURN_NUMBER);
}

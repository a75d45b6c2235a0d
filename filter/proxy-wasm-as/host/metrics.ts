import { Status, type StatusCode } from './status.ts';

const kinds = ['counter', 'gauge', 'histogram'] as const;
/** Envoy's ids carry the kind in their two low bits (`kMetricTypeMask`). */
const idStep = 4;

/** A metric as it stands. `values` holds what a histogram was given. */
export interface Metric {
  readonly name: string;
  readonly kind: (typeof kinds)[number];
  value: bigint;
  readonly values: bigint[];
}

/** All metrics by name. Give one to several hosts to play several workers: they count together, as in Envoy. */
export class Metrics {
  readonly #byName = new Map<string, Metric>();
  readonly #byId = new Map<number, Metric>();

  /** The value of a counter or gauge by name; undefined when the guest has not defined it. */
  value(name: string): bigint | undefined {
    return this.#byName.get(name)?.value;
  }

  get(name: string): Metric | undefined {
    return this.#byName.get(name);
  }

  /** All metrics in the order of their definition. */
  all(): Metric[] {
    return [...this.#byName.values()];
  }

  /** A new id for the metric of this kind and name; undefined for an unknown kind. */
  define(kindNumber: number, name: string): number | undefined {
    const kind = kinds[kindNumber];
    if (kind === undefined) return undefined;
    const known = this.#byName.get(name);
    const metric = known?.kind === kind ? known : { name, kind, value: 0n, values: [] };
    this.#byName.set(name, metric);
    const id = (this.#byId.size + 1) * idStep + kindNumber;
    this.#byId.set(id, metric);
    return id;
  }

  increment(id: number, offset: bigint): StatusCode {
    const metric = this.#byId.get(id);
    if (!metric) return Status.NotFound;
    if (metric.kind === 'histogram' || (metric.kind === 'counter' && offset <= 0n)) return Status.BadArgument;
    metric.value += offset;
    return Status.Ok;
  }

  record(id: number, value: bigint): StatusCode {
    const metric = this.#byId.get(id);
    if (!metric) return Status.NotFound;
    if (metric.kind === 'counter') metric.value += value;
    else if (metric.kind === 'gauge') metric.value = value;
    else metric.values.push(value);
    return Status.Ok;
  }

  /** Undefined when there is no such id. */
  byId(id: number): Metric | undefined {
    return this.#byId.get(id);
  }
}

/**
 * Hands Envoy the files of another configuration while it runs. Each is renamed over the one in use, which is what Envoy
 * watches for; what it refuses is put back. Exchanges under way go on: a filter that changes is for new ones, a listener
 * that changes lets its old connections end (--drain-time-s).
 */
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Runtime } from '../render/runtime.ts';
import { askAdmin, sumMetric } from './admin.ts';

/** Envoy took 60 ms for all three; past this it does not answer. */
const acceptLimitMs = 10_000;
const pollMs = 20;

/** A file that Envoy watches, the file that replaces it, and what Envoy counts of it. */
interface Step {
  inUse: string;
  next: string;
  counters: string;
}

/** Where the preparing process puts the files of a reload. */
export function nextDirectory(runtime: Runtime): string {
  return join(runtime.directory, 'next');
}

/** Clusters of both configurations, so that no route ever leads nowhere. */
export const bothClusters = 'clusters-both.yaml';

/**
 * Puts the files of `nextDirectory` in use.
 * @returns why not, where Envoy refused one; all are then as they were
 */
export async function applyNext(runtime: Runtime): Promise<string | undefined> {
  const next = (name: string) => join(nextDirectory(runtime), name);
  const clusters = { inUse: join(runtime.directory, 'clusters.yaml'), counters: 'cluster_manager_cds' };
  const steps: Step[] = [
    { ...clusters, next: next(bothClusters) },
    {
      inUse: join(runtime.filterDirectory, 'filter.yaml'),
      next: next('filter.yaml'),
      counters: 'extension_config_discovery_http_filter_penstock',
    },
    {
      inUse: join(runtime.directory, 'listeners.yaml'),
      next: next('listeners.yaml'),
      counters: 'listener_manager_lds',
    },
    { ...clusters, next: next('clusters.yaml') },
  ];
  const done: { step: Step; saved: string }[] = [];
  for (const step of steps) {
    if (same(step.inUse, step.next)) continue;
    const saved = next(`saved-${done.length}`);
    linkSync(step.inUse, saved);
    const refusal = await replace(runtime, step.next, step);
    done.push({ step, saved });
    if (refusal === undefined) continue;
    // Back in the opposite order; Envoy has had these before.
    for (const { step, saved } of done.reverse()) await replace(runtime, saved, step);
    return refusal;
  }
  rmSync(nextDirectory(runtime), { recursive: true, force: true });
  return undefined;
}

function same(one: string, other: string): boolean {
  return readFileSync(one).equals(readFileSync(other));
}

/** Renames `from` over the file in use, and waits until Envoy has taken it or refused it. */
async function replace(runtime: Runtime, from: string, { inUse, counters }: Step): Promise<string | undefined> {
  const before = await count(runtime, counters);
  renameSync(from, inUse);
  const deadline = performance.now() + acceptLimitMs;
  while (performance.now() < deadline) {
    const { accepted, refused } = await count(runtime, counters).catch(() => before);
    if (refused > before.refused) return `Envoy refuses it (${counters}); its log says why`;
    if (accepted > before.accepted) return undefined;
    await new Promise((settle) => setTimeout(settle, pollMs));
  }
  return `Envoy has not taken it (${counters}) in ${acceptLimitMs / 1000} s`;
}

async function count(runtime: Runtime, counters: string): Promise<{ accepted: number; refused: number }> {
  const path = `/stats/prometheus?filter=${encodeURIComponent('(lds|cds|penstock)\\.(update|config)_')}`;
  const { body } = await askAdmin(runtime.adminSocket, 'GET', path, 1_000);
  const sum = (what: string) => sumMetric(body, `envoy_${counters}_${what}{`);
  return {
    accepted: sum('update_success'),
    refused: sum('update_rejected') + sum('update_failure') + sum('config_fail'),
  };
}

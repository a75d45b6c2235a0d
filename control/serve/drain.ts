/** The end of a gateway in order: no new work, time for what is under way, then the end of Envoy. */
import { askAdmin, sumMetric } from './admin.ts';

/** Looks at what is still under way so often. */
const pollMs = 100;

/**
 * Tells Envoy to drain and waits until no exchange is under way, at most `limitMs`, or until `hurry` settles. A tunnel
 * without an exchange in it is not waited for; one that passes unread is, since nobody sees into it.
 */
export async function drainEnvoy(adminSocket: string, limitMs: number, hurry: Promise<unknown>): Promise<void> {
  const deadline = performance.now() + limitMs;
  let hurried = false;
  hurry.then(() => {
    hurried = true;
  });
  try {
    await askAdmin(adminSocket, 'POST', '/drain_listeners?graceful', 1_000);
    while (!hurried && performance.now() < deadline) {
      const { body } = await askAdmin(adminSocket, 'GET', activeStats, 1_000);
      if (underWay(body) <= 0) return;
      await Promise.race([hurry, new Promise((settle) => setTimeout(settle, pollMs))]);
    }
  } catch {
    // An Envoy that does not answer has nothing that could be waited for.
  }
}

const activeStats = `/stats/prometheus?filter=${encodeURIComponent('_rq_active$')}`;

/** Exchanges under way; the tunnels that end at the listener `intercept` are requests of `egress` and do not count. */
export function underWay(metrics: string): number {
  const requests = sumMetric(metrics, 'envoy_http_downstream_rq_active{');
  const tunnels = sumMetric(metrics, 'envoy_cluster_upstream_rq_active{envoy_cluster_name="intercept"}');
  return requests - tunnels;
}

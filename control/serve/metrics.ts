/**
 * /metrics: Envoy's (the bootstrap's stats_matcher has chosen what is worth it, without a series per host) and control's
 * own in one page.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { CertificateServiceStats } from '../certs/sds.ts';
import { askAdmin } from './admin.ts';
import type { InUse } from './pages.ts';

/** The page's text. */
export async function metricsPage(adminSocket: string, own: Registry): Promise<string> {
  const envoy = await askAdmin(adminSocket, 'GET', '/stats/prometheus', 2_000).then(
    ({ status, body }) => (status === 200 ? body : ''),
    () => '',
  );
  // Control's page goes out when Envoy's admin does not answer too: penstock_envoy_up says so.
  (own.getSingleMetric('penstock_envoy_up') as Gauge).set(envoy === '' ? 0 : 1);
  const separator = envoy === '' || envoy.endsWith('\n') ? '' : '\n';
  return `${inSeconds(envoy)}${separator}${await own.metrics()}`;
}

/**
 * Envoy's page with the filter's histogram of scans in seconds, the unit that Prometheus asks for; the filter can count whole
 * numbers alone.
 */
export function inSeconds(page: string): string {
  const seconds = (microseconds: string) => String(Number(microseconds) / 1e6);
  return page.replace(/^.*penstock_scan_microseconds.*$/gm, (line) =>
    line
      .replace('penstock_scan_microseconds', 'penstock_scan_seconds')
      .replace(/le="([\d.e+]+)"/, (_, le: string) => `le="${seconds(le)}"`)
      .replace(/^(\w+_sum\{[^}]*\} )([\d.e+]+)$/, (_, start: string, sum: string) => start + seconds(sum)),
  );
}

/** Control's own, collected when they are asked for. */
export function ownMetrics(
  inUse: InUse,
  restarts: number,
  certificates: () => CertificateServiceStats | undefined,
): Registry {
  const registers = [new Registry()];
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  const counter = (name: string, help: string, value: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  new Gauge({
    name: 'penstock_info',
    help: 'What runs, as labels',
    labelNames: ['mode', 'envoy'],
    registers,
    collect() {
      this.reset();
      this.labels(inUse.plan.mode, inUse.plan.envoy.version).set(1);
    },
  });
  gauge('penstock_config_current', '0 while the configuration file holds what was refused', () =>
    inUse.reload.current ? 1 : 0,
  );
  gauge(
    'penstock_config_in_use_since_timestamp_seconds',
    'When the configuration in use was put in use',
    () => inUse.reload.sinceMs / 1000,
  );
  counter('penstock_config_reloads_total', 'Changed configurations that were put in use', () => inUse.reload.succeeded);
  counter('penstock_config_rejects_total', 'Changed configurations that were refused', () => inUse.reload.failed);
  new Gauge({ name: 'penstock_envoy_up', help: "1 when Envoy's admin interface answered", registers });
  counter('penstock_control_restarts_total', 'How often the control worker was started again', () => restarts);
  new Gauge({
    name: 'penstock_kill_switch_active',
    help: '1 for each thing by which the kill switch is thrown',
    labelNames: ['source'],
    registers,
    collect() {
      this.reset();
      for (const source of inUse.stoppedBy) this.labels(source).set(1);
    },
  });
  for (const what of ['sent', 'dropped'] as const) {
    new Counter({
      name: `penstock_emit_${what}_total`,
      help: what === 'sent' ? 'Events that a receiver took' : 'Events that a receiver could not be given',
      labelNames: ['receiver'],
      registers,
      collect() {
        this.reset();
        for (const count of inUse.emitter?.counts ?? []) this.labels(count.receiver).inc(count[what]);
      },
    });
  }
  new Counter({
    name: 'penstock_redirects_total',
    help: 'Calls of tools that went to a handler, by its profile: answered, or blocked because it failed',
    labelNames: ['profile', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [profile, { answered, failed }] of inUse.handlerCounts ?? []) {
        this.labels(profile, 'answered').inc(answered);
        this.labels(profile, 'failed').inc(failed);
      }
    },
  });
  counter('penstock_receipts_written_total', 'Receipts that are on the disk', () => inUse.receipts?.written ?? 0);
  counter(
    'penstock_receipts_dropped_total',
    'Receipts for which there was no room',
    () => inUse.receipts?.dropped ?? 0,
  );
  gauge('penstock_receipts_failing', '1 while receipts cannot be written', () =>
    inUse.receipts?.failure === undefined ? 0 : 1,
  );
  gauge('penstock_control_memory_bytes', 'Resident memory of the control worker', () => process.memoryUsage.rss());
  gauge('penstock_certificates_live', 'Leaf certificates that are alive', () => certificates()?.live ?? 0);
  gauge('penstock_certificates_pending', 'Names that wait for a certificate', () => certificates()?.pending ?? 0);
  gauge(
    'penstock_certificate_streams',
    'Streams that Envoy has open to ask for certificates',
    () => certificates()?.streams ?? 0,
  );
  counter('penstock_certificates_minted_total', 'Leaf certificates made', () => certificates()?.minted ?? 0);
  counter('penstock_certificates_refused_total', 'Names that got no certificate', () => certificates()?.refused ?? 0);
  counter(
    'penstock_certificates_evicted_total',
    'Leaf certificates given up for newer ones',
    () => certificates()?.evicted ?? 0,
  );
  counter(
    'penstock_certificates_renewed_total',
    'Leaf certificates renewed before their end',
    () => certificates()?.renewed ?? 0,
  );
  return registers[0]!;
}

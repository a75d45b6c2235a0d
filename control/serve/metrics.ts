/**
 * /metrics: Envoy's (the bootstrap's stats_matcher has chosen what is worth it, without a series per host) and control's
 * own in one page, over a Unix socket that a route of Envoy's leads to.
 */
import { rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { Counter, Gauge, Registry } from 'prom-client';
import type { CertificateServiceStats } from '../certs/sds.ts';
import { askAdmin } from './admin.ts';
import type { Plan } from './plan.ts';

/** Serves GET /metrics on plan.runtime.controlSocket for the life of the process. */
export async function serveMetrics(
  plan: Plan,
  restarts: number,
  certificates: () => CertificateServiceStats | undefined,
): Promise<void> {
  const own = ownMetrics(plan, restarts, certificates);
  const { controlSocket, adminSocket } = plan.runtime;
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (request.method !== 'GET' || path !== '/metrics') return answer(response, 404, 'text/plain', 'not found\n');
    page(adminSocket, own).then(
      (text) => answer(response, 200, own.contentType, text),
      (error: Error) => answer(response, 500, 'text/plain', `${error.message}\n`),
    );
  });
  rmSync(controlSocket, { force: true });
  await new Promise<void>((settle, reject) => {
    server.once('error', reject);
    server.listen(controlSocket, () => settle());
  });
}

async function page(adminSocket: string, own: Registry): Promise<string> {
  const envoy = await askAdmin(adminSocket, 'GET', '/stats/prometheus', 2_000).then(
    ({ status, body }) => (status === 200 ? body : ''),
    () => '',
  );
  // Control's page goes out when Envoy's admin does not answer too: penstock_envoy_up says so.
  (own.getSingleMetric('penstock_envoy_up') as Gauge).set(envoy === '' ? 0 : 1);
  const separator = envoy === '' || envoy.endsWith('\n') ? '' : '\n';
  return `${envoy}${separator}${await own.metrics()}`;
}

function ownMetrics(plan: Plan, restarts: number, certificates: () => CertificateServiceStats | undefined): Registry {
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
  new Gauge({ name: 'penstock_info', help: 'What runs, as labels', labelNames: ['mode', 'envoy'], registers })
    .labels(plan.mode, plan.envoy.version)
    .set(1);
  new Gauge({ name: 'penstock_envoy_up', help: "1 when Envoy's admin interface answered", registers });
  counter('penstock_control_restarts_total', 'How often the control worker was started again', () => restarts);
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

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

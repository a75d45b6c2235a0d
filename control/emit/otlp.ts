/** Events as log records over OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/), by OpenTelemetry's own library. */
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Emitted, Severity } from './event.ts';

export interface OtlpOptions {
  /** A collector's URL; without a path the standard one is asked. */
  endpoint: string;
  headers: Record<string, string>;
  timeout_seconds: number;
  gzip: boolean;
  instance: string;
}

const numbers: Record<Severity, SeverityNumber> = {
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  critical: SeverityNumber.FATAL,
};

/** Gives what sends a batch. */
export function otlpSender(options: OtlpOptions): (events: readonly Emitted[]) => Promise<void> {
  const url = new URL(options.endpoint);
  if (url.pathname === '/') url.pathname = '/v1/logs';
  const exporter = new OTLPLogExporter({
    url: url.href,
    headers: options.headers,
    timeoutMillis: options.timeout_seconds * 1_000,
    compression: options.gzip ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
  });
  const shared = {
    resource: resourceFromAttributes({ 'service.name': 'penstock', 'service.instance.id': options.instance }),
    instrumentationScope: { name: 'penstock' },
    droppedAttributesCount: 0,
  };
  const recordOf = ({ severity, type, timestamp, fields }: Emitted): ReadableLogRecord => {
    const ms = Date.parse(timestamp);
    const time: [number, number] = [Math.floor(ms / 1_000), (ms % 1_000) * 1e6];
    const attributes = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]),
    ) as ReadableLogRecord['attributes'];
    return {
      ...shared,
      hrTime: time,
      hrTimeObserved: time,
      severityNumber: numbers[severity],
      severityText: severity,
      eventName: type,
      body: type,
      attributes,
    };
  };
  return (events) =>
    new Promise((settle, reject) =>
      exporter.export(events.map(recordOf), ({ code, error }) =>
        code === 0 ? settle() : reject(error ?? new Error('not taken')),
      ),
    );
}

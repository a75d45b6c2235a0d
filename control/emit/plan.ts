import { hostname } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { EmitPlan } from './emit.ts';

/** Pipelock's syslog has no queue of a size of its own; OTLP's is as long. */
const syslogQueue = 256;

/** What the configuration wants to be told to others; undefined: nothing. */
export function emitPlan({ instance_id, webhook, syslog, otlp }: Config['emit']): EmitPlan | undefined {
  if (webhook.url === '' && syslog.address === '' && otlp.endpoint === '') return undefined;
  const instance = instance_id || hostname();
  return {
    webhook: webhook.url === '' ? undefined : { ...webhook, instance },
    syslog: syslog.address === '' ? undefined : { ...syslog, instance, queue_size: syslogQueue },
    otlp: otlp.endpoint === '' ? undefined : { ...otlp, instance },
  };
}

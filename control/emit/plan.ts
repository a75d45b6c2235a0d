import { hostname } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { EmitPlan } from './emit.ts';

/** Pipelock's syslog has no queue of a size of its own; OTLP's is as long. */
const syslogQueue = 256;

/** What the configuration wants to be told to others; undefined: nothing. The webhook's token may come from the environment. */
export function emitPlan(
  { instance_id, webhook, syslog, otlp }: Config['emit'],
  env: NodeJS.ProcessEnv,
): EmitPlan | undefined {
  if (webhook.url === '' && syslog.address === '' && otlp.endpoint === '') return undefined;
  const instance = instance_id || hostname();
  return {
    webhook:
      webhook.url === ''
        ? undefined
        : { ...webhook, auth_token: webhook.auth_token || env.PENSTOCK_WEBHOOK_TOKEN || '', instance },
    syslog: syslog.address === '' ? undefined : { ...syslog, instance, queue_size: syslogQueue },
    otlp: otlp.endpoint === '' ? undefined : { ...otlp, instance },
  };
}

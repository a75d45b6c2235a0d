/** Tells others of events: each receiver has a bounded queue of its own, and no traffic waits for any. */
import { type Emitted, isAtLeast, type Severity } from './event.ts';
import { createQueue, type Queue } from './queue.ts';
import { type SyslogOptions, syslogSender } from './syslog.ts';
import { type WebhookOptions, webhookSender } from './webhook.ts';

interface Receiver {
  min_severity: Severity;
  queue_size: number;
}

/** Receivers that are left out do not exist. */
export interface EmitPlan {
  webhook: (WebhookOptions & Receiver) | undefined;
  syslog: (SyslogOptions & Receiver) | undefined;
  otlp: (import('./otlp.ts').OtlpOptions & Receiver) | undefined;
}

export interface Emitter {
  emit(event: Emitted): void;
  /** What each receiver has got, and what it could not be given. */
  readonly counts: { receiver: string; sent: number; dropped: number }[];
}

/** Opens the receivers. The library of OTLP is loaded only where it is used. */
export async function openEmitter({ webhook, syslog, otlp }: EmitPlan): Promise<Emitter> {
  const open: { receiver: string; least: Severity; queue: Queue<Emitted> }[] = [];
  const add = (
    receiver: string,
    { min_severity, queue_size }: Receiver,
    send: (events: readonly Emitted[]) => Promise<void>,
  ) => open.push({ receiver, least: min_severity, queue: createQueue(queue_size, send) });
  if (webhook) add('webhook', webhook, webhookSender(webhook));
  if (syslog) add('syslog', syslog, syslogSender(syslog));
  if (otlp) add('otlp', otlp, (await import('./otlp.ts')).otlpSender(otlp));
  return {
    emit(event) {
      for (const { least, queue } of open) if (isAtLeast(event.severity, least)) queue.add(event);
    },
    get counts() {
      return open.map(({ receiver, queue }) => ({ receiver, sent: queue.sent, dropped: queue.dropped }));
    },
  };
}

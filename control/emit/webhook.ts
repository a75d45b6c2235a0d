/** Events as JSON to a URL, one request each, in the envelope that Pipelock's receivers know. */
import type { Emitted } from './event.ts';

export interface WebhookOptions {
  url: string;
  auth_token: string;
  timeout_seconds: number;
  instance: string;
}

/** Gives what sends a batch. */
export function webhookSender(options: WebhookOptions): (events: readonly Emitted[]) => Promise<void> {
  const { url, auth_token, timeout_seconds, instance } = options;
  const headers = {
    'content-type': 'application/json',
    ...(auth_token !== '' && { authorization: `Bearer ${auth_token}` }),
  };
  return async (events) => {
    for (const event of events) {
      const body = JSON.stringify({ ...event, pipelock_instance: instance });
      const signal = AbortSignal.timeout(timeout_seconds * 1_000);
      const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`status ${response.status}`);
    }
  };
}
